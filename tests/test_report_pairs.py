"""Intervals, pairs, errors and slices of a report, and runs compared."""

from dataclasses import replace

import numpy as np
import pytest

from lineament.apps import cli
from lineament.classifiers.evaluate import HELD_OUT, Evaluation
from lineament.reports import tables_of, write_report
from lineament.reports.baselines import (
    GUESS,
    expected_counts,
    expected_scores,
    stratified_baseline,
)
from lineament.reports.comparison import compare
from lineament.reports.excerpt import thumbnail
from lineament.reports.uncertainty import NO_DIFFERENCE
from made_runs import LABELS, N, made_run, with_excerpt

# --- intervals, pairs, errors, slices ---------------------------------------------------------------


def test_stratified_guess_follows_the_labels_of_its_training_rows():
    target = np.tile([0, 0, 0, 1], 500)
    fold = np.arange(2000) // 4 % 2
    fold[1500:] = HELD_OUT
    evaluation = Evaluation("svm", target, target, np.eye(2)[target], fold, (), (), 0.0)
    guess = stratified_baseline(evaluation)
    # Right by chance in 0.75² + 0.25² of the cases, to the last digit: nothing is drawn.
    everywhere = np.ones(2000, dtype=bool)
    found = expected_scores(guess, everywhere)
    assert guess.name == GUESS and found["accuracy"] == pytest.approx(0.75**2 + 0.25**2, abs=1e-12)
    np.testing.assert_allclose(expected_counts(guess, everywhere) / 2000, np.outer([0.75, 0.25], [0.75, 0.25]))
    # Each label is named as often as it occurs: recall, precision and F1 are all its share.
    assert found["recall_macro"] == found["f1_macro"] == pytest.approx(0.5)


def test_a_guess_of_balanced_labels_is_right_in_one_of_k(run):
    guess = tables_of(replace(made_run(split=False)))["cv"].query("model == @GUESS and metric == 'accuracy'").iloc[0]
    assert guess["value"] == pytest.approx(1 / 3, abs=1e-3) and np.isnan(guess["low"])


def test_every_headline_score_and_label_has_an_interval_around_it(run):
    table = tables_of(run)["intervals"]
    assert set(table["metric"]) == {"accuracy", "recall_macro", "f1_macro", "precision", "recall", "f1"}
    known = table.dropna(subset=["low"])
    assert (known["low"] <= known["value"] + 1e-9).all() and (known["value"] <= known["high"] + 1e-9).all()
    headline = table[(table["label"] == "") & (table["model"] == "svm") & (table["part"] == "cv")]
    assert headline["low"].notna().all()


def test_labels_of_few_pictures_get_no_interval(run):
    # Four pictures of each label in the test part: fewer than five.
    table = tables_of(run)["intervals"].query("part == 'test' and label == 'sad'")
    assert len(table) and table["low"].isna().all()
    headline = tables_of(run)["intervals"].query("part == 'test' and label == '' and model == 'svm'")
    assert (headline["low"].isna() == (headline["metric"] != "accuracy")).all()


def test_models_that_guess_alike_show_no_difference(run, html):
    pairs = tables_of(run)["pairs"]
    assert (pairs["verdict"] == NO_DIFFERENCE).all() and NO_DIFFERENCE in html


def test_a_clear_difference_is_named():
    run = made_run(split=False)
    first, second = run.evaluations
    better = replace(first, predicted=first.target.copy(), proba=np.eye(3)[first.target])
    worse = replace(second, predicted=(second.target + 1) % 3, proba=np.eye(3)[(second.target + 1) % 3])
    (pair,) = tables_of(replace(run, evaluations=(better, worse)))["pairs"].to_dict("records")
    assert pair["verdict"] == "svm is better" and pair["difference"] == 1 and pair["p_folds"] == 0


def test_mcnemar_is_on_the_test_part(run):
    pair = tables_of(run)["pairs"].iloc[0]
    rows = np.arange(36, N)
    right = {one.name: one.predicted[rows] == one.target[rows] for one in run.evaluations}
    assert pair["only_first"] == (right[pair["first"]] & ~right[pair["second"]]).sum()
    assert np.isfinite(pair["p_test"])


def test_worst_errors_are_wrong_and_surest_first(run):
    worst = tables_of(run)["worst"].query("model == 'svm'")
    svm = run.evaluations[0]
    assert (svm.predicted[worst["row"]] != svm.target[worst["row"]]).all()
    assert worst["probability"].is_monotonic_decreasing


