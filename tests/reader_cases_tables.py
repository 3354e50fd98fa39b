"""The layouts that come with tables of labels, boxes or points; the rest stands in `reader_cases`."""

import numpy as np
from made_files import AFFECTNET, AFFECTNET_POINTS, ANNOTATED, POINT_CELLS, POINT_COLUMNS, Case, csv, mat, npy, pictures

TABLES = {
    "affectnet, validation without header": Case(
        "affectnet",
        {
            "Manually_Annotated_file_lists/training.csv": csv(
                AFFECTNET,
                f"689/a.jpg,0,0,48,48,{AFFECTNET_POINTS},1,0.5,0.1",
                f"689/b.jpg,0,0,48,48,{AFFECTNET_POINTS},10,-2,-2",
                f"689/gone.jpg,0,0,48,48,{AFFECTNET_POINTS},1,-2,-2",
                f"../../etc/passwd,0,0,48,48,{AFFECTNET_POINTS},1,-2,-2",
            ),
            "Manually_Annotated_file_lists/validation.csv": csv(
                f"14/c.jpg,0,0,48,48,{AFFECTNET_POINTS},7,0.5,0.1", f"14/d.jpg,0,0,48,48,{AFFECTNET_POINTS},2,0.5,0.1"
            ),
            **pictures(*(f"{ANNOTATED}/{name}" for name in ("689/a.jpg", "689/b.jpg", "14/c.jpg", "14/d.jpg"))),
        },
        [
            ("Manually_Annotated_Images/14/c.jpg", "contempt", None, "test"),
            ("Manually_Annotated_Images/14/d.jpg", "sad", None, "test"),
            ("Manually_Annotated_Images/689/a.jpg", "happy", None, "train"),
        ],
        ["../../etc/passwd", "689/gone.jpg", "Manually_Annotated_file_lists/training.csv:3"],
    ),
    "affectnet, new release": Case(
        "affectnet",
        {
            **pictures(
                "train_set/images/0.jpg", "train_set/images/1.jpg", "train_set/images/2.jpg", "val_set/images/0.jpg"
            ),
            "train_set/annotations/0_exp.npy": npy(np.array("6")),
            "train_set/annotations/0_lnd.npy": npy(np.arange(136.0)),
            "train_set/annotations/1_exp.npy": npy(np.array([{"pickled": 1}])),
            "val_set/annotations/0_exp.npy": npy(np.array(4)),
        },
        [("train_set/images/0.jpg", "anger", None, "train"), ("val_set/images/0.jpg", "fear", None, "test")],
        ["train_set/images/1.jpg", "train_set/images/2.jpg"],
    ),
    "affectnet, for YOLO": Case(
        "affectnet",
        {
            **pictures("affectnet_yolo/train/images/a.png", "affectnet_yolo/valid/images/b.png"),
            "affectnet_yolo/train/labels/a.txt": b"7 0.5 0.5 1 1",
            "affectnet_yolo/valid/labels/b.txt": b"5 0.5 0.5 1 1",
        },
        [
            ("affectnet_yolo/train/images/a.png", "surprise", None, "train"),
            ("affectnet_yolo/valid/images/b.png", "neutral", None, "test"),
        ],
    ),
    "rafdb": Case(
        "rafdb",
        {
            "basic/EmoLabel/list_patition_label.txt": csv(
                "train_00001.jpg 5", "test_0001.jpg 1", "train_00002.jpg 8", "odd"
            ),
            **pictures(
                "basic/Image/aligned/train_00001_aligned.jpg",
                "basic/Image/aligned/test_0001_aligned.jpg",
                "basic/Image/original/train_00001.jpg",
                "basic/Image/aligned/train_00002_aligned.jpg",
            ),
        },
        [
            ("basic/Image/aligned/test_0001_aligned.jpg", "surprise", None, "test"),
            ("basic/Image/aligned/train_00001_aligned.jpg", "sad", None, "train"),
        ],
        ["basic/EmoLabel/list_patition_label.txt:4", "basic/Image/aligned/train_00002_aligned.jpg"],
    ),
    "rafdb, Kaggle": Case(
        "rafdb",
        {
            **pictures("DATASET/train/4/train_00001_aligned.jpg", "DATASET/test/7/test_0001_aligned.jpg"),
            "train_labels.csv": csv("image,label", "train_00001_aligned.jpg,4"),
        },
        [
            ("DATASET/test/7/test_0001_aligned.jpg", "neutral", None, "test"),
            ("DATASET/train/4/train_00001_aligned.jpg", "happy", None, "train"),
        ],
    ),
    "imdb": Case(
        "imdb",
        {
            "imdb_crop/imdb.mat": mat(
                "imdb",
                full_path=np.array(
                    ["01/a.jpg", "01/b.jpg", "02/c.jpg", "02/d.jpg", "02/gone.jpg", "../x"], dtype=object
                ),
                gender=np.array([0, 1, np.nan, 1, 1, 1.0]),
                face_score=np.array([4, 5, 4, -np.inf, 4, 4]),
                second_face_score=np.array([np.nan] * 6),
                celeb_id=np.array([7, 8, 7, 8, 8, 8]),
            ),
            **pictures("imdb_crop/01/a.jpg", "imdb_crop/01/b.jpg", "imdb_crop/02/c.jpg", "imdb_crop/02/d.jpg"),
        },
        [("imdb_crop/01/a.jpg", "woman", "7", None), ("imdb_crop/01/b.jpg", "man", "8", None)],
        ["imdb_crop/../x", "imdb_crop/02/gone.jpg", "imdb_crop/imdb.mat:3", "imdb_crop/imdb.mat:4"],
    ),
    "openface": Case(
        "openface",
        {
            "a.csv": csv(
                ", ".join(["frame", "timestamp", "confidence", "success", *POINT_COLUMNS, "label"]),
                ", ".join(["1", "0", "0.9", "1", *POINT_CELLS, "happy"]),
                ", ".join(["2", "0.04", "0.0", "0", *["0"] * 136, "happy"]),
                ", ".join(["3", "0.08", "0.9", "1", *["nan"] * 136, "happy"]),
            ),
            "b.csv": csv(
                ", ".join(["frame", "timestamp", "confidence", "success", *POINT_COLUMNS]),
                ", ".join(["1", "0", "0.9", "1", *POINT_CELLS]),
            ),
            "labels.csv": csv("image,label", "b.mp4,sad"),
        },
        [("a.csv:2", "happy", "a.csv", None), ("a.csv:3", "happy", "a.csv", None), ("b.csv:2", "sad", "b.csv", None)],
        ["a.csv:4"],
    ),
    "openface in folders": Case(
        "openface",
        {
            f"{label}/{label}1.csv": csv(",".join(["success", *POINT_COLUMNS]), ",".join(["1", *POINT_CELLS]))
            for label in ("happy", "sad")
        },
        [("happy/happy1.csv:2", "happy", None, None), ("sad/sad1.csv:2", "sad", None, None)],
    ),
    "openface of pictures": Case(
        "openface",
        {
            "a.csv": csv(",".join(["face", "confidence", *POINT_COLUMNS]), ",".join(["0", "0.925", *POINT_CELLS])),
            "b.csv": csv(",".join(["face", "confidence", *POINT_COLUMNS]), ",".join(["0", "0.925", *POINT_CELLS])),
            "labels.csv": csv("image,label", "a.png,happy", "b.png,sad"),
            **pictures("a.png"),
        },
        [("a.csv:2", "happy", None, None), ("b.csv:2", "sad", None, None)],
    ),
    "pyfeat": Case(
        "pyfeat",
        {
            "faces.csv": csv(
                ",".join(
                    ["FaceRectX", "FaceScore", *POINT_COLUMNS, "anger", "neutral", "frame", "input", "label", "subject"]
                ),
                ",".join(["1", "0.9", *POINT_CELLS, "0.1", "0.9", "0", "/home/me/a.png", "joy", "p1"]),
                ",".join(["1", "0.9", *[""] * 136, "", "", "0", "/home/me/b.png", "fear", "p2"]),
                ",".join(["1", "0.9", *POINT_CELLS, "0.1", "0.9", "0", "/home/me/c.png", "", "p2"]),
            ),
            **pictures("a.png"),
        },
        [("faces.csv:2", "joy", "p1", None), ("faces.csv:3", "fear", "p2", None)],
        ["faces.csv:4"],
    ),
    "csv": Case(
        "csv",
        {
            "list.csv": csv(
                "Image;Label;subject;split",
                "img/a.png;froh;p1;train",
                "img/β.png;müde;p2;test",
                "img/gone.png;froh;p1;train",
                "../../etc/passwd;froh;p1;train",
                "img/a.png;froh;p1;train",
                "img/c.png;;p1;train",
            ),
            **pictures("img/a.png", "img/β.png", "img/c.png"),
        },
        [("img/a.png", "froh", "p1", "train"), ("img/β.png", "müde", "p2", "test")],
        ["img/a.png", "img/c.png", "list.csv:4", "list.csv:5"],
    ),
    "folder": Case(
        "folder",
        pictures("my data/joy/a.png", "my data/joy/b.png", "my data/грусть/a.png", "my data/preview.png"),
        [
            ("my data/joy/a.png", "joy", None, None),
            ("my data/joy/b.png", "joy", None, None),
            ("my data/грусть/a.png", "грусть", None, None),
        ],
        ["my data/preview.png"],
    ),
    "folder with parts": Case(
        "folder",
        pictures("set/Train/joy/a.png", "set/Train/woe/b.png", "set/val/joy/c.png", "set/test/woe/d.png"),
        [
            ("set/Train/joy/a.png", "joy", None, "train"),
            ("set/Train/woe/b.png", "woe", None, "train"),
            ("set/test/woe/d.png", "woe", None, "test"),
            ("set/val/joy/c.png", "joy", None, "validation"),
        ],
    ),
}
