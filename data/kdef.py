"""KDEF: 70 actors, seven expressions, five angles, two sessions: 4,900 pictures of 562x762.

Lundqvist, Flykt and Öhman, "The Karolinska Directed Emotional Faces", Karolinska Institutet 1998.

`AF01ANFL.JPG` is session A, female, number 01, angry, full left. AF is afraid
where it stands after the number. The straight angle has one letter, `AF01ANS`.
"""

import re

from .archive import Tree
from .dataset import Dataset
from .errors import check_choice
from .reader import Rows, Source, image_files, stem

CODES = {
    "AF": "afraid",
    "AN": "angry",
    "DI": "disgusted",
    "HA": "happy",
    "NE": "neutral",
    "SA": "sad",
    "SU": "surprised",
}
ANGLES = {"FL": "full left", "HL": "half left", "S": "straight", "HR": "half right", "FR": "full right"}
NAME = re.compile(r"[AB]([FM]\d\d)(AF|AN|DI|HA|NE|SA|SU)(FL|HL|S|HR|FR)")
MISNAMED = {"AF31V": "AF31SAHL", "AM31H": "AM31SUHR"}  # as the database is handed out


def load(tree: Tree, *, angles: str = "S") -> Dataset:
    """Read the pictures of these angles, as "S", "HL+S+HR" or "all"; one actor in both sessions is one subject."""
    wanted = set(ANGLES) if angles == "all" else {check_choice("angle", angle, ANGLES) for angle in angles.split("+")}
    rows, others = Rows(tree, CODES.values()), 0
    for name in image_files(tree):
        match = _match(name)
        if match is None:
            rows.skip(name, "not named as a picture of KDEF, AF01ANS")
        elif match[3] not in wanted:
            others += 1
        else:
            sex = "female" if match[1].startswith("F") else "male"
            rows.add_file(name, CODES[match[2]], subject=match[1], traits={"sex": sex, "angle": ANGLES[match[3]]})
    left_out = f"{others:,} pictures at other angles than {angles} were left out." if others else ""
    return rows.dataset("kdef", SOURCE, about=left_out)


def recognise(tree: Tree) -> str:
    first = next(filter(_match, image_files(tree)), "")
    return f"{first} is named as KDEF names its pictures" if first else ""


def _match(name):
    short = stem(name).upper()
    return NAME.fullmatch(MISNAMED.get(short, short))


SOURCE = Source(
    title="KDEF",
    about="Karolinska Directed Emotional Faces",
    sentence="KDEF (Lundqvist, Flykt and Öhman 1998): acted expressions of 70 amateurs. For research only.",
    read=load,
    recognise=recognise,
    layout="files such as AF01ANS.JPG: session, sex, number, emotion, angle",
    options={"angles": "S, or several as HL+S+HR, or all (default: S, straight)"},
    classes=tuple(CODES.values()),
    images="4,900; 980 straight",
    subjects="70",
    split="none",
    licence="research only, on request",
    obtain="ask the owners",
    url="https://kdef.se",
)
