"""FER2013: 35,887 gray 48x48 faces from a web search, seven labels, an official split.

Goodfellow et al., "Challenges in Representation Learning", ICONIP 2013.

============ =======================================================
classes      angry, disgust, fear, happy, neutral, sad, surprise
images       28,709 training, 3,589 public test, 3,589 private test
subjects     unknown
licence      Kaggle, Database Contents Licence (DbCL)
============ =======================================================
"""

from pathlib import PurePosixPath

import numpy as np

from data.dataset import TEST, TRAIN, VALIDATION, Dataset, Skipped
from data.errors import LineamentError
from data.images import IMAGE_SUFFIXES, TreeImages
from data.tree import Tree

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
ABOUT = (
    "FER2013 (Goodfellow et al. 2013): gray 48x48 faces found by web search and labelled by people who "
    "agree with each other in about 65 of 100 cases. Kaggle, Database Contents Licence."
)
# The folder `test/` mixes two parts; only the file's prefix tells them apart.
PARTS = {"Training": "Training", "PublicTest": "PublicTest", "PrivateTest": "PrivateTest"}


def load(tree: Tree) -> Dataset:
    """Read the folder layout, `train/<label>/Training_*.jpg` and `test/<label>/P*Test_*.jpg`.

    The part to be scored is PrivateTest where it is present (PublicTest is
    then validation), else PublicTest.
    """
    names, labels, parts, skipped = [], [], [], []
    for name in tree.files:
        path = PurePosixPath(name)
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        part = PARTS.get(path.name.split("_")[0])
        label = path.parent.name.lower()
        if part is None:
            skipped.append(Skipped(name, f"the name does not begin with one of {', '.join(PARTS)}"))
        elif label not in LABELS:
            skipped.append(Skipped(name, f"'{label}' is not one of the seven labels"))
        else:
            names.append(name)
            labels.append(LABELS.index(label))
            parts.append(part)
    if not names:
        raise LineamentError(
            f"No FER2013 image under {tree.path}: expected train/<label>/Training_*.jpg and "
            f"test/<label>/PublicTest_*.jpg, with labels {', '.join(LABELS)}. "
            f"Saw {', '.join(tree.files[:3])}{' …' if len(tree.files) > 3 else ''}."
        )
    return Dataset(
        name="fer2013",
        images=TreeImages(tree, names),
        target=np.array(labels, dtype=np.int64),
        label_names=LABELS,
        keys=np.array(names),
        split=_official_split(np.array(parts)),
        skipped=tuple(skipped),
        about=ABOUT,
    )


def _official_split(parts: np.ndarray) -> np.ndarray | None:
    if len(set(parts) - {"Training"}) == 0 or "Training" not in parts:
        return None  # one part alone has nothing to be split
    public = VALIDATION if "PrivateTest" in parts else TEST
    return np.array([{"Training": TRAIN, "PublicTest": public, "PrivateTest": TEST}[part] for part in parts])
