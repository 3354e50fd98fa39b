"""Every reader on a small tree in the exact layout of its dataset, traps included; as folder, zip and tar."""

import io
import pickle
import tarfile
import tracemalloc
import zipfile
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from lineament.data import LineamentError, image_digests, load_dataset
from lineament.data.images import UnreadableImage
from lineament.data.sources import DATASETS, READERS, recognise_dataset


def picture(shade, form="PNG", side=48):
    buffer = io.BytesIO()
    Image.fromarray(np.full((side, side), shade % 256, dtype=np.uint8)).save(buffer, form)
    return buffer.getvalue()


def pictures(*names, form="PNG"):
    return {name: picture(17 * number, form) for number, name in enumerate(names)}


def csv(*lines, newline="\n"):
    return (newline.join(lines) + newline).encode()


def numbers(shade):
    return " ".join([str(shade)] * 48 * 48)


def npy(value):
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


def mat(name, **columns):
    buffer = io.BytesIO()
    savemat(buffer, {name: columns})
    return buffer.getvalue()


def points_text(separator, between="\n"):
    return between.join(f"{10 + i:.7e}{separator}{20 + i:.7e}" for i in range(68))


POINT_COLUMNS = [f"{axis}_{i}" for axis in "xy" for i in range(68)]
POINT_CELLS = [str(10 + i) for i in range(68)] + [str(20 + i) for i in range(68)]
VOTES = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
AFFECTNET = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
AFFECTNET_POINTS = points_text(";", ";")
ANNOTATED = "Manually_Annotated_Images"


@dataclass
class Case:
    """Files of a layout, and what must come of them: (key, label, subject, split) of each row, keys of the skipped."""

    reader: str
    files: dict
    rows: list
    skipped: list = field(default_factory=list)
    options: dict = field(default_factory=dict)


FER_TABLE_ROWS = [
    ("fer2013.csv:2", "angry", None, "train"),
    ("fer2013.csv:3", "sad", None, "train"),
    ("fer2013.csv:4", "neutral", None, "validation"),
    ("fer2013.csv:5", "surprise", None, "test"),
]

