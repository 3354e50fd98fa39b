"""The document that `metrics.json` holds: the contract of design.md, and some keys more."""

import numpy as np

from ..classifiers.evaluate import UNUSED
from ..data.dataset import TEST
from ..data.scores import SCORES
from .baselines import BASELINE, GUESS, majority_label
from .metrics import CV, main_part, scored_parts
from .run import Run
from .section import Tables
from .settings import plain

SCHEMA = 1


def metrics_document(run: Run, tables: Tables) -> dict:
    """The content of `metrics.json` (contract in design.md): the same run and seed give the same, times apart."""
    return plain(
        {
            "schema": SCHEMA,
            "dataset": _dataset_document(run, tables),
            "landmarks": _landmarks_document(run),
            "features": {"families": run.families, "n_features": run.table.X.shape[1]},
            "protocol": _protocol_document(run),
            "baseline": _baseline_document(run, tables),
            "models": {evaluation.name: _model_document(run, tables, evaluation) for evaluation in run.evaluations},
            "pairs": _pairs_document(tables),
            "audit": _audit_document(run, tables),
            "seconds": run.seconds,
            "versions": run.versions,
        }
    )


def _dataset_document(run, tables):
    dataset = run.dataset
    return {
        "name": dataset.name,
        "synthetic": dataset.synthetic,
        "n_images": len(dataset),
        "label_counts": dataset.label_counts(),
        "n_subjects": None if dataset.groups is None else len(np.unique(dataset.groups)),
        "n_duplicates": run.duplicates.exact,
        "n_near_duplicates": run.duplicates.near if run.duplicates.near_searched else None,
        "parts": tables["labels"].groupby("part", sort=False)["n"].sum().to_dict(),
        "skipped": len(run.skipped),
    }


def _landmarks_document(run):
    fresh, seconds = run.n_landmarks_fresh, run.seconds.get("landmarks")
    return {
        "detector": run.detector,
        "on_miss": run.on_miss,
        "found": run.landmarks.found.mean(),
        "n_found": run.landmarks.found.sum(),
        "images_per_second": fresh / seconds if fresh and seconds else None,
    }


def _protocol_document(run):
    protocol, split = run.protocol, run.dataset.split
    across = run.duplicates.across_split(split)
    return {
        "cv": protocol.cv,
        "grouped_by": protocol.grouped_by,
        "reference": protocol.reference,
        "selector": protocol.selector,
        "n_features": protocol.n_features,
        "balance": protocol.balance,
        "augment": protocol.augment,
        "tune": protocol.tune,
        "seed": protocol.seed,
        "duplicates": {
            "across_split": across["exact"],
            "near_across_split": across["near"] if run.duplicates.near_searched else None,
            "near_searched": run.duplicates.near_searched,
            "left_out": (run.evaluations[0].fold == UNUSED).sum(),
        },
    }


def _baseline_document(run, tables):
    part = main_part(run)
    document = {"majority_label": majority_label(run), "part": part, **_scores_document(run, tables, BASELINE)}
    all_faces = tables["parts"][(tables["parts"]["model"] == BASELINE) & (tables["parts"]["faces"] == "all")]
    accuracy = all_faces.set_index("part")["accuracy"][part]
    guess = _scores_document(run, tables, GUESS)
    return {"majority_accuracy": accuracy, **document, "stratified": guess}


def _model_document(run, tables, evaluation):
    cost = tables["cost"].set_index("model").loc[evaluation.name]
    return {
        **_scores_document(run, tables, evaluation.name),
        **cost.drop("model_bytes").to_dict(),  # sizes vary by a few bytes, and this file does not
        "calibration_error": tables["certainty"].set_index("model").loc[evaluation.name, "ece"],
        "params": evaluation.params,
    }


def _scores_document(run, tables, model):
    cv = tables["cv"][tables["cv"]["model"] == model].set_index("metric")
    folds = tables["folds"][tables["folds"]["model"] == model]
    over_folds = {
        metric: {
            "value": row["value"],
            "mean": row["mean"],
            "std": row["std"],
            "ci95": None if np.isnan(row["low"]) else [row["low"], row["high"]],
            "folds": folds[metric].tolist(),
        }
        for metric, row in cv.iterrows()
    }
    parts = {part: _part_document(tables, model, part) for part in scored_parts(run)}
    document = {"cv": over_folds, "cv_pooled": parts.pop(CV), TEST: None}
    return document | parts


def _pairs_document(tables):
    """Pairs of models; `clean` on the test pictures without a copy in training, null where there is no such part."""
    clean = {(row["first"], row["second"]): row for row in tables["pairs_clean"].to_dict("records")}
    entries = []
    for row in tables["pairs"].to_dict("records"):
        without = clean.get((row["first"], row["second"]))
        kept = None if without is None else {name: without[name] for name in ("n", "difference", "p", "p_holm")}
        entries.append(_record(row) | {"clean": kept and _record(kept)})
    return entries


def _record(row):
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()}


def _audit_document(run, tables):
    if run.audit is None:
        return None
    gaps = tables["gaps"].drop(columns=["cause", "honest_rule", "leaky_rule"]).to_dict("records")
    repeats = {"accuracy": run.audit.repeats.tolist()}
    return {
        "classifier": run.audit.classifier,
        "n_images": len(run.audit.rows),
        "gaps": {gap.pop("rule"): _record(gap) for gap in gaps},
        "repeated_cv": repeats,
        "seconds": run.audit.seconds,
    }


def _part_document(tables, model, part):
    rows = tables["parts"][(tables["parts"]["model"] == model) & (tables["parts"]["part"] == part)]
    per_class = tables["per_class"][(tables["per_class"]["model"] == model) & (tables["per_class"]["part"] == part)]
    intervals = tables["intervals"][(tables["intervals"]["model"] == model) & (tables["intervals"]["part"] == part)]
    document = {}
    for row in rows.to_dict("records"):
        classes = per_class[per_class["faces"] == row["faces"]].set_index("label")
        headline = intervals[(intervals["faces"] == row["faces"]) & (intervals["label"] == "")]
        bounds = {one.metric: [one.low, one.high] for one in headline.itertuples()}
        document[row["faces"]] = {name: row[name] for name in ("n", *SCORES)} | {"ci95": bounds}
        if len(classes):
            columns = classes[["precision", "recall", "f1", "n"]]
            document[row["faces"]]["per_class"] = {label: dict(values) for label, values in columns.iterrows()}
            for values in document[row["faces"]]["per_class"].values():
                values["n"] = int(values["n"])
    return document
