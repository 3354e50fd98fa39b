"""Small trees in the exact layout of each dataset, traps included, and what must come of them."""

from made_files import VOTES, Case, csv, numbers, pictures, points_text
from reader_cases_tables import TABLES

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
}
CASES |= TABLES
