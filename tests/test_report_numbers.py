"""The numbers of a report, worked by hand; metrics.json and its schema."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from lineament.classifiers.evaluate import HELD_OUT, UNUSED, Evaluation
from lineament.data.duplicates import find_duplicates
from lineament.data.scores import scores
from lineament.features import FeatureTable
from lineament.reports import ranking_rows, tables_of, write_report
from lineament.reports.baselines import (
    BASELINES,
    majority_baseline,
)
from lineament.reports.document import metrics_document
from lineament.reports.metrics import variance_between_labels
from lineament.reports.statistics import corrected_interval
from made_runs import LABELS, N, made_run, with_excerpt

# --- numbers ---------------------------------------------------------------------------------------


def test_scores_by_hand():
    # Label 0: 2 of 3 found, named twice: recall 2/3, precision 1, F1 4/5.
    # Label 1: 1 of 1 found, named twice: recall 1, precision 1/2, F1 2/3.
    found = scores(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    assert found["n"] == 4
    assert found["accuracy"] == 3 / 4
    assert found["recall_macro"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["f1_macro"] == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_macro_scores_run_over_labels_of_the_truth():
    # Label 2 is named once and borne by none: it lowers no average of its own.
    found = scores(np.array([0, 0, 1]), np.array([0, 2, 1]))
    assert found["recall_macro"] == pytest.approx((1 / 2 + 1) / 2)


def test_scores_of_nothing_are_nan():
    assert scores(np.array([], dtype=int), np.array([], dtype=int))["n"] == 0
    assert np.isnan(scores(np.array([], dtype=int), np.array([], dtype=int))["accuracy"])


def test_corrected_interval_by_hand():
    # Mean 0.5, s² = 0.01, K = 3, n_test/n_train = 1/2; t(0.975, 2) = 4.3027.
    low, high = corrected_interval([0.4, 0.5, 0.6], n_test=10, n_train=20)
    half = 4.302653 * np.sqrt(0.01 * (1 / 3 + 1 / 2))
    assert (low, high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))


def test_interval_stays_within_fractions_and_needs_two_folds():
    assert corrected_interval([0.0, 1.0], n_test=1, n_train=1) == (0.0, 1.0)
    assert np.isnan(corrected_interval([0.5], n_test=1, n_train=1)).all()


def test_majority_baseline_learns_from_its_training_rows_only():
    target = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    fold = np.array([0, 0, 0, 1, 1, 0, HELD_OUT, HELD_OUT, UNUSED])
    evaluation = Evaluation("svm", target, target, np.eye(3)[target], fold, (), (), 0.0)
    # Fold 0 was trained on fold 1 (label 1), fold 1 on fold 0 (label 0), the held-out rows on both (label 0).
    assert majority_baseline(evaluation).predicted.tolist() == [1, 1, 1, 0, 0, 1, 0, 0, -1]


def test_confusion_counts_add_up(run):
    confusion = tables_of(run)["confusion"]
    totals = confusion.groupby(["model", "part"])["n"].sum()
    assert totals["svm", "test"] == 12 and totals["svm", "cv"] == 35
    assert confusion.groupby(["model", "part", "true"])["share"].sum().to_numpy() == pytest.approx(1)


def test_baseline_comes_last_and_models_by_accuracy(run):
    accuracy = tables_of(run)["cv"].query("metric == 'accuracy'")
    assert set(accuracy["model"].iloc[-2:]) == set(BASELINES)
    assert accuracy["value"].iloc[:-2].is_monotonic_decreasing


def test_ranking_rows_are_the_ranking(run):
    rows = ranking_rows(run)
    assert [row["model"] for row in rows] == tables_of(run)["cv"]["model"].unique().tolist()
    assert [row["baseline"] for row in rows] == [False, False, True, True]
    assert rows[0].keys() == {"model", "accuracy", "low", "high", "recall_macro", "f1_macro", "baseline"}
    assert rows[0]["accuracy"] >= rows[1]["accuracy"] and rows[0]["low"] <= rows[0]["accuracy"] <= rows[0]["high"]


def test_variance_between_labels(run):
    # Column 0 is the label itself, column 1 is constant, column 2 has equal means.
    target = run.dataset.target
    X = np.c_[target, np.ones(N), np.arange(N) // 3 % 2].astype(float)
    informed = replace(made_run(split=False), table=FeatureTable(X, ("a", "b", "c"), ("any",) * 3))
    assert variance_between_labels(informed) == pytest.approx([1, np.nan, 0], nan_ok=True)


# --- metrics.json ----------------------------------------------------------------------------------


def test_contract_of_metrics_json(metrics):
    assert metrics["schema"] == 1
    assert {"name", "n_images", "label_counts", "n_subjects", "n_duplicates"} <= metrics["dataset"].keys()
    assert {"detector", "found", "images_per_second"} <= metrics["landmarks"].keys()
    assert {"families", "n_features"} <= metrics["features"].keys()
    assert {"cv", "grouped_by", "selector", "balance", "seed"} <= metrics["protocol"].keys()
    assert 0 < metrics["baseline"]["majority_accuracy"] < 1
    for model in metrics["models"].values():
        for metric in ("accuracy", "recall_macro", "f1_macro"):
            assert len(model["cv"][metric]["folds"]) == 3
            low, high = model["cv"][metric]["ci95"]
            assert low <= model["cv"][metric]["value"] <= high
        for faces in ("all", "detected"):
            assert {"n", "accuracy", "recall_macro", "f1_macro", "per_class"} <= model["test"][faces].keys()
            assert model["test"][faces]["per_class"].keys() == set(LABELS)
        assert model["fit_seconds"] == 1.0 and model["predict_seconds_per_face"] == 1e-4
    assert metrics["models"]["svm"]["test"]["all"]["n"] == 12
    assert metrics["protocol"]["duplicates"]["left_out"] == 1


def test_scores_of_the_test_part_are_those_of_its_rows(run, metrics):
    svm, rows = run.evaluations[0], np.arange(36, N)
    assert metrics["models"]["svm"]["test"]["all"]["accuracy"] == (svm.predicted[rows] == svm.target[rows]).mean()
    seen = rows[run.landmarks.found[rows]]
    assert metrics["models"]["svm"]["test"]["detected"]["n"] == len(seen)


def test_validation_rows_are_not_test_rows():
    run = with_excerpt(made_run())
    split = run.dataset.split.astype(object)
    split[36:40] = "validation"
    run = replace(run, dataset=replace(run.dataset, split=split))
    svm = metrics_document(run, tables_of(run))["models"]["svm"]
    assert svm["validation"]["all"]["n"] == 4 and svm["test"]["all"]["n"] == 8


def test_test_is_null_without_a_held_out_part():
    run = with_excerpt(made_run(split=False))
    document = metrics_document(run, tables_of(run))
    assert document["models"]["svm"]["test"] is None
    assert document["baseline"]["majority_accuracy"] == pytest.approx(1 / 3)


def test_label_absent_from_the_test_part_is_null(tmp_path, undrawn):
    run = made_run()
    kept = np.flatnonzero((run.dataset.target != 2) | (np.arange(N) < 36))
    take = {field: getattr(run, field).take(kept) for field in ("dataset", "landmarks")}
    evaluations = tuple(
        replace(one, **{field: getattr(one, field)[kept] for field in ("target", "predicted", "proba", "fold")})
        for one in run.evaluations
    )
    run = replace(
        run,
        **take,
        evaluations=evaluations,
        duplicates=find_duplicates(np.arange(len(kept)).astype(str)),
        table=run.table.take(kept),
    )
    write_report(run, tmp_path)
    text = (tmp_path / "metrics.json").read_text()
    assert "NaN" not in text and "Infinity" not in text
    sad = json.loads(text)["models"]["svm"]["test"]["all"]["per_class"]["sad"]
    assert sad == {"precision": None, "recall": None, "f1": None, "n": 0}


def test_zero_faces_found(tmp_path, undrawn):
    write_report(made_run(found=np.zeros(N, dtype=bool)), tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["landmarks"]["found"] == 0
    assert metrics["models"]["svm"]["test"]["detected"]["n"] == 0
    assert metrics["models"]["svm"]["test"]["detected"]["accuracy"] is None


# --- the published schema ---------------------------------------------------------------------------

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "metrics.schema.json").read_text())


def test_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "settings",
    [{"audited": True}, {"split": False, "n_models": 1}, {"found": np.zeros(N, dtype=bool), "on_miss": "drop"}],
    ids=["split", "no split", "none found"],
)
def test_metrics_follow_the_published_schema(settings, tmp_path, undrawn):
    write_report(made_run(**settings), tmp_path)
    jsonschema.validate(json.loads((tmp_path / "metrics.json").read_text()), SCHEMA)


def test_schema_refuses_percentages(metrics):
    wrong = json.loads(json.dumps(metrics))
    wrong["models"]["svm"]["cv"]["accuracy"]["mean"] = 52.3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