CASES = {
    "fer2013.csv": Case(
        "fer2013",
        {
            "fer2013.csv": csv(
                "emotion,pixels,Usage",
                f"0,{numbers(1)},Training",
                f"4,{numbers(2)},Training",
                f"6,{numbers(3)},PublicTest",
                f"5,{numbers(4)},PrivateTest",
                f"7,{numbers(5)},Training",
                "3,1 2 3,Training",
                f"3,{numbers(256)},Training",
                "3",
                f"3,{numbers(9)},Tuesday",
            )
        },
        FER_TABLE_ROWS,
        [f"fer2013.csv:{line}" for line in (6, 7, 8, 9, 10)],
    ),
    "icml_face_data.csv with spaces in its header": Case(
        "fer2013",
        {
            "icml_face_data.csv": csv(
                "emotion, Usage, pixels", f"0,Training,{numbers(1)}", f"3,PublicTest,{numbers(2)}", newline="\r\n"
            ),
            "train.csv": csv("emotion,pixels", f"0,{numbers(1)}"),
            "test.csv": csv("pixels", numbers(2)),
        },
        [("icml_face_data.csv:2", "angry", None, "train"), ("icml_face_data.csv:3", "happy", None, "test")],
        ["test.csv", "train.csv"],
    ),
    "train.csv alone": Case(
        "fer2013",
        {"train.csv": b"\xef\xbb\xbf" + csv("emotion,pixels", f"1,{numbers(1)}")},
        [("train.csv:2", "disgust", None, None)],
    ),
    "fer2013 folders": Case(
        "fer2013",
        pictures(
            "train/angry/Training_1.jpg",
            "train/sad/Training_2.jpg",
            "test/sad/PublicTest_3.jpg",
            "test/happy/PrivateTest_4.jpg",
            "test/happy/other.jpg",
            form="JPEG",
        ),
        [
            ("test/happy/PrivateTest_4.jpg", "happy", None, "test"),
            ("test/sad/PublicTest_3.jpg", "sad", None, "validation"),
            ("train/angry/Training_1.jpg", "angry", None, "train"),
            ("train/sad/Training_2.jpg", "sad", None, "train"),
        ],
        ["test/happy/other.jpg"],
    ),
    "fer2013 numbered copy": Case(
        "fer2013",
        pictures("images/train/angry/0.jpg", "images/train/sad/1.jpg", "images/validation/sad/0.jpg", form="JPEG"),
        [
            ("images/train/angry/0.jpg", "angry", None, "train"),
            ("images/train/sad/1.jpg", "sad", None, "train"),
            ("images/validation/sad/0.jpg", "sad", None, "test"),
        ],
    ),
    "ferplus beside fer2013.csv": Case(
        "ferplus",
        {
            "fer2013new.csv": csv(
                VOTES,
                "Training,fer0000000.png,0,9,1,0,0,0,0,0,0,0",
                "Training,fer0000001.png,4,4,1,1,0,0,0,0,0,0",
                "Training,,0,0,0,0,0,0,0,0,0,10",
                "PublicTest,fer0000003.png,0,0,0,0,0,0,0,6,4,0",
                "PrivateTest,fer0000004.png,0,0,0,0,1,0,0,0,9,0",
            ),
            "fer2013.csv": csv(
                "emotion,pixels,Usage",
                f"3,{numbers(1)},Training",
                f"4,{numbers(2)},Training",
                f"0,{numbers(0)},Training",
                f"6,{numbers(3)},PublicTest",
                f"6,{numbers(4)},PrivateTest",
            ),
        },
        [("fer0000000.png", "happiness", None, "train"), ("fer0000003.png", "contempt", None, "test")],
        ["fer0000001.png", "fer0000004.png", "fer2013.csv:4"],
    ),
    "ferplus with pictures": Case(
        "ferplus",
        {
            "fer2013new.csv": csv(
                VOTES,
                "Training,fer0000000.png,0,9,1,0,0,0,0,0,0,0",
                "Training,,0,0,0,0,0,0,0,0,0,10",
                "Training,fer0000009.png,0,9,1,0,0,0,0,0,0,0",
            ),
            **pictures("FER2013Train/fer0000000.png"),
        },
        [("FER2013Train/fer0000000.png", "happiness", None, None)],
        ["fer0000009.png", "fer2013new.csv:3"],
    ),
    "ckextended.csv": Case(
        "ckextended",
        {"ckextended.csv": csv("emotion,pixels,Usage", f"7,{numbers(1)},Training", f"4,{numbers(2)},PublicTest")},
        [("ckextended.csv:2", "contempt", None, "train"), ("ckextended.csv:3", "sad", None, "test")],
    ),
    "ckplus": Case(
        "ckplus",
        {
            **pictures(
                *(f"cohn-kanade-images/S005/001/S005_001_0000000{i}.png" for i in (1, 2, 3)),
                *(f"cohn-kanade-images/S010/002/S010_002_0000000{i}.png" for i in (1, 2)),
                "cohn-kanade-images/S011/001/S011_001_00000001.png",
            ),
            "Emotion/S005/001/S005_001_00000003_emotion.txt": b"   3.0000000e+00\n",
            "Emotion/S011/001/S011_001_00000001_emotion.txt": b"   nine\n",
            "Emotion/S099/001/S099_001_00000001_emotion.txt": b"   1.0000000e+00\n",
            "Landmarks/S005/001/S005_001_00000003_landmarks.txt": points_text("   ").encode(),
            "FACS/S005/001/S005_001_00000003_facs.txt": b"   9.0000000e+00   4.0000000e+00\n",
        },
        [
            ("cohn-kanade-images/S005/001/S005_001_00000001.png", "neutral", "S005", None),
            ("cohn-kanade-images/S005/001/S005_001_00000003.png", "disgust", "S005", None),
        ],
        [
            "Emotion/S011/001/S011_001_00000001_emotion.txt",
            "Emotion/S099/001/S099_001_00000001_emotion.txt",
            "cohn-kanade-images/S010/002",
        ],
    ),
    "ck48": Case(
        "ck48",
        pictures("CK+48/anger/S010_004_00000017.png", "CK+48/happy/S011_006_00000011.png", "CK+48/happy/face.png"),
        [
            ("CK+48/anger/S010_004_00000017.png", "anger", "S010", None),
            ("CK+48/happy/S011_006_00000011.png", "happy", "S011", None),
        ],
        ["CK+48/happy/face.png"],
    ),
    "kdef": Case(
        "kdef",
        pictures(
            *(
                "KDEF_and_AKDEF/KDEF/" + name
                for name in (
                    "AF01/AF01AFS.JPG",
                    "AF01/AF01AFFL.JPG",
                    "BF01/BF01ANS.JPG",
                    "AM31/AM31H.JPG",
                    "AF31/AF31V.JPG",
                    "AF31/AF31NES.JPG",
                    "AF31/AF31XXS.JPG",
                )
            ),
            form="JPEG",
        ),
        [
            ("KDEF_and_AKDEF/KDEF/AF01/AF01AFS.JPG", "afraid", "F01", None),
            ("KDEF_and_AKDEF/KDEF/AF31/AF31NES.JPG", "neutral", "F31", None),
            ("KDEF_and_AKDEF/KDEF/BF01/BF01ANS.JPG", "angry", "F01", None),
        ],
        ["KDEF_and_AKDEF/KDEF/AF31/AF31XXS.JPG"],
    ),
    "kdef at other angles, misnamed files mended": Case(
        "kdef",
        pictures("AF31/AF31V.JPG", "AM31/AM31H.JPG", "AM31/AM31SUHL.JPG", form="JPEG"),
        [("AF31/AF31V.JPG", "sad", "F31", None), ("AM31/AM31SUHL.JPG", "surprised", "M31", None)],
        options={"angles": "HL"},
    ),
    "jaffe": Case(
        "jaffe",
        pictures("jaffe/KA.AN1.39.tiff", "jaffe/YM.NE3.51.tiff", "jaffe/KA.XX1.40.tiff", form="TIFF"),
        [("jaffe/KA.AN1.39.tiff", "angry", "KA", None), ("jaffe/YM.NE3.51.tiff", "neutral", "YM", None)],
        ["jaffe/KA.XX1.40.tiff"],
    ),
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
KINDS = ("folder", "zip", "tar", "tar.gz")
case_of = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def write(kind, folder, files):
    """The files as a folder or archive below `folder`; returns its path."""
    path = folder / f"affectnet.{kind}" if any("affectnet" in name for name in files) else folder / f"download.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    elif kind.startswith("tar"):
        with tarfile.open(path, "w:gz" if kind.endswith("gz") else "w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return path


def rows_of(dataset):
    return sorted(
        (
            str(key),
            dataset.label_names[dataset.target[row]],
            None if dataset.groups is None else str(dataset.groups[row]),
            None if dataset.split is None else str(dataset.split[row]),
        )
        for row, key in enumerate(dataset.keys)
    )


@pytest.mark.parametrize("kind", KINDS)
@case_of
def test_layout(case, kind, tmp_path):
    path = write(kind, tmp_path, case.files)
    dataset = load_dataset(case.reader, path, options=case.options)
    assert dataset.name == case.reader
    assert rows_of(dataset) == sorted(case.rows)
    assert sorted(item.key for item in dataset.skipped) == sorted(case.skipped)
    assert all(item.reason for item in dataset.skipped)
    assert len(set(image_digests(dataset.images))) >= min(2, len(dataset)) - (case.reader in ("openface", "pyfeat"))
    pickle.loads(pickle.dumps(dataset.images))


@case_of
def test_auto_takes_the_right_reader_and_says_why(case, tmp_path):
    name, why = recognise_dataset(write("folder", tmp_path, case.files))
    assert name == case.reader
    assert len(why) > 15


def test_every_reader_has_a_case_and_a_card():
    assert {case.reader for case in CASES.values()} == set(READERS)
    for source in READERS.values():
        assert source.layout and source.licence and source.images and source.subjects and source.split
        assert source.sentence.endswith(".")


@pytest.mark.parametrize("name", READERS)
def test_what_does_not_fit_is_an_error_that_says_what_was_seen(name, tmp_path):
    path = write("folder", tmp_path, {"notes/diary.txt": b"dear diary", "song.mp3": b"la"})
    with pytest.raises(LineamentError, match="notes/diary.txt"):
        load_dataset(name, path)


def test_auto_says_what_it_saw_and_looked_for(tmp_path):
    path = write("folder", tmp_path, {"song.mp3": b"la", "archive.zip": b"PK"})
    with pytest.raises(LineamentError) as error:
        load_dataset("auto", path)
    for words in ("song.mp3", "1 .zip", "unpack archive.zip", *READERS):
        assert words in str(error.value)


def test_tables_without_labels_are_refused(tmp_path):
    path = write("folder", tmp_path, {"test.csv": csv("pixels", numbers(1))})
    with pytest.raises(LineamentError, match="no labels"):
        load_dataset("auto", path)
    bare = csv(",".join(["FaceScore", *POINT_COLUMNS, "input"]), ",".join(["1", *POINT_CELLS, "a.jpg"]))
    with pytest.raises(LineamentError, match="`label` column is needed"):
        load_dataset("auto", write("zip", tmp_path, {"f.csv": bare}))


@pytest.mark.parametrize("case", ["fer2013.csv", "csv"])
def test_a_table_may_be_given_alone(case, tmp_path):
    files = CASES[case].files
    path = write("folder", tmp_path, files) / next(name for name in files if name.endswith(".csv"))
    assert recognise_dataset(path)[0] == CASES[case].reader
    assert rows_of(load_dataset("auto", path)) == sorted(CASES[case].rows)


def test_a_table_of_pixels_is_not_held_as_text(tmp_path):
    n = 1000
    row = " ".join(str(200 + i % 50) for i in range(48 * 48))
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n" + f"3,{row},Training\n" * n)
    tracemalloc.start()
    dataset = load_dataset("fer2013", path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(dataset) == n and peak < 2.6 * n * 48 * 48 + 2**20


def test_a_table_alone_says_that_its_folder_may_be_needed(tmp_path):
    path = write("folder", tmp_path, CASES["ferplus beside fer2013.csv"].files) / "fer2013new.csv"
    with pytest.raises(LineamentError, match="give the folder"):
        load_dataset("auto", path)


def test_kdef_angles(tmp_path):
    path = write("folder", tmp_path, CASES["kdef"].files)
    assert len(load_dataset("kdef", path, options={"angles": "all"})) == 6
    assert "3 pictures at other angles" in load_dataset("kdef", path).about
    with pytest.raises(LineamentError, match="Unknown angle 'X'"):
        load_dataset("kdef", path, options={"angles": "S+X"})
    with pytest.raises(LineamentError, match="Did you mean 'angles'"):
        load_dataset("kdef", path, options={"angle": "S"})
    with pytest.raises(LineamentError, match="takes no options"):
        load_dataset("jaffe", path, options={"angle": "S"})


def test_what_is_known_of_the_faces_comes_with_them(tmp_path):
    """Sex and angle in KDEF's names, votes of FER+, attributes of RAF-DB, strength of AffectNet, columns of a table."""
    kdef = load_dataset("kdef", write("folder", tmp_path / "kdef", CASES["kdef"].files), options={"angles": "all"})
    assert dict(zip(kdef.keys, kdef.traits["sex"]))[kdef.keys[0]] in ("female", "male")
    assert {"straight"} < set(kdef.traits["angle"]) and len(kdef.traits["sex"]) == len(kdef)
    ferplus = load_dataset("ferplus", write("folder", tmp_path / "fp", CASES["ferplus beside fer2013.csv"].files))
    assert ferplus.traits["agreement"] == pytest.approx(ferplus.votes.max(axis=1) / 10)
    files = {
        **CASES["rafdb"].files,
        "Annotation/manual/train_00001_manu_attri.txt": b"1 2\n" * 5 + b"1\n2\n3\n",
        "Annotation/manual/test_0001_manu_attri.txt": b"1 2\n" * 5 + b"2\n0\n9\n",
    }
    rafdb = load_dataset("rafdb", write("folder", tmp_path / "raf", files))
    row = next(row for row, key in enumerate(rafdb.keys) if "train_00001" in key)
    assert [rafdb.traits[name][row] for name in ("sex", "race", "age")] == ["female", "Asian", "40 to 69"]
    unsure = next(row for row, key in enumerate(rafdb.keys) if "test_0001" in key)
    assert [rafdb.traits[name][unsure] for name in ("sex", "race", "age")] == ["", "Caucasian", ""]
    table = {
        **pictures("a.png", "b.png", "c.png"),
        "labels.csv": b"image,label,sex,age\na.png,x,f,31\nb.png,y,,12\nc.png,x,m,\n",
    }
    listed = load_dataset("csv", write("folder", tmp_path / "csv", table))
    assert listed.traits["sex"].tolist() == ["f", "", "m"]
    assert listed.traits["age"] == pytest.approx([31, 12, np.nan], nan_ok=True)


def test_traits_are_taken_on_request_and_a_wrong_name_is_refused(tmp_path):
    dataset = load_dataset("kdef", write("folder", tmp_path, CASES["kdef"].files), options={"angles": "all"})
    assert dataset.with_traits(()).traits == {} and set(dataset.with_traits(("all",)).traits) == {"sex", "angle"}
    some = dataset.with_traits(("sex",)).take([2, 0])
    assert some.traits["sex"].tolist() == dataset.traits["sex"][[2, 0]].tolist()
    with pytest.raises(LineamentError, match="Choose from angle, sex"):
        dataset.with_traits(("age",))
    with pytest.raises(LineamentError, match="nothing is known besides their labels"):
        dataset.with_traits(()).with_traits(("age",))


def test_ferplus_keeps_votes_and_its_threshold(tmp_path):
    path = write("folder", tmp_path, CASES["ferplus beside fer2013.csv"].files)
    dataset = load_dataset("ferplus", path)
    happiness = dataset.label_names.index("happiness")
    assert dataset.votes.shape == (2, 8) and dataset.votes[0, happiness] == 9
    assert [str(key) for key in load_dataset("ferplus", path, options={"majority": "0.8"}).keys] == ["fer0000000.png"]
    assert (dataset.images[1] == 3).all()
    with pytest.raises(LineamentError, match="not a share"):
        load_dataset("ferplus", path, options={"majority": "most"})


def test_ferplus_out_of_step_is_refused(tmp_path):
    files = dict(CASES["ferplus beside fer2013.csv"].files)
    files["fer2013.csv"] = files["fer2013.csv"].replace(b",Training\n", b",PublicTest\n", 1)
    with pytest.raises(LineamentError, match="out of step at row 1"):
        load_dataset("ferplus", write("folder", tmp_path, files))


def test_affectnet_points_in_arrays(tmp_path):
    path = write("folder", tmp_path, CASES["affectnet, new release"].files)
    dataset = load_dataset("affectnet", path, options={"landmarks": "yes"})
    assert [str(key) for key in dataset.keys] == ["train_set/images/0.jpg"]  # the other has none: listed
    assert (dataset.landmarks[0, 5] == (10, 11)).all()


@pytest.mark.parametrize("case", ["ckplus", "affectnet, validation without header"])
def test_own_landmarks_when_asked(case, tmp_path):
    path = write("folder", tmp_path, CASES[case].files)
    assert load_dataset(CASES[case].reader, path).landmarks is None
    dataset = load_dataset(CASES[case].reader, path, options={"landmarks": "yes"})
    known = ~np.isnan(dataset.landmarks).any(axis=(1, 2))
    assert known.any() and dataset.landmarks.shape == (len(dataset), 68, 2)
    assert (dataset.landmarks[known][0, 5] == (15, 25)).all()


def test_landmarks_without_pictures(tmp_path):
    dataset = load_dataset("auto", write("zip", tmp_path, CASES["openface"].files))
    assert (dataset.landmarks[0, 3] == (13, 23)).all()
    assert np.isnan(dataset.landmarks[1]).all()  # not seen by OpenFace: the row stays
    with pytest.raises(UnreadableImage, match="landmarks only"):
        dataset.images[0]
    assert len(dataset.take([0, 2]).landmarks) == 2
    joined = load_dataset("auto", write("tar", tmp_path, CASES["pyfeat"].files))
    assert joined.images[0].shape == (48, 48)
    assert joined.images.take([0])[0].shape == (48, 48)


def test_the_registry_lists_the_particular_before_the_general():
    assert list(DATASETS)[-2:] == ["csv", "folder"]
