"""Sets of labels that hold the true one as often as they promise: split conformal prediction, with crepes.

The score of a label is 1 - its probability. A set holds every label whose score is within a threshold, which is learned
from the scores that the true labels had on faces unseen by the model. Thresholds are learned for each label from the
faces that bear it, so that the promise holds for rare labels too, and for groups of faces.

What is promised: for a new face that bears the label (or belongs to the group), of a new subject where clusters are
subjects, the set holds the true label with the probability `level` at least; on average over what the threshold was
learned from. Faces of one cluster are not exchangeable with those of another, so each cluster lends one face, drawn at
random, to each category.

References
----------
Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2nd edition 2022: label-conditional prediction.
Sadinle, Lei and Wasserman, "Least Ambiguous Set-Valued Classifiers", JASA 114 (2019): the score.
Dunn, Wasserman and Ramdas, "Distribution-Free Prediction Sets for Two-Layer Hierarchical Models", JASA 118 (2023).
"""

from bisect import bisect_left

import numpy as np

LEVELS = (0.8, 0.9, 0.95)
ALWAYS, NEVER = np.inf, -np.inf  # thresholds: too few faces to leave the label out; no face at all to speak of it
ROUNDING = 1e-9


def least_faces(level: float) -> int:
    """How many faces a threshold is learned from at least: with fewer, every set must hold the label.

    >>> [least_faces(level) for level in LEVELS]
    [4, 9, 19]
    """
    return int(np.ceil(1 / (1 - level) - 1 - ROUNDING))


def threshold_of(scores: np.ndarray, level: float) -> float:
    """The largest score whose conformal p value exceeds 1 - `level`; `scores` (n,) of true labels, ALWAYS for few."""
    if len(scores) < least_faces(level):
        return ALWAYS if len(scores) else NEVER
    from crepes import ConformalClassifier  # a tenth of a second, for those who learn a threshold

    rising, conformal = np.sort(scores), ConformalClassifier().fit(scores)

    def too_strange(score):
        return conformal.predict_p(np.array([score]), smoothing=False)[0] <= 1 - level + ROUNDING

    first = bisect_left(rising, True, key=too_strange)
    return float(rising[first - 1]) if first else NEVER


def thresholds_of(
    proba: np.ndarray,
    target: np.ndarray,
    category: np.ndarray,
    n_categories: int,
    *,
    clusters: np.ndarray,
    level: float,
    seed: int = 0,
) -> np.ndarray:
    """Thresholds (c,) by category, from faces that the model was not fitted on.

    Parameters
    ----------
    proba : ndarray of shape (n, k)
    target : ndarray of shape (n,), int
    category : ndarray of shape (n,), int in 0 … c-1
        Such as the label itself, or a group of faces.
    n_categories : int
    clusters : ndarray of shape (n,)
    level : float
    seed : int
        Of the face that each cluster lends.
    """
    rows = one_a_cluster(category, clusters, seed)
    scores = scores_of(proba[rows], target[rows])
    return np.array([threshold_of(scores[category[rows] == one], level) for one in range(n_categories)])


def scores_of(proba: np.ndarray, target: np.ndarray) -> np.ndarray:
    """How strange the true labels (n,) are to the model, (n,), from probabilities (n, k)."""
    return 1 - proba[np.arange(len(target)), target]


def one_a_cluster(category: np.ndarray, clusters: np.ndarray, seed: int) -> np.ndarray:
    """Rows, sorted: of every cluster one at random in each category (n,) that it has."""
    order = np.random.default_rng(seed).permutation(len(category))
    _, cluster = np.unique(clusters, return_inverse=True)
    pairs = category[order] * (int(cluster.max(initial=0)) + 1) + cluster[order]
    return np.sort(order[np.unique(pairs, return_index=True)[1]])


def sets_of(proba: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Label sets (n, k), bool, of probabilities (n, k); `thresholds` by label (k,), or by face (n, 1)."""
    return 1 - proba <= thresholds
