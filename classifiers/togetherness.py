"""What careless folds part and honest ones keep together: copies, frames of a sequence, persons, step by step."""

from dataclasses import dataclass, replace

import numpy as np

from ..data.dataset import Dataset
from ..data.duplicates import Duplicates, frames_of, joined, numbered_by
from .comparison import DUPLICATES, SEQUENCES, SUBJECTS
from .folds import Folds

STEPS = (DUPLICATES, SEQUENCES, SUBJECTS)
ALONE = "pictures"


@dataclass(frozen=True)
class Steps:
    """From single pictures to the honest groups, each step keeping together what the one before it parts.

    Parameters
    ----------
    groups : dict of step to ndarray of shape (n,), int64
        Rows that stay together once the step is taken; of `ALONE` none, before the first.
    why_not : dict of step to str
        Why a step changes nothing here, "" where it does.
    """

    groups: dict[str, np.ndarray]
    why_not: dict[str, str]

    def before(self, step: str) -> str:
        """What stood before a step: the last one that changed something, or `ALONE`."""
        earlier = [name for name in STEPS[: STEPS.index(step)] if not self.why_not[name]]
        return earlier[-1] if earlier else ALONE

    def parted(self, step: str) -> np.ndarray:
        """Mask (n,): pictures that a step ties to others, and that may be parted from them before it."""
        return _spans(self.groups[step], self.groups[self.before(step)])

    def loosened(self, folds: Folds, step: str, target: np.ndarray, rng: np.random.Generator) -> Folds:
        """Folds in which a step is not taken: what it alone ties is dealt anew, label by label; all else stays."""
        parted, n_folds = self.parted(step), int(folds.fold.max()) + 1
        pieces = numbered_by(folds.rank, np.where(parted, 1 + self.groups[self.before(step)], 0))[parted]
        names, piece = np.unique(pieces, return_inverse=True)
        labels = np.zeros((len(names), int(target.max()) + 1), dtype=np.int64)
        np.add.at(labels, (piece, target[parted]), 1)
        drawn = rng.permutation(len(names))
        order = drawn[np.argsort(labels.argmax(axis=1)[drawn], kind="stable")]
        dealt = np.empty(len(names), dtype=np.int64)
        dealt[order] = (np.arange(len(names)) + rng.integers(n_folds)) % n_folds
        fold = folds.fold.copy()
        fold[parted] = dealt[piece]
        return replace(folds, fold=fold)


def steps_of(dataset: Dataset, duplicates: Duplicates, honest: np.ndarray) -> Steps:
    """The steps between dealing single pictures and dealing the `honest` groups (n,) of `fold_groups`.

    Frames of one sequence that nearly agree count as frames, not as copies: what is a copy lies in several sequences.
    """
    frames, copies, alone = frames_of(dataset), duplicates.copy_of, np.arange(len(dataset))
    if frames is not None:
        copies = np.where(_spans(copies, frames), copies, len(dataset) + alone)
    whole = copies if frames is None else joined(copies, frames)
    levels = [alone, _within(honest, copies), _within(honest, whole), honest]
    counts = [len(np.unique(one)) for one in levels]
    reasons = (_no_copies(duplicates), _no_frames(frames), _no_persons(dataset, frames))
    changed = (after < before for before, after in zip(counts, counts[1:]))
    return Steps(
        groups=dict(zip((ALONE, *STEPS), levels)),
        why_not={step: "" if one else reason for step, one, reason in zip(STEPS, changed, reasons)},
    )


def _spans(labels, within):
    """Mask (n,): rows whose label occurs in several of `within`."""
    _, labels = np.unique(labels, return_inverse=True)
    first = np.zeros(labels.max() + 1, dtype=np.int64)
    first[labels] = within
    return np.isin(labels, labels[first[labels] != within])


def _within(honest, labels):
    """Groups (n,) of equal labels, where honest folds keep them together too: they part what would chain too much."""
    return np.unique(np.stack([honest, labels]), axis=1, return_inverse=True)[1].ravel()


def _no_copies(duplicates):
    if duplicates.count:
        return "copies among these are frames of one sequence"
    if duplicates.near_searched:
        return "no picture occurs twice among these, exactly or nearly"
    return "no picture occurs twice among these, and near copies were not looked for"


def _no_frames(frames):
    if frames is None:
        return "which pictures are frames of one sequence is not known"
    if len(np.unique(frames)) == len(frames):
        return "no two of these pictures are frames of one sequence"
    return "the frames of each sequence are tied already, as copies"


def _no_persons(dataset, frames):
    if dataset.groups is None:
        return "who is shown is not known"
    if len(np.unique(dataset.groups)) == len(dataset):
        return "nobody is shown twice among these"
    if frames is not None:
        return "nobody is shown in two sequences"
    return "the pictures of each person are tied already, as copies"
