"""All tidy tables of a run; `tables/<name>.csv` and `.parquet` each."""

from dataclasses import dataclass

import pandas as pd

from . import errors, explanations, gaps, metrics, probabilities, slices, uncertainty
from .run import Run


@dataclass(frozen=True)
class Tables:
    """The tidy tables of a run.

    `labels` pictures per label and part; `found` faces found per label;
    `folds` scores per model and fold; `cv` their mean, spread and interval;
    `parts` scores per model, scored part and faces ("all", "detected");
    `intervals` of these and of the scores per label; `pairs` and `ranks` of
    models; `per_class`, `confusion` likewise; `confused` and `worst` errors;
    `areas`, `curves`, `certainty`, `calibration` of the probabilities;
    `slices` by the conditions of the picture; `gaps`, `repeats`,
    `audit_curves` of the audit; `importance`, `clusters`, `effects`,
    `ablation`, `stability`, `moves` of the explanation; `selected` features
    by the share of folds that kept them; `history` of nets by epoch;
    `tuning` by trial; `cost` per model.
    """

    labels: pd.DataFrame
    found: pd.DataFrame
    folds: pd.DataFrame
    cv: pd.DataFrame
    parts: pd.DataFrame
    intervals: pd.DataFrame
    pairs: pd.DataFrame
    ranks: pd.DataFrame
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    confused: pd.DataFrame
    worst: pd.DataFrame
    areas: pd.DataFrame
    curves: pd.DataFrame
    certainty: pd.DataFrame
    calibration: pd.DataFrame
    slices: pd.DataFrame
    gaps: pd.DataFrame
    repeats: pd.DataFrame
    audit_curves: pd.DataFrame
    importance: pd.DataFrame
    clusters: pd.DataFrame
    effects: pd.DataFrame
    ablation: pd.DataFrame
    stability: pd.DataFrame
    moves: pd.DataFrame
    selected: pd.DataFrame
    history: pd.DataFrame
    tuning: pd.DataFrame
    cost: pd.DataFrame


def tables_of(run: Run) -> Tables:
    """All tidy tables of a run with its excerpt; the baselines are scored as models more."""
    evaluations = [*run.evaluations, *metrics.baselines(run.evaluations[0])]
    folds = metrics.folds_table(evaluations)
    return Tables(
        labels=metrics.labels_table(run),
        found=metrics.found_table(run),
        folds=folds,
        cv=metrics.cv_table(folds),
        parts=metrics.parts_table(run, evaluations),
        intervals=uncertainty.intervals_table(run, evaluations),
        pairs=uncertainty.pairs_table(run, folds),
        ranks=uncertainty.ranks_table(run, folds),
        per_class=metrics.per_class_table(run),
        confusion=metrics.confusion_table(run),
        confused=errors.confused_table(run),
        worst=errors.worst_table(run),
        areas=probabilities.areas_table(run),
        curves=probabilities.curves_table(run),
        certainty=probabilities.certainty_table(run),
        calibration=probabilities.calibration_table(run),
        slices=slices.slices_table(run),
        gaps=gaps.gaps_table(run),
        repeats=gaps.repeats_table(run),
        audit_curves=gaps.audit_curves_table(run),
        importance=explanations.importance_table(run),
        clusters=explanations.clusters_table(run),
        effects=explanations.effects_table(run),
        ablation=explanations.ablation_table(run),
        stability=explanations.stability_table(run),
        moves=explanations.moves_table(run),
        selected=metrics.selected_table(run),
        history=metrics.history_table(run.evaluations),
        tuning=metrics.tuning_table(run.evaluations),
        cost=metrics.cost_table(run),
    )
