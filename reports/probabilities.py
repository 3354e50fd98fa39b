"""What the probabilities of the models are worth: ROC and precision-recall curves, calibration."""

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from .metrics import main_part, scored_parts
from .run import Run
from .statistics import calibration

POINTS = 120  # of a curve, enough for a drawing of 400 pixels
MACRO = "macro mean"
CURVE_COLUMNS = ("model", "curve", "label", "x", "y")


def answers(run: Run, evaluation, part: str | None = None):
    """Truth (n,), answers (n,) and probabilities (n, k) of the rows of a part (default: `main_part`)."""
    rows = scored_parts(run)[part or main_part(run)]
    return evaluation.target[rows], evaluation.predicted[rows], evaluation.proba[rows]


def separable(target: np.ndarray, k: int) -> list[int]:
    """Labels that some of the pictures bear and others do not: a curve needs both."""
    counts = np.bincount(target, minlength=k)
    return np.flatnonzero((counts > 0) & (counts < len(target))).tolist()


def scored_alike(run: Run, evaluation) -> list[tuple[np.ndarray, np.ndarray]]:
    """Truth and probabilities of the main part, by model that gave them: each fold by itself, or the held-out part.

    The probabilities of models fitted on different faces are not put into one
    order.

    References
    ----------
    Forman and Scholz, "Apples-to-Apples in Cross-Validation Studies", SIGKDD Explorations 12 (2010).
    """
    rows, fold = scored_parts(run)[main_part(run)], evaluation.fold
    masks = [rows & (fold == number) for number in np.unique(fold[rows])]
    return [(evaluation.target[mask], evaluation.proba[mask]) for mask in masks]


def _by_label(run, evaluation):
    """(label, list of (truth, score)) of the labels that some fold can tell from the rest."""
    parts, k = scored_alike(run, evaluation), len(run.dataset.label_names)
    able = [set(separable(target, k)) for target, _ in parts]
    for label in sorted(set().union(*able)):
        yield label, [(target == label, proba[:, label]) for (target, proba), one in zip(parts, able) if label in one]


def areas_table(run: Run) -> pd.DataFrame:
    """`model`, `label`, `auc` under the ROC curve and `average_precision`, one label against the rest; main part.

    In a cross-validation both are means over the folds that hold the label.
    """
    rows = [
        (
            evaluation.name,
            run.dataset.label_names[label],
            np.mean([roc_auc_score(*one) for one in parts]),
            np.mean([average_precision_score(*one) for one in parts]),
        )
        for evaluation in run.evaluations
        for label, parts in _by_label(run, evaluation)
    ]
    return pd.DataFrame(rows, columns=["model", "label", "auc", "average_precision"])


def curves_table(run: Run) -> pd.DataFrame:
    """Points of the curves, thinned: `model`, `curve` ("roc", "pr"), `label` (last the macro mean), `x`, `y`.

    "roc": x the false alarms, y the recall; "pr": x the recall, y the
    precision. The macro mean, and in a cross-validation the mean over the
    folds, is that of y at equal x.
    """
    blocks = [pd.DataFrame(columns=list(CURVE_COLUMNS))]
    grid = np.linspace(0, 1, POINTS)
    for evaluation in run.evaluations:
        labels = list(_by_label(run, evaluation))
        for curve, points in (("roc", _roc), ("pr", _precision_recall)):
            each = {
                run.dataset.label_names[label]: np.mean([points(*one, grid) for one in parts], axis=0)
                for label, parts in labels
            }
            if each:
                each[MACRO] = np.mean(list(each.values()), axis=0)
            for label, y in each.items():
                blocks.append(
                    pd.DataFrame({"model": evaluation.name, "curve": curve, "label": label, "x": grid, "y": y})
                )
    return pd.concat([block for block in blocks if len(block)] or blocks, ignore_index=True)


def _roc(truth, score, grid):
    false_alarms, recall, _ = roc_curve(truth, score)
    return np.interp(grid, false_alarms, recall)


def _precision_recall(truth, score, grid):
    precision, recall, _ = precision_recall_curve(truth, score)
    # Precision saws up and down between recalls: draw its best at this recall or beyond.
    envelope = np.maximum.accumulate(precision)
    return np.interp(grid, recall[::-1], envelope[::-1])


def calibration_table(run: Run) -> pd.DataFrame:
    """Bins of confidence: `model`, `from`, `to`, `n`, `confidence`, `accuracy` (NaN in an empty bin); main part."""
    blocks = []
    for evaluation in run.evaluations:
        bins = _calibration(run, evaluation)
        values = {"n": bins.n, "confidence": bins.confidence, "accuracy": bins.accuracy}
        blocks.append(pd.DataFrame({"model": evaluation.name, "from": bins.edges[:-1], "to": bins.edges[1:], **values}))
    return pd.concat(blocks, ignore_index=True)


def _calibration(run, evaluation):
    target, predicted, proba = answers(run, evaluation)
    return calibration(np.clip(proba.max(axis=1), 0, 1), predicted == target)


def _auroc(right, confidence):
    return roc_auc_score(right, confidence) if 0 < right.sum() < len(right) else np.nan


def certainty_table(run: Run) -> pd.DataFrame:
    """Per model, main part: how good its probabilities are.

    `auc_macro`, `ap_macro`: means over labels; `ece`: calibration error in bins of equal mass; `auroc_right`: area
    under the ROC curve of the confidence for being right, NaN where all answers are right, or none; `brier`,
    `log_loss`; means of `confidence` and `accuracy`.
    """
    areas = areas_table(run).groupby("model")[["auc", "average_precision"]].mean()
    rows = []
    for evaluation in run.evaluations:
        target, predicted, proba = answers(run, evaluation)
        given = proba[np.arange(len(target)), target]
        known = evaluation.name in areas.index
        rows.append(
            {
                "model": evaluation.name,
                "auc_macro": areas.loc[evaluation.name, "auc"] if known else np.nan,
                "ap_macro": areas.loc[evaluation.name, "average_precision"] if known else np.nan,
                "ece": _calibration(run, evaluation).error,
                "auroc_right": _auroc(predicted == target, proba.max(axis=1)),
                "brier": ((proba - np.eye(proba.shape[1])[target]) ** 2).sum(axis=1).mean(),
                "log_loss": -np.log(np.clip(given, 1e-15, 1)).mean(),
                "confidence": proba.max(axis=1).mean(),
                "accuracy": (predicted == target).mean(),
            }
        )
    return pd.DataFrame(rows)
