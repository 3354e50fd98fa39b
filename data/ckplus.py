"""CK+, as its owners give it: 593 posed sequences of 123 people, 327 of them with an emotion.

Lucey et al., "The Extended Cohn-Kanade Dataset (CK+)", CVPR Workshops 2010.

`cohn-kanade-images/S005/001/S005_001_00000011.png` is a frame,
`Emotion/S005/001/S005_001_00000011_emotion.txt` one float,
`Landmarks/…_landmarks.txt` 68 points. A sequence begins neutral and ends at
the apex. No emotion file, no label.
"""

import re
from collections import defaultdict
from pathlib import PurePosixPath

from .archive import Tree
from .dataset import Dataset
from .errors import check_choice
from .pixels import label_of
from .points import interleaved_points
from .reader import Rows, Source, image_files, stem

IDS = ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")
LABELS = tuple(sorted(IDS))
FRAME = re.compile(r"(S\d{3})_(\d{3})_(\d{8})$")
EMOTION = re.compile(r"(S\d{3})_(\d{3})_(\d{8})_emotion\.txt$")


def load(tree: Tree, *, landmarks: str = "no") -> Dataset:
    """Read the apex of every labelled sequence, and its first frame as neutral.

    `landmarks="yes"` takes the 68 points that the owners tracked.
    """
    with_landmarks = check_choice("value of landmarks", landmarks, ("yes", "no")) == "yes"
    rows = Rows(tree, LABELS)
    emotions = {_sequence(EMOTION, name): name for name in tree.files if EMOTION.search(name)}
    points = _landmark_files(tree) if with_landmarks else {}
    sequences = _sequences(rows)
    for sequence, frames in sequences.items():
        if sequence not in emotions:
            rows.skip(_folder(frames[-1]), "a sequence without an emotion file")
        else:
            _add_sequence(rows, frames, emotions[sequence], points)
    for sequence in emotions.keys() - sequences.keys():
        rows.skip(emotions[sequence], "an emotion without a sequence")
    return rows.dataset("ckplus", SOURCE, landmarks=with_landmarks)


def recognise(tree: Tree) -> str:
    first = next((name for name in tree.files if EMOTION.search(name)), "")
    return f"{first} is an emotion file of CK+" if first else ""


def _sequence(pattern, name):
    return pattern.search(name).groups()[:2]


def _sequences(rows):
    """Frames of each (subject, number), in order."""
    sequences = defaultdict(list)
    for name in image_files(rows.tree):
        if match := FRAME.search(stem(name)):
            sequences[match.groups()[:2]].append(name)
        else:
            rows.skip(name, "not named as a frame of CK+, S005_001_00000011")
    return {sequence: sorted(frames, key=stem) for sequence, frames in sorted(sequences.items())}


def _landmark_files(tree):
    files = (name for name in tree.files if name.endswith("_landmarks.txt"))
    return {stem(name).removesuffix("_landmarks"): name for name in files}


def _folder(name):
    return PurePosixPath(name).parent.as_posix()


def _add_sequence(rows, frames, emotion, points):
    try:
        label = label_of(rows.tree.read(emotion).decode("ascii", "replace").strip(), IDS)
    except (OSError, ValueError) as error:
        rows.skip(emotion, str(error))
        return
    subject, number, _ = FRAME.search(stem(frames[0])).groups()
    wanted = {frames[-1]: label} if len(frames) == 1 else {frames[0]: "neutral", frames[-1]: label}
    for frame, name in wanted.items():
        known = {"subject": subject, "sequence": f"{subject}_{number}"}
        rows.add_file(frame, name, **known, points=_points(rows, points.get(stem(frame))))


def _points(rows, file):
    """The tracked points of a frame; a damaged file is listed and the frame keeps a row without points."""
    if file is None:
        return None
    try:
        return interleaved_points(rows.tree.read(file).decode("ascii", "replace"))
    except (OSError, ValueError) as error:
        rows.skip(file, str(error))
        return None


SOURCE = Source(
    title="CK+",
    about="CK+ as its owners give it: apex and neutral frames of the labelled sequences",
    sentence=(
        "CK+ (Lucey et al. 2010): posed expressions of 123 people; the last frame of each labelled sequence, "
        "and the first as neutral. For research only."
    ),
    read=load,
    recognise=recognise,
    layout="cohn-kanade-images/S005/001/S005_001_00000011.png and Emotion/S005/001/S005_001_00000011_emotion.txt",
    options={"landmarks": "yes: the 68 points of its Landmarks folder (default: no)"},
    classes=LABELS,
    images="327 apex and as many neutral",
    subjects="118 of 123 with a label",
    split="none",
    licence="research only, on request",
    obtain="ask the owners",
    url="https://www.jeffcohn.net/Resources/",
)
