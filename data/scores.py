"""Scores of labels: accuracy, macro recall and macro F1, of answers and of confusion matrices.

Macro averages run over the labels that the scored truth holds, so a label without a face neither helps nor hurts.
Scores are fractions, 0 to 1.
"""

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

SCORES = ("accuracy", "recall_macro", "f1_macro")


def scores(target: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """`n`, accuracy, macro recall and macro F1 over the labels that `target` (n,) holds; NaN without a row.

    >>> scores(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))["accuracy"]
    0.75
    """
    if not len(target):
        return {"n": 0, **dict.fromkeys(SCORES, np.nan)}
    _, recall, f1, _ = precision_recall_fscore_support(
        target, predicted, labels=np.unique(target), average="macro", zero_division=0
    )
    values = (accuracy_score(target, predicted), recall, f1)
    return {"n": len(target), **{name: float(value) for name, value in zip(SCORES, values)}}


def macro_f1(target: np.ndarray, predicted: np.ndarray) -> float:
    """Mean F1 over the labels that `target` (n,) holds; a label that is never named has 0."""
    return float(f1_score(target, predicted, labels=np.unique(target), average="macro", zero_division=0))


def confusion_counts(
    target: np.ndarray, predicted: np.ndarray, k: int, weights: np.ndarray | None = None
) -> np.ndarray:
    """How often label i was named j, (k, k); with `weights` (b, n), how often each row counts, (b, k, k)."""
    cells = np.asarray(target) * k + predicted
    if weights is None:
        return np.bincount(cells, minlength=k * k).reshape(k, k).astype(float)
    occurs = np.zeros((len(cells), k * k))
    occurs[np.arange(len(cells)), cells] = 1
    return (weights @ occurs).reshape(-1, k, k)


def confusion_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of confusion matrices (…, k, k), rows the truth: headline ones (…,) and per label ones (…, k).

    Labels that the truth lacks are NaN and count in no macro average; a label
    that is never named has precision 0.
    """
    counts = np.asarray(counts, dtype=float)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    truth, named = counts.sum(axis=-1), counts.sum(axis=-2)
    known = truth > 0
    recall = share(right, truth)
    precision = np.where(known, np.nan_to_num(share(right, named)), np.nan)
    f1 = np.where(known, np.nan_to_num(share(2 * right, truth + named)), np.nan)
    return {
        "accuracy": share(right.sum(axis=-1), truth.sum(axis=-1)),
        "recall_macro": _mean_known(recall, known),
        "f1_macro": _mean_known(f1, known),
        "precision": precision,
        "recall": recall,
        "f1": f1,
    }


def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, NaN where the whole is nothing."""
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)


def _mean_known(values, known):
    return share(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(float))