def test_confused_pairs_are_the_largest_cells_off_the_diagonal(run):
    tables = tables_of(run)
    cells = tables["confusion"].query("model == 'svm' and part == 'test' and true != predicted")
    pairs = tables["confused"].query("model == 'svm'")
    assert pairs["n"].tolist() == sorted(cells["n"], reverse=True)[: len(pairs)]
    for pair in pairs.itertuples():
        assert all(LABELS[run.dataset.target[row]] == pair.true for row in pair.rows)


def test_slices_of_one_condition_make_up_the_whole(run):
    slices = tables_of(run)["slices"].query("model == 'svm'")
    assert slices.query("by == 'detector'")["n"].sum() == 12
    assert {"detector", "detector score", "yaw"} <= set(slices["by"])
    assert slices.query("by == 'yaw'")["n"].sum() == slices.query("slice == 'face found'")["n"].sum()


# --- runs compared ----------------------------------------------------------------------------------


def test_a_run_does_not_differ_from_itself(run):
    table = compare({"first": run, "again": run}).differences
    assert (table["accuracy"] == 0).all() and (table["verdict"] == NO_DIFFERENCE).all()
    assert (table["p_mcnemar"] == 1).all() and (table["p_folds"] == 1).all()


def test_a_better_run_is_named_better():
    run = with_excerpt(made_run(split=False))
    better = replace(run, evaluations=tuple(replace(one, predicted=one.target.copy()) for one in run.evaluations))
    row = compare({"first": run, "better": better}).differences.iloc[0]
    wrong = run.evaluations[0].predicted != run.evaluations[0].target
    assert row["accuracy"] == pytest.approx(wrong.mean()) and row["verdict"] == "better"


def test_runs_on_other_pictures_are_not_paired(run):
    other = replace(run, dataset=replace(run.dataset, keys=np.array([f"other {row}" for row in range(N)])))
    table = compare({"first": run, "other": other}).differences
    assert (table["pictures"] == "different pictures").all() and table["p_mcnemar"].isna().all()
    assert (table["accuracy_low"] < 0).all() and (table["accuracy_high"] > 0).all()


def test_labels_in_another_order_are_the_same_labels(run):
    order = np.array([2, 0, 1])
    labels = tuple(LABELS[np.flatnonzero(order == place)[0]] for place in range(3))
    turned = replace(
        run,
        dataset=replace(run.dataset, target=order[run.dataset.target], label_names=labels),
        evaluations=tuple(
            replace(
                one,
                target=order[one.target],
                predicted=np.where(one.predicted < 0, -1, order[one.predicted]),
                proba=one.proba[:, np.argsort(order)],
            )
            for one in run.evaluations
        ),
    )
    assert (compare({"first": run, "turned": turned}).differences["accuracy"] == 0).all()


def test_datasets_rank_models(run):
    runs = {f"run {place}": replace(run, dataset=replace(run.dataset, name=f"data {place}")) for place in range(3)}
    datasets, models, ranked = compare(runs).ranked
    assert datasets == ["data 0", "data 1", "data 2"] and models == ["svm", "forest"] and ranked.ranks.sum() == 3


def test_commands_report_and_compare(folder, tmp_path, capsys, undrawn):
    assert cli.main(["compare", str(folder), str(folder), "--out", str(tmp_path)]) == 2
    assert "at least two run folders" in capsys.readouterr().err
    write_report(made_run(n_models=2), tmp_path / "other")
    assert cli.main(["compare", str(folder), str(tmp_path / "other"), "--out", str(tmp_path / "both")]) == 0
    assert NO_DIFFERENCE in (tmp_path / "both" / "compare.html").read_text()
    assert cli.main(["report", str(tmp_path / "other")]) == 0
    assert cli.main(["report", str(tmp_path)]) == 2
    assert "holds no run itself" in capsys.readouterr().err


def test_large_pictures_are_shown_around_the_face():
    image = np.zeros((400, 600, 3), dtype=np.uint8)
    image[100:200, 300:400] = 255
    points = np.tile([350.0, 150.0], (68, 1))
    small = thumbnail(image, points, (300, 100, 400, 200))
    assert small.picture.shape == (150, 150, 3) and small.picture[75, 75].min() == 255
    # The middle of the box is the middle of the thumbnail.
    np.testing.assert_allclose(small.points, 75, atol=0.5)
    assert small.tile().shape == (168, 168, 3)
