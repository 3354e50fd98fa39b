"""One vocabulary for the labels of all datasets: eight emotions, and the names that they go by."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from .dataset import Dataset, Skipped
from .errors import LineamentError, check_choice

CANONICAL = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")
SYNONYMS = {
    "anger": ("angry", "an"),
    "contempt": ("contemptuous", "co"),
    "disgust": ("disgusted", "di"),
    "fear": ("afraid", "fearful", "scared", "af", "fe"),
    "happiness": ("happy", "joy", "joyful", "ha"),
    "neutral": ("neutrality", "ne"),
    "sadness": ("sad", "sa"),
    "surprise": ("surprised", "su"),
}
_CANONICAL_OF = {synonym: name for name, synonyms in SYNONYMS.items() for synonym in (name, *synonyms)}


def canonical_name(label: str) -> str | None:
    """The name in `CANONICAL` of any dataset's label, or None for a label that is no emotion.

    >>> canonical_name("Afraid")
    'fear'
    """
    return _CANONICAL_OF.get(label.strip().lower())


def spelling(label: str) -> str:
    """What a label is told apart by: without case, surrounding space, kinds of separators and of letters (NFKC).

    >>> spelling(" Very_HAPPY") == spelling("very-happy")
    True
    """
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).casefold())
    return re.sub(r"[\s_\-\u2010-\u2015]+", " ", plain).strip() or label


def parse_labels(text: str) -> list[str] | dict[str, str]:
    """Labels from a flag: "anger,happiness" as a list, "happy=positive,sad=negative" as a mapping.

    Raises
    ------
    LineamentError
        For an empty text, or one that mixes both.
    """
    items = [item.strip() for item in text.split(",") if item.strip()]
    pairs = [tuple(part.strip() for part in item.split("=", 1)) for item in items if "=" in item]
    if not items or 0 < len(pairs) < len(items) or not all(all(pair) for pair in pairs):
        raise LineamentError(f"Labels {text!r}: give names, as anger,happiness, or only pairs, as happy=positive.")
    return dict(pairs) if pairs else items


def relabel(dataset: Dataset, labels: Sequence[str] | Mapping[str, str], *, as_written: bool = False) -> Dataset:
    """Rename, merge or choose labels; rows of all other labels move to `skipped`.

    Parameters
    ----------
    dataset : Dataset
    labels : list of names to keep, or mapping of old names to new ones
        The dataset's own names in any spelling, or any synonym. A list gives
        emotions their canonical names; a mapping merges labels that map to one name.
    as_written : bool
        A list leaves the labels their own names.

    Raises
    ------
    LineamentError
        For a name that the dataset does not have, or if fewer than two labels are left.
    """
    pairs = labels.items() if isinstance(labels, Mapping) else [(name, canonical_name(name) or name) for name in labels]
    new_of = {}
    for old, new in pairs:
        for label in _own_labels(dataset, old):
            new_of[label] = label if as_written and not isinstance(labels, Mapping) else new
    if len(set(new_of.values())) < 2:
        raise LineamentError(f"Only {len(set(new_of.values()))} label would be left: name at least two.")
    return renamed(dataset, new_of)


def align_labels(datasets: Sequence[Dataset]) -> tuple[Dataset, ...]:
    """The datasets with the same `label_names`: canonical where known; what not all of them have is in `skipped`.

    Raises
    ------
    LineamentError
        If they share fewer than two labels.
    """
    names = [{label: canonical_name(label) or label for label in dataset.label_names} for dataset in datasets]
    shared = set.intersection(*(set(new_of.values()) for new_of in names))
    if len(shared) < 2:
        named = " and ".join(f"'{dataset.name}' ({', '.join(dataset.label_names)})" for dataset in datasets)
        raise LineamentError(f"{named} share fewer than two labels. Rename labels of one first.")
    return tuple(
        renamed(dataset, {label: new for label, new in new_of.items() if new in shared})
        for dataset, new_of in zip(datasets, names)
    )


def _own_labels(dataset, name) -> list[str]:
    """The dataset's labels that a name means: itself, else every spelling of it, else every synonym."""
    if name in dataset.label_names:
        return [name]
    canonical = canonical_name(name)
    meant = [label for label in dataset.label_names if spelling(label) == spelling(name)]
    meant = meant or [label for label in dataset.label_names if canonical and canonical_name(label) == canonical]
    return meant or [check_choice(f"label of '{dataset.name}'", name, dataset.label_names)]


def renamed(dataset: Dataset, new_of: Mapping[str, str], *, why: str = "is not used") -> Dataset:
    """Rows of the labels in `new_of` under their new names, in alphabetical order; the others are in `skipped`."""
    label_names = tuple(sorted(set(new_of.values())))
    number = {name: index for index, name in enumerate(label_names)}
    target_of = np.array([number.get(new_of.get(label), -1) for label in dataset.label_names])
    kept = target_of[dataset.target] >= 0
    skipped = tuple(
        Skipped(str(dataset.keys[row]), f"label '{dataset.label_names[dataset.target[row]]}' {why}")
        for row in np.flatnonzero(~kept)
    )
    if not kept.any():
        raise LineamentError(f"No picture of '{dataset.name}' has one of the labels {', '.join(label_names)}.")
    votes = None if dataset.votes is None else _merged(dataset.votes, target_of, len(label_names))
    rows = replace(dataset, votes=votes).take(np.flatnonzero(kept), skipped=skipped)
    return replace(rows, target=target_of[rows.target], label_names=label_names)


def _merged(votes, target_of, k):
    merged = np.zeros((len(votes), k))
    for old, new in enumerate(target_of):
        if new >= 0:
            merged[:, new] += votes[:, old]
    return merged
