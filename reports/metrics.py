"""Evaluations to tidy tables, in pandas.

One row of a tidy table is one measurement; figures, pages and `metrics.json`
are made from these tables. Scores are fractions. Macro averages run over the labels
that the scored truth holds, so a label without a face neither helps nor hurts.
"""

import numpy as np
import pandas as pd

from ..classifiers.evaluate import HELD_OUT, UNUSED, Evaluation
from ..data.dataset import TEST, TRAIN, VALIDATION, Dataset
from ..data.scores import SCORES, confusion_counts, confusion_scores, share
from ..features import FEATURES
from .baselines import BASELINES, expected_scores, scored_models
from .run import Run

CV = "cv"
RANKED_BY = "accuracy"


def only_label(dataset: Dataset, *, cv: int) -> Evaluation:
    """The evaluation of no model at all, for a dataset with one label: every answer is that label."""
    n, names = len(dataset), dataset.label_names
    fold = np.arange(n) % min(cv, n)
    if dataset.split is not None:
        fold[dataset.split != TRAIN] = HELD_OUT
    return Evaluation(
        "only label", dataset.target, dataset.target.copy(), np.eye(len(names))[dataset.target], fold, (), (), 0.0
    )


def scored_parts(run: Run) -> dict[str, np.ndarray]:
    """Masks (n,) of the rows that are scored together: "cv", and "validation" and "test" where there are rows.

    Rows of "cv" are predicted by the model fitted on the other folds, held-out
    rows by the model fitted on all of them.
    """
    fold = run.evaluations[0].fold
    held_out = fold == HELD_OUT
    split = run.dataset.split if run.dataset.split is not None else np.full(len(fold), TEST)
    parts = {CV: fold >= 0, VALIDATION: held_out & (split == VALIDATION), TEST: held_out & (split == TEST)}
    return {name: rows for name, rows in parts.items() if rows.any()}


def main_part(run: Run) -> str:
    """The part that per-class scores and confusions are shown for: test, else validation, else cv."""
    return list(scored_parts(run))[-1]


def held_out_part(run: Run) -> str | None:
    """`main_part` where it took no part in fitting; None where all scores come from cross-validation."""
    part = main_part(run)
    return None if part == CV else part


def ranked_models(cv: pd.DataFrame) -> list[str]:
    """Names of the models of `cv_table`, best first, without the baselines."""
    return [model for model in cv["model"].unique() if model not in BASELINES]


def faces_of(run: Run, part: str) -> dict[str, np.ndarray]:
    """Masks (n,) of a part: "all" its rows, "detected" those whose face the detector saw, "clean" of `clean_rows`."""
    rows, clean = scored_parts(run)[part], clean_rows(run, part)
    kinds = {"all": rows, "detected": rows & run.landmarks.found}
    return kinds if clean is None else {**kinds, "clean": clean}


def clean_rows(run: Run, part: str) -> np.ndarray | None:
    """Mask (n,) of the pictures of a held-out part of which no copy, exact or near, was trained on.

    None for cross-validation, which keeps copies on one side; where all of
    the part are clean; and where near copies were not looked for.
    """
    if part == CV or not run.duplicates.near_searched:
        return None
    rows = scored_parts(run)[part]
    clean = rows & ~run.duplicates.shown_by(run.evaluations[0].fold >= 0)
    return None if np.array_equal(clean, rows) else clean


def labels_table(run: Run) -> pd.DataFrame:
    """Pictures per part and label: `part`, `label`, `n`; part "unused" for those left out of training."""
    dataset = run.dataset
    part = np.full(len(dataset), TRAIN, dtype=object) if dataset.split is None else dataset.split.astype(object)
    part = np.where(run.evaluations[0].fold == UNUSED, "unused", part)
    order = [name for name in (TRAIN, "unused", VALIDATION, TEST) if (part == name).any()]
    rows = [
        {"part": name, "label": label, "n": int(((part == name) & (dataset.target == index)).sum())}
        for name in order
        for index, label in enumerate(dataset.label_names)
    ]
    return pd.DataFrame(rows)


def found_table(run: Run) -> pd.DataFrame:
    """Faces that the detector saw: `label`, `n`, `found`, `share`; NaN share without a picture."""
    target, found = run.dataset.target, run.landmarks.found
    n = np.bincount(target, minlength=len(run.dataset.label_names))
    seen = np.bincount(target[found], minlength=len(n))
    return pd.DataFrame({"label": run.dataset.label_names, "n": n, "found": seen, "share": share(seen, n)})


def folds_table(evaluations) -> pd.DataFrame:
    """Scores per fold: `model`, `fold`, `n`, `n_train`, and one column a score."""
    rows = []
    for evaluation in evaluations:
        n_trainable = int((evaluation.fold >= 0).sum())
        for fold in range(evaluation.n_folds):
            scored = expected_scores(evaluation, evaluation.fold == fold)
            rows.append({"model": evaluation.name, "fold": fold, "n_train": n_trainable - scored["n"], **scored})
    return pd.DataFrame(rows)[["model", "fold", "n", "n_train", *SCORES]]


