"""Results of `classifiers` to and from plain JSON values, until each of them does so itself."""

from dataclasses import asdict, fields

import numpy as np

from ..classifiers.ablation import Ablated, Stability
from ..classifiers.audit import Audit, Comparison, CurvePoint
from ..classifiers.clusters import Cluster
from ..classifiers.evaluate import Evaluation, Protocol
from ..classifiers.explain import Effect, Explanation, FaceExplained, Importance, Move

ANSWERS = ("target", "predicted", "proba", "fold")
ENTRIES = {
    "clusters": Cluster, "features": Importance, "related": Importance, "families": Importance, "effects": Effect,
    "ablation": Ablated, "stability": Stability,
}  # fmt: skip


def protocol_from_dict(stored: dict) -> Protocol:
    return Protocol(**stored)


def evaluation_to_dict(evaluation: Evaluation) -> dict:
    """All but what it answered: `ANSWERS` are columns of a table."""
    return {field.name: getattr(evaluation, field.name) for field in fields(evaluation) if field.name not in ANSWERS}


def evaluation_from_dict(stored: dict, **answers: np.ndarray) -> Evaluation:
    # A run from before there was tuning says nothing of it.
    tuples = {name: _tuples(stored.get(name, [])) for name in ("selected", "fit_seconds", "history", "tuning")}
    return Evaluation(**answers, **stored | tuples)


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def audit_to_dict(audit: Audit) -> dict:
    arrays = {"rows": audit.rows.tolist(), "repeats": audit.repeats.tolist()}
    comparisons = [
        {**vars(one), "honest": one.honest.tolist(), "leaky": one.leaky.tolist()} for one in audit.comparisons
    ]
    curves = {name: [vars(point) for point in getattr(audit, name)] for name in ("learning", "features")}
    return {**vars(audit), **arrays, **curves, "comparisons": comparisons}


def audit_from_dict(stored: dict) -> Audit:
    comparisons = tuple(
        Comparison(one["name"], np.array(one["honest"]), np.array(one["leaky"]), one["why_not"])
        for one in stored["comparisons"]
    )
    curves = {
        name: tuple(CurvePoint(point["at"], tuple(point["f1_macro"])) for point in stored[name])
        for name in ("learning", "features")
    }
    arrays = {"rows": np.array(stored["rows"]), "repeats": np.array(stored["repeats"])}
    return Audit(**stored | arrays | curves | {"comparisons": comparisons, "fold_sizes": tuple(stored["fold_sizes"])})


def explanation_to_dict(explanation: Explanation) -> dict:
    return asdict(explanation) | {"rows": explanation.rows.tolist()}


def explanation_from_dict(stored: dict) -> Explanation:
    """JSON holds NaN as null."""
    entries = {name: _entries(kind, stored[name]) for name, kind in ENTRIES.items()}
    faces = tuple(FaceExplained(**face | {"moves": _entries(Move, face["moves"])}) for face in stored["faces"])
    return Explanation(**stored | entries | {"rows": np.array(stored["rows"], dtype=np.int64), "faces": faces})


def _entries(kind, entries):
    return tuple(kind(**{name: _value(value) for name, value in entry.items()}) for entry in entries)


def _value(value):
    if isinstance(value, list):
        return tuple(map(_value, value))
    return float("nan") if value is None else value
