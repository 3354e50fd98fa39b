"""What a model's answers rest on, as tidy tables."""

import numpy as np
import pandas as pd

from ..classifiers.ablation import OWN
from .run import Run

FAMILY, CLUSTER, FEATURE = "family", "cluster", "feature"
IMPORTANCE_COLUMNS = ("kind", "name", "n_features", "drop", "std", "low", "high")
MOVE_COLUMNS = (
    "row", "key", "true", "predicted", "probability", "rank", "cluster", "value", "median", "change", "flips_after",
    "flips_to",
)  # fmt: skip


def explained_rows(run: Run) -> list[int]:
    """Rows whose faces are explained one by one."""
    return [face.row for face in run.explanation.faces] if run.explanation else []


def importance_table(run: Run) -> pd.DataFrame:
    """Macro F1 lost by shuffling, by `kind` ("family", "cluster", "feature") and `name`; `std` over the repeats."""
    explanation = run.explanation
    kinds = {} if explanation is None else {
        FAMILY: explanation.families, CLUSTER: explanation.related, FEATURE: explanation.features
    }  # fmt: skip
    rows = [
        (kind, one.name, one.n_features, one.drop, float(np.std(one.drops)), one.low, one.high)
        for kind, ranked in kinds.items()
        for one in ranked
    ]
    return pd.DataFrame(rows, columns=list(IMPORTANCE_COLUMNS))


def clusters_table(run: Run) -> pd.DataFrame:
    """Features of each cluster with their rank `correlation` to the one that names it."""
    rows = [
        (cluster.name, feature, correlation)
        for cluster in (run.explanation.clusters if run.explanation else ())
        for feature, correlation in zip(cluster.members, cluster.correlations)
    ]
    return pd.DataFrame(rows, columns=["cluster", "feature", "correlation"])


def effects_table(run: Run) -> pd.DataFrame:
    """Mean `change` of the probability of each label when a cluster goes from `low` to `high`."""
    rows = [
        (effect.name, effect.low, effect.high, label, change)
        for effect in (run.explanation.effects if run.explanation else ())
        for label, change in zip(run.dataset.label_names, effect.changes)
    ]
    return pd.DataFrame(rows, columns=["cluster", "low", "high", "label", "change"])


def ablation_table(run: Run) -> pd.DataFrame:
    """Macro F1 by `kind` ("all", "alone", "without") and `family`: mean and standard deviation over the folds."""
    rows = [
        (one.kind, one.family, one.n_features, *_mean_and_std(one.f1_macro))
        for one in (run.explanation.ablation if run.explanation else ())
    ]
    return pd.DataFrame(rows, columns=["kind", "family", "n_features", "f1_macro", "std"])


def stability_table(run: Run) -> pd.DataFrame:
    """How much choices in different folds agree, and macro F1 with them, by selector and number kept."""
    rows = [
        (
            one.by if one.by != OWN else run.protocol.selector,
            one.by == OWN,
            one.kept,
            one.always,
            one.stability,
            *_mean_and_std(one.f1_macro),
        )  # fmt: skip
        for one in (run.explanation.stability if run.explanation else ())
    ]
    return pd.DataFrame(rows, columns=["selector", "own", "kept", "always", "stability", "f1_macro", "std"])


def _mean_and_std(values):
    return (float(np.nanmean(values)), float(np.nanstd(values, ddof=1))) if len(values) else (np.nan, np.nan)


def moves_table(run: Run) -> pd.DataFrame:
    """What moved the answer for single faces, the largest `change` first."""
    names = run.dataset.label_names
    rows = [
        (
            face.row,
            str(run.dataset.keys[face.row]),
            names[run.dataset.target[face.row]],
            names[face.predicted],
            face.probability,
            rank,
            move.name,
            move.value,
            move.median,
            move.change,
            face.flips_after,
            None if face.flips_to is None else names[face.flips_to],
        )  # fmt: skip
        for face in (run.explanation.faces if run.explanation else ())
        for rank, move in enumerate(face.moves, start=1)
    ]
    return pd.DataFrame(rows, columns=list(MOVE_COLUMNS)).astype({"flips_after": "Int64"})