def cv_table(folds: pd.DataFrame, intervals: pd.DataFrame) -> pd.DataFrame:
    """Scores in cross-validation, best model first, baselines last.

    `model`, `metric`; `value` of all answers together, which scores every
    picture once, with its interval `low`, `high`; `mean` and `std` of the
    scores of single folds. Models are ranked by the value.

    References
    ----------
    Forman and Scholz, "Apples-to-Apples in Cross-Validation Studies", SIGKDD Explorations 12 (2010): why F1 is taken
    of all answers, not averaged over folds.
    """
    by_model = folds.groupby("model", sort=False)[list(SCORES)]
    columns = {"mean": by_model.mean(), "std": by_model.std()}
    over_folds = pd.concat(
        [frame.stack().rename(name) for name, frame in columns.items()], axis=1
    ).rename_axis(["model", "metric"])  # fmt: skip
    pooled = intervals.query("part == @CV and faces == 'all' and label == ''")
    table = pooled[["model", "metric", "value", "low", "high"]].join(over_folds, on=["model", "metric"])
    best = table[table["metric"] == RANKED_BY].set_index("model")["value"]
    models = best.drop(labels=list(BASELINES), errors="ignore")
    order = [*sorted(models.index, key=lambda model: -models[model]), *(one for one in BASELINES if one in best)]
    return pd.concat([table[table["model"] == model] for model in order], ignore_index=True)


def parts_table(run: Run) -> pd.DataFrame:
    """Scores per scored part: `model`, `part`, `faces` (see `faces_of`), `n`, and one column a score."""
    return pd.DataFrame(
        [
            {"model": evaluation.name, "part": part, "faces": faces, **expected_scores(evaluation, rows)}
            for evaluation in scored_models(run)
            for part in scored_parts(run)
            for faces, rows in faces_of(run, part).items()
        ]
    )


def per_class_table(run: Run) -> pd.DataFrame:
    """`model`, `part`, `faces`, `label`, `precision`, `recall`, `f1`, `n`; NaN where the truth lacks the label."""
    k, blocks = len(run.dataset.label_names), []
    for evaluation in run.evaluations:
        for part in scored_parts(run):
            for faces, rows in faces_of(run, part).items():
                target, predicted = evaluation.target[rows], evaluation.predicted[rows]
                by_label = confusion_scores(confusion_counts(target, predicted, k))
                values = {name: by_label[name] for name in ("precision", "recall", "f1")}
                where = {"model": evaluation.name, "part": part, "faces": faces, "label": run.dataset.label_names}
                blocks.append(pd.DataFrame({**where, **values, "n": np.bincount(target, minlength=k)}))
    return pd.concat(blocks, ignore_index=True)


def confusion_table(run: Run) -> pd.DataFrame:
    """`model`, `part`, `true`, `predicted`, `n`, and `share` of the true label's faces (NaN without one)."""
    names = run.dataset.label_names
    k, blocks = len(names), []
    for evaluation in run.evaluations:
        for part, rows in scored_parts(run).items():
            counts = confusion_counts(evaluation.target[rows], evaluation.predicted[rows], k).astype(int)
            total = counts.sum(axis=1, keepdims=True)
            shares = share(counts, total)
            cells = {"true": np.repeat(names, len(names)), "predicted": np.tile(names, len(names))}
            where = {"model": evaluation.name, "part": part}
            blocks.append(pd.DataFrame({**where, **cells, "n": counts.ravel(), "share": shares.ravel()}))
    return pd.concat(blocks, ignore_index=True)


def selected_table(run: Run) -> pd.DataFrame:
    """Features by the share of folds that kept them: `models`, `feature`, `share`, `between`, `formula`, `unit`.

    Models with the same selection share their rows (`models` joins their
    names). Equal shares are ordered by `between`, the part of a feature's
    variance that lies between the labels of the training part (eta squared).
    """
    between = dict(zip(run.table.names, run.excerpt.between))
    rows = []
    for models, selected in selections(run.evaluations).items():
        names, counts = np.unique([name for fold in selected for name in fold], return_counts=True)
        for name, count in zip(names.tolist(), counts):
            known = FEATURES.get(name)
            rows.append(
                {
                    "models": ", ".join(models),
                    "feature": name,
                    "share": count / len(selected),
                    "between": between.get(name, np.nan),
                    "formula": known.formula if known else "",
                    "unit": known.unit if known else "",
                }
            )
    table = pd.DataFrame(rows, columns=["models", "feature", "share", "between", "formula", "unit"])
    keys = {"by": ["models", "share", "between", "feature"], "ascending": [True, False, False, True]}
    return table.sort_values(**keys, ignore_index=True)


