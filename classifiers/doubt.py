"""What a model's recipe says of its doubts: when not to answer, and which labels cannot be ruled out.

Both are learned from the answers of the cross-validation, each given by a model that had not seen the face. A model
that was fitted on all folds is as good as these, or a little better.
"""

from collections.abc import Mapping

import numpy as np

from ..data.errors import LineamentError, check_choice
from .abstention import DELTA, RISKS, answered, confidence_of, guaranteed_threshold, plain_threshold
from .conformal import ALWAYS, LEVELS, NEVER, thresholds_of
from .evaluation import Evaluation

GROUPS = ("face found", "face not found")  # by the detector; index 0 where it saw the face
OLDER = "This model was made before models knew when not to answer. Train it again: lineament run …"


def doubts_of(evaluation: Evaluation, *, clusters: np.ndarray, found: np.ndarray) -> dict[str, dict]:
    """The entries `refusal` and `sets` of the recipe of a model.

    Parameters
    ----------
    evaluation : Evaluation
    clusters : ndarray of shape (n,)
        Faces that belong together, such as `Folds.groups`.
    found : ndarray of shape (n,), bool
        Whether the detector saw the face.
    """
    rows = evaluation.fold >= 0
    proba, target, clusters = evaluation.proba[rows], evaluation.target[rows], clusters[rows]
    confidence, wrong = confidence_of(proba), evaluation.predicted[rows] != target
    group, k = (~found[rows]).astype(int), proba.shape[1]
    return {
        "refusal": {named(risk): _refusal(confidence, wrong, risk, clusters) for risk in RISKS},
        "sets": {
            named(level): {
                "labels": _plain(thresholds_of(proba, target, target, k, clusters=clusters, level=level)),
                "groups": _plain(thresholds_of(proba, target, group, len(GROUPS), clusters=clusters, level=level)),
            }
            for level in LEVELS
        },
    }


def _refusal(confidence, wrong, risk, clusters):
    guaranteed = guaranteed_threshold(confidence, wrong, risk, clusters=clusters)
    plain = plain_threshold(confidence, wrong, risk)
    return {
        "risk": risk,
        "sureness": 1 - DELTA,
        "threshold": guaranteed,
        "answered": float(answered(confidence, guaranteed).mean()),
        "plain_threshold": plain,
        "plain_answered": float(answered(confidence, plain).mean()),
    }


def refusal_threshold(refusal: Mapping, risk: float, *, guaranteed: bool = True) -> float | None:
    """The confidence from which a model answers at this risk, from the entry of its recipe; None for never.

    Raises
    ------
    LineamentError
        For a recipe without it, or another risk than those it holds.
    """
    kept = _entry(refusal, "risk", risk)
    return kept["threshold" if guaranteed else "plain_threshold"]


def set_thresholds(sets: Mapping, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds by label (k,) and by group (2,) of the entry of a recipe.

    Raises
    ------
    LineamentError
        For a recipe without it, or another level than those it holds.
    """
    kept = _entry(sets, "level", level)
    by_label, by_group = (
        np.array([ALWAYS if value is None else value for value in kept[name]], dtype=float)
        for name in ("labels", "groups")
    )
    return by_label, by_group


def named(share: float) -> str:
    """A risk or a level as the key of a recipe, which JSON keeps as text."""
    return f"{share:g}"


def _entry(kept, kind, share):
    if not kept:
        raise LineamentError(OLDER)
    return kept[check_choice(kind, named(share), kept)]


def _plain(thresholds):
    """As JSON has them: None for ALWAYS; NEVER, below every score, as -1."""
    return [None if one == ALWAYS else -1.0 if one == NEVER else float(one) for one in thresholds]
