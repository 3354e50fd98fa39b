"""Model files from anywhere: their sizes before anything is read, their kinds and indices before anything is asked.

scikit-learn follows the node numbers of a tree without a look at their range,
and skops builds whatever is of a trusted type: a file of a few megabytes can
ask for gigabytes or end the interpreter. Neither passes here.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.pipeline import Pipeline
from sklearn.tree import BaseDecisionTree

from ..data.errors import LineamentError
from .model import Recipe
from .registry import make_back

SCHEMA = "schema.json"
EXPANSION = 8  # times that a file may grow when it is unpacked; files of this version are not packed at all
HARMLESS_BYTES = 1 << 23  # unpacked, whatever the size of the file
REPEATED = 1.5  # times the arrays of a file that all its mentions of them may come to
KINDS: dict[str, tuple[type, ...]] = {
    "classifier": (str,), "labels": (list, tuple), "families": (list, tuple), "views": (list, tuple),
    "crop": (int, type(None)), "detector": (str,), "landmark_model": (str,), "on_miss": (str,), "reference": (str,),
    "versions": (dict,), "training_digest": (str,), "metrics": (dict,), "calibration": (dict,), "refusal": (dict,),
    "sets": (dict,),
}  # fmt: skip


def check_archive(path: Path) -> None:
    """Raise for an archive of skops that would take much more memory than its size, before any of it is unpacked.

    Raises
    ------
    LineamentError
        If it holds anything but a schema and arrays, expands without measure, or has an array that is not as long as
        its header says.
    """
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        if len(sizes) < len(archive.infolist()) or SCHEMA not in sizes:
            raise LineamentError("It holds no schema, or one file twice.")
        most = max(HARMLESS_BYTES, EXPANSION * Path(path).stat().st_size)
        if sum(sizes.values()) > most:
            raise LineamentError(f"It would unpack to {sum(sizes.values()):,} bytes: refused.")
        for name in sizes.keys() - {SCHEMA}:
            with archive.open(name) as member:
                _check_array(member, sizes[name])
        nodes = list(_nodes(json.loads(archive.read(SCHEMA))))
    mentioned = {node.get("__id__", number): sizes[node["file"]] for number, node in enumerate(nodes) if "file" in node}
    if sum(mentioned.values()) > max(HARMLESS_BYTES, REPEATED * sum(sizes.values())):
        raise LineamentError("It mentions its arrays over and over: refused.")
    if any(len(node["shape"]["content"]) != 1 for node in nodes if "shape" in node and "content" in node):
        raise LineamentError("It holds a table of objects: refused.")


def _check_array(member, size) -> None:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(member)
    n_bytes = dtype.itemsize
    for length in shape:
        n_bytes *= length
    if dtype.hasobject or member.tell() + n_bytes != size:
        raise LineamentError("An array is not as long as it says.")


def _nodes(schema) -> Iterator[dict]:
    """Every mapping within a JSON document."""
    left = [schema]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield one
        left.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())


def checked_recipe(document) -> Recipe:
    """The recipe of a model file.

    Raises
    ------
    LineamentError
        If an entry is of another kind than a recipe's.
    """
    if not isinstance(document, dict):
        raise LineamentError(f"Its recipe is no mapping, but {type(document).__name__}.")
    for name, kinds in KINDS.items():
        value = document.get(name, kinds[0]())
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise LineamentError(f"The recipe's {name} is of the kind {type(value).__name__}.")
        if isinstance(value, list | tuple) and not all(isinstance(one, str) for one in value):
            raise LineamentError(f"The recipe's {name} are not all text.")
    return Recipe.from_dict(document)


def check_pipeline(pipeline, recipe: Recipe) -> None:
    """Raise unless a pipeline is what its recipe says, with trees whose nodes point within them.

    Raises
    ------
    LineamentError
        If its steps, its classifier, its classes or a tree are others than training leaves.
    """
    if not isinstance(pipeline, Pipeline) or not _are_steps(pipeline.steps):
        raise LineamentError("Its pipeline is none.")
    wanted = {type(make_back(recipe.classifier, balance=balance)[-1]) for balance in ("none", "class-weight")}
    if type(pipeline[-1]) not in wanted:
        raise LineamentError(f"Its classifier is no {recipe.classifier}, but {type(pipeline[-1]).__name__}.")
    classes = np.asarray(pipeline[-1].classes_)
    if classes.ndim != 1 or len(classes) < 2 or len(np.unique(classes)) < len(classes):
        raise LineamentError("It tells no two classes apart.")
    if recipe.labels and not (classes.dtype.kind in "iu" and 0 <= classes.min() and classes.max() < len(recipe.labels)):
        raise LineamentError(f"Its classes are not among its {len(recipe.labels)} labels.")
    for tree, width in _trees(pipeline):
        if not _holds(tree, width):
            raise LineamentError("A tree of it has nodes that point outside of it.")


def _are_steps(steps) -> bool:
    pairs = isinstance(steps, list) and bool(steps) and all(isinstance(one, tuple) and len(one) == 2 for one in steps)
    return pairs and all(isinstance(name, str) for name, _ in steps) and hasattr(steps[-1][1], "classes_")


def _trees(model) -> Iterator[tuple]:
    """Every decision tree within a model, however deep, and how many columns those that ask it are given."""
    left, seen = [(model, None)], {}
    while left:
        one, width = left.pop()
        if (id(one), width) in seen:
            continue
        seen[id(one), width] = one  # kept, so that no other object gets its number
        if isinstance(one, TreePredictor):
            yield one, width
            continue
        if isinstance(one, BaseDecisionTree):
            if hasattr(one, "tree_"):  # a forest keeps an unfitted one besides
                yield one.tree_, one.n_features_in_ if width is None else width
            continue
        own = getattr(one, "n_features_in_", None)
        if isinstance(own, int | np.integer):
            width = own if isinstance(one, BaseForest) or hasattr(one, "_predictors") else None
        left.extend((part, width) for part in _parts(one))


def _parts(one):
    if isinstance(one, dict):
        return one.values()
    if isinstance(one, list | tuple):
        return one
    if isinstance(one, np.ndarray):
        return one.ravel() if one.dtype == object else ()
    return vars(one).values() if hasattr(one, "__dict__") and not isinstance(one, type) else ()


def _holds(tree, width) -> bool:
    """True if every inner node of a tree points forward to nodes of it, and asks for a column that is there."""
    if isinstance(tree, TreePredictor):
        nodes, inner = tree.nodes, tree.nodes["is_leaf"] == 0
        left, right, column = nodes["left"], nodes["right"], nodes["feature_idx"]
        if nodes["is_categorical"].any():  # no measurement is
            return False
    else:
        if not 0 < tree.node_count <= tree.capacity or tree.n_features != width:
            return False
        left, right, column = tree.children_left, tree.children_right, tree.feature
        inner = left != -1
    n, number = len(left), np.arange(len(left))[inner]
    children = np.stack([left, right])[:, inner].astype(np.int64)
    asked = column[inner].astype(np.int64)
    return n > 0 and bool(
        (children > number).all() and (children < n).all() and (asked >= 0).all() and (asked < width).all()
    )
