"""What one model answered, fold by fold, with its cost."""

from dataclasses import dataclass, field, fields, replace

import numpy as np

PER_FACE = ("target", "predicted", "proba", "fold")


@dataclass(frozen=True)
class Evaluation:
    """What one model predicted for n pictures, and how it came to it.

    Parameters
    ----------
    name : str
    target, predicted : ndarray of shape (n,), int64
        Class indices; `predicted` is -1 where `fold` is UNUSED.
    proba : ndarray of shape (n, k), float
        Class probabilities; NaN where `fold` is UNUSED.
    fold : ndarray of shape (n,), int64
        0 … K-1: predicted by the model fitted on the other folds. HELD_OUT: by
        the model fitted on all folds. UNUSED: not predicted.
    selected : tuple of tuples of str
        Names of the features that the selector kept, one tuple a fold, in fold
        order; empty tuples for models of crops and for `none` all names.
    fit_seconds : tuple of float
        One a fold, then one for the whole training part; without the search of `tuning`.
    predict_seconds : float
        Per face, over all predicted rows.
    params : dict
        The parameters of the fitted estimator that differ between models.
    history : tuple of tuples of dict
        For nets, one tuple a fit (folds, then the whole), one dict an epoch:
        `epoch`, `train_loss`, `valid_loss`, `train_accuracy`, `valid_accuracy`.
    tuning : tuple of tuples of dict
        For tuned models, one tuple a fit (folds, then the whole), one dict a
        trial: the fields of `classifiers.tuning.Trial`.
    """

    name: str
    target: np.ndarray
    predicted: np.ndarray
    proba: np.ndarray
    fold: np.ndarray
    selected: tuple[tuple[str, ...], ...]
    fit_seconds: tuple[float, ...]
    predict_seconds: float
    params: dict = field(default_factory=dict)
    history: tuple[tuple[dict, ...], ...] = ()
    tuning: tuple[tuple[dict, ...], ...] = ()

    def __post_init__(self):
        n = len(self.target)
        for name in ("predicted", "proba", "fold"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} rows for {n} targets")

    @property
    def n_folds(self) -> int:
        return int(self.fold.max()) + 1

    def take(self, rows) -> "Evaluation":
        """The evaluation of these rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in PER_FACE})

    def to_dict(self) -> dict:
        """All but the arrays with a row a face, which a table holds better."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in PER_FACE}

    @classmethod
    def from_dict(cls, document: dict, *, target, predicted, proba, fold) -> "Evaluation":
        """The evaluation of `to_dict`, through JSON or not, with its arrays.

        One from before there was tuning or history says nothing of it.
        """
        sequences = ("selected", "fit_seconds", "history", "tuning")
        tuples = {name: _as_tuples(document.get(name, ())) for name in sequences}
        return cls(target=target, predicted=predicted, proba=proba, fold=fold, **{**document, **tuples})


def _as_tuples(value):
    return tuple(map(_as_tuples, value)) if isinstance(value, list | tuple) else value
