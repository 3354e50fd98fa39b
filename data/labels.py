"""Labels before anything is measured: spellings of one label folded, labels too rare for the folds told or left out."""

import re
from collections import defaultdict
from dataclasses import replace

import numpy as np

from .dataset import TRAIN, Dataset
from .errors import LineamentError
from .vocabulary import canonical_name, renamed, spelling

SPELLINGS = {
    "fold": "spellings of one label, as HAPPINESS and happiness, are one label",
    "apart": "labels as they are written",
}
FOLDS = 5
SMALL = 200  # pictures up to which a rare label lowers the number of folds; in a larger dataset it is a stray one
STEM = 3  # letters that forms of one word begin with: happy and happiness, not joy


def stands_for(label: str) -> str:
    """What spellings of one label share; forms of one emotion's name, such as happy and happiness, are spellings too.

    Synonyms of another stem, such as joy, may be meant as labels of their own within one dataset.
    """
    key = spelling(label)
    canonical = canonical_name(key)
    return canonical if canonical and canonical[:STEM] == key[:STEM] else key


def fold_spellings(dataset: Dataset) -> Dataset:
    """The dataset with one label for all spellings of it; its `notes` tell the fold.

    The spelling with most pictures names the label, the first in alphabetical order where two are level.
    """
    counts, meant = dataset.label_counts(), defaultdict(list)
    for name in sorted(dataset.label_names, key=lambda name: (-counts[name], name)):
        meant[stands_for(name)].append(name)
    folded = [names for names in meant.values() if len(names) > 1]
    if not folded:
        return dataset
    notes = tuple(_fold_told(names, counts) for names in folded)
    new_of = {name: names[0] for names in meant.values() for name in names}
    return replace(renamed(dataset, new_of), notes=(*dataset.notes, *notes))


def _fold_told(names, counts):
    written = [f"{name if name == name.strip() else repr(name)} {counts[name]:,}" for name in names]
    return f"{', '.join(written[:-1])} and {written[-1]} are taken as one label, '{names[0]}'."


def unit_of(dataset: Dataset) -> str:
    """What stays together in folds, and so is counted: subjects where they are known."""
    return "pictures" if dataset.groups is None else "subjects"


def units_to_train_on(
    dataset: Dataset, *, rows: np.ndarray | None = None, groups: np.ndarray | None = None
) -> dict[str, int]:
    """How many subjects, or pictures where these are not known, bear each label that the training part holds.

    `rows` (indices) are taken as the training part, and `groups` (n,) counted, where more is known of either.
    """
    if rows is None:
        rows = np.arange(len(dataset)) if dataset.split is None else np.flatnonzero(dataset.split == TRAIN)
    target, groups = dataset.target[rows], dataset.groups if groups is None else groups
    if groups is not None:
        _, unit = np.unique(groups[rows], return_inverse=True)
        target = np.unique(np.stack([target, unit]), axis=1)[0]
    n = np.bincount(target, minlength=len(dataset.label_names))
    return {dataset.label_names[label]: int(n[label]) for label in np.flatnonzero(n)}


def usual_folds(units: dict[str, int], n_pictures: int) -> int:
    """Folds where none were asked for: 5, or in a small dataset as many as its rarest label allows, but 2."""
    rarest = min(units.values(), default=0)
    return FOLDS if n_pictures > SMALL or rarest >= FOLDS else max(2, rarest)


def leave_out_rare(dataset: Dataset, min_count: int) -> Dataset:
    """The dataset without labels that fewer than `min_count` subjects, or pictures, to train on bear; told in `notes`.

    Raises
    ------
    LineamentError
        If fewer than two labels would be left.
    """
    units = units_to_train_on(dataset)
    rare = {name: n for name, n in units.items() if n < min_count}
    if not rare:
        return dataset
    kept = {name: name for name in dataset.label_names if name not in rare}
    if len(units) - len(rare) < 2:
        most = sorted(units.values())[-2] if len(units) > 1 else 0
        raise LineamentError(
            f"--min-count {min_count} leaves {len(units) - len(rare)} of {len(units)} labels; a classifier needs two. "
            f"Try --min-count {most} or less."
        )
    counts, unit = dataset.label_counts(), unit_of(dataset)
    notes = tuple(
        f"Label '{name}' is left out with its {_pictures(counts[name])}: {_units(n, unit)} to train on, fewer than the "
        f"{min_count} of --min-count."
        for name, n in rare.items()
    )
    fewer = renamed(dataset, kept, why=f"is borne by fewer than {min_count} {unit} to train on")
    return replace(fewer, notes=(*dataset.notes, *notes))


def check_enough(dataset: Dataset, cv: int, **known) -> None:
    """Raise `LineamentError` with its cure where a label is borne by too few to be dealt into `cv` folds.

    `known` as `units_to_train_on` takes it. A single label is none of its business.
    """
    units = units_to_train_on(dataset, **known)
    rare = {name: n for name, n in units.items() if n < cv}
    if rare and len(units) > 1:
        raise LineamentError(f"{_rare_told(dataset, rare, cv)} {_cure(dataset, units, rare, cv)}")


def _rare_told(dataset, rare, cv):
    """Which labels are too rare for so many folds, in one sentence."""
    (first, number), *others = [(f"'{name}'", _units(n, unit_of(dataset))) for name, n in rare.items()]
    if not others:
        return f"The label {first} has {number} to train on, fewer than the {cv} folds."
    named = ", ".join(f"{name} ({n})" for name, n in [(first, number), *others])
    return f"Some labels have less to train on than the {cv} folds need: {named}."


def _cure(dataset, units, rare, cv):
    """What to type about labels that are too rare."""
    kept, cures = [name for name in units if name not in rare], []
    if len(kept) > 1:
        counts = dataset.label_counts()
        what = "it" if len(rare) == 1 else "them"
        what = f"{what} ({_pictures(sum(counts[name] for name in rare))})"
        line = f"--labels {_quoted(','.join(kept))} or " if all(map(_can_be_listed, kept)) else ""
        cures.append(f"leave {what} out by {line}--min-count {cv}")
    if min(rare.values()) > 1:
        cures.append(f"lower --cv to {min(rare.values())}")
    if not cures:
        return "Fewer than two labels have enough: add pictures."
    text = ", or ".join(cures)
    return f"{text[0].upper()}{text[1:]}."


def _can_be_listed(name):
    """Whether --labels reads the name as it is."""
    return not set(name) & set(",='\"") and name == name.strip()


def _quoted(text):
    """For a shell."""
    return text if re.fullmatch(r"[\w,.-]+", text) else f"'{text}'"


def _pictures(n):
    return _units(n, "pictures")


def _units(n, unit):
    return f"{n:,} {unit if n != 1 else unit[:-1]}"