def selections(evaluations) -> dict[tuple[str, ...], tuple]:
    """Names of the models that share a selection, to that selection; models of images are left out."""
    groups = {}
    for evaluation in evaluations:
        if any(evaluation.selected):
            groups.setdefault(tuple(map(tuple, evaluation.selected)), []).append(evaluation.name)
    return {tuple(models): selected for selected, models in groups.items()}


def variance_between_labels(run: Run) -> np.ndarray:
    """Share of each feature's variance that lies between labels (eta squared), shape (d,), on training rows.

    0 where every label has the same mean, 1 where the label fixes the value;
    NaN for a constant feature or without a finite row.
    """
    rows = (run.evaluations[0].fold >= 0) & np.isfinite(run.table.X).all(axis=1)
    X, target = run.table.X[rows], run.dataset.target[rows]
    if not len(X):
        return np.full(run.table.X.shape[1], np.nan)
    total = ((X - X.mean(axis=0)) ** 2).sum(axis=0)
    members = target[:, None] == np.unique(target)
    n = members.sum(axis=0)
    means = (members.T.astype(float) @ X) / n[:, None]
    between = (n[:, None] * (means - X.mean(axis=0)) ** 2).sum(axis=0)
    return np.divide(between, total, out=np.full(len(total), np.nan), where=total > 0)


def history_table(evaluations) -> pd.DataFrame:
    """Training of nets: `model`, `fit` (fold number, or "all"), and one column an entry of the history."""
    rows = [
        {"model": evaluation.name, "fit": str(fit) if fit < evaluation.n_folds else "all", **epoch}
        for evaluation in evaluations
        for fit, epochs in enumerate(evaluation.history)
        for epoch in epochs
    ]
    return pd.DataFrame(rows, columns=None if rows else ["model", "fit", "epoch"])


def tuning_table(evaluations) -> pd.DataFrame:
    """What `--tune` tried, one row a trial.

    `model`, `fit` (fold number, or "all"), `setting` in words, `rung` (1 for
    the fewest rows) and its `rows`, `f1_macro` over the folds within,
    `chosen` for the fit.
    """
    rows = [
        {
            "model": evaluation.name,
            "fit": str(fit) if fit < evaluation.n_folds else "all",
            "setting": ", ".join(f"{path.split('__')[-1]} {value}" for path, value in trial["params"].items()),
            "rung": sorted({other["rows"] for other in trials}).index(trial["rows"]) + 1,
            "rows": trial["rows"],
            "f1_macro": trial["score"],
            "chosen": trial["chosen"],
        }
        for evaluation in evaluations
        for fit, trials in enumerate(evaluation.tuning)
        for trial in trials
    ]
    return pd.DataFrame(rows, columns=["model", "fit", "setting", "rung", "rows", "f1_macro", "chosen"])


def cost_table(run: Run) -> pd.DataFrame:
    """What each model costs.

    `fit_seconds` (mean of the folds), `fit_all_seconds`,
    `predict_seconds_per_face` from measurements or crop to answer,
    `whole_seconds_per_face` from picture to answer, `model_bytes`.
    """
    rows = []
    for evaluation in run.evaluations:
        folds, whole = np.split(np.array(evaluation.fit_seconds, dtype=float), [evaluation.n_folds])
        landmarks = np.nan if run.landmark_seconds is None else run.landmark_seconds
        rows.append(
            {
                "model": evaluation.name,
                "fit_seconds": folds.mean() if len(folds) else np.nan,
                "fit_all_seconds": whole[0] if len(whole) else np.nan,
                "predict_seconds_per_face": evaluation.predict_seconds,
                "whole_seconds_per_face": evaluation.predict_seconds + landmarks,
                "model_bytes": run.model_bytes.get(evaluation.name, np.nan),
            }
        )
    return pd.DataFrame(rows)


def predictions_table(run: Run) -> pd.DataFrame:
    """What every model said of every picture, one row a model and picture: enough to score again."""
    dataset, names = run.dataset, np.array([*run.dataset.label_names, None], dtype=object)
    shared = {
        "key": dataset.keys.astype(str),
        "label": pd.Categorical(names[dataset.target], categories=dataset.label_names),
        "subject": None if dataset.groups is None else dataset.groups.astype(str),
        "split": None if dataset.split is None else dataset.split.astype(str),
        "found": run.landmarks.found,
        "detector_score": run.landmarks.score,
    }
    blocks = []
    for evaluation in run.evaluations:
        predicted = pd.Categorical(names[evaluation.predicted], categories=dataset.label_names)
        proba = {f"proba_{label}": evaluation.proba[:, index] for index, label in enumerate(dataset.label_names)}
        model = {"model": evaluation.name, "fold": evaluation.fold, "predicted": predicted}
        blocks.append(pd.DataFrame({**shared, **model, **proba}))
    return pd.concat(blocks, ignore_index=True)
