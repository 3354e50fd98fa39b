"""Scores of held-out pictures without a copy in training, beside those of all."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lineament.classifiers import HELD_OUT, Protocol, evaluate, make_folds
from lineament.data import find_duplicates
from lineament.features import FeatureTable, Inputs
from lineament.reports import tables_of, write_report
from lineament.reports.clean import clean_sentence
from lineament.reports.comparison import CLEAN, compare
from lineament.reports.comparison_page import comparison_page, copies, sentences
from lineament.reports.document import metrics_document
from lineament.reports.markdown import markdown
from lineament.reports.matrix import Transfer, matrix_table
from lineament.reports.metrics import clean_rows, faces_of
from lineament.reports.narrative import facts, repeated_pictures, rest_of_ranking
from lineament.reports.sections.models import model_hint
from lineament.reports.store import load_run
from made_runs import N, made_run, with_excerpt

TEST = np.arange(36, N)
COPIED = TEST[:5]  # each nearly agrees with a picture trained on


def copied(n=len(COPIED), searched=True, **made):
    """A made run in which the first n test pictures have a near copy in training."""
    near = np.stack([np.arange(n), TEST[:n]], axis=1) if searched else None
    return with_excerpt(replace(made_run(**made), duplicates=find_duplicates(np.arange(N).astype(str), near)))


def test_the_clean_part_is_scored_beside_the_whole():
    run = copied()
    assert clean_rows(run, "test").sum() == 7 and list(faces_of(run, "test")) == ["all", "detected", "clean"]
    assert clean_rows(run, "cv") is None
    document = metrics_document(run, tables_of(run))
    svm = run.evaluations[0]
    right = (svm.predicted == svm.target)[TEST[5:]]
    assert document["models"]["svm"]["test"]["clean"]["accuracy"] == right.mean()
    assert document["models"]["svm"]["test"]["clean"]["n"] == 7
    assert document["baseline"]["test"]["clean"]["n"] == 7
    assert document["protocol"]["duplicates"]["near_searched"] and document["dataset"]["n_near_duplicates"] == 5


@pytest.mark.parametrize("run", [copied(0), copied(searched=False)], ids=["none across", "not searched"])
def test_no_clean_part_where_it_is_the_whole_or_not_known(run):
    document = metrics_document(run, tables_of(run))
    assert clean_rows(run, "test") is None and "clean" not in document["models"]["svm"]["test"]
    assert all(pair["clean"] is None for pair in document["pairs"])


def test_near_copies_that_were_not_looked_for_are_not_none():
    document = metrics_document(copied(searched=False), tables_of(copied(searched=False)))
    assert document["dataset"]["n_near_duplicates"] is None
    assert document["protocol"]["duplicates"]["near_across_split"] is None
    assert metrics_document(copied(0), tables_of(copied(0)))["dataset"]["n_near_duplicates"] == 0


def test_sentences_of_the_held_out_part_follow_the_copies():
    some, none, unknown, every = copied(), copied(0), copied(searched=False), copied(12)
    said = [clean_sentence(run, tables_of(run), "svm", "test") for run in (some, none, unknown, every)]
    svm = some.evaluations[0]
    share = 100 * (svm.predicted == svm.target)[TEST[5:]].mean()
    assert said[0].startswith("On the 7 of them without a copy") and f"{share:.1f}\u202f% (95" in said[0]
    assert said[1] == "None of these pictures has a copy, exact or near, among those that were trained on."
    assert said[2].startswith("Near copies of training pictures were not looked for there")
    assert said[3] == "Every one of the 12 has a copy among the pictures that were trained on."
    assert all(
        one in " ".join(rest_of_ranking(run, tables_of(run))) or run is every
        for one, run in zip(said, (some, none, unknown, every))
    )


def test_the_headline_says_both_scores():
    words = [{what: number for number, what in facts(run, tables_of(run))} for run in (copied(), copied(0))]
    assert any("without copies of training pictures" in what for what in words[0])
    assert not any("without copies" in what for what in words[1])
    assert "without copies" in model_hint(copied(), tables_of(copied()), "svm")
    assert "without copies" not in model_hint(copied(0), tables_of(copied(0)), "svm")


def test_pairs_are_compared_without_copies_too():
    run = copied(n_models=3)
    tables = tables_of(run)
    clean = tables["pairs_clean"].set_index(["first", "second"])
    assert len(clean) == len(tables["pairs"]) == 3 and (clean["n"] == 7).all()
    (first, second), row = next(iter(clean.iterrows()))
    right = {one.name: (one.predicted == one.target)[TEST[5:]] for one in run.evaluations}
    assert row["difference"] == pytest.approx(right[first].mean() - right[second].mean())
    pairs = metrics_document(run, tables)["pairs"]
    assert all(pair["clean"]["n"] == 7 for pair in pairs)
    assert not len(tables_of(copied(0, n_models=3))["pairs_clean"])


@pytest.mark.parametrize("n, shown", [(5, True), (0, False)])
def test_the_page_shows_clean_scores_where_there_are_any(tmp_path, monkeypatch, n, shown):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})
    write_report(copied(n), tmp_path)
    text = (tmp_path / "report.md").read_text()
    assert ("; clean " in text) == shown and ("points, clean" in text) == shown
    assert ("| test | clean | 7 |" in text) == shown
    assert json.loads((tmp_path / "metrics.json").read_text())["schema"] == 1
    again = load_run(tmp_path)
    assert again.duplicates.near_searched and (clean_rows(again, "test") is not None) == shown


def test_what_is_said_of_repeated_pictures_follows_the_search():
    said = [" ".join(repeated_pictures(run)) for run in (copied(), copied(0), copied(searched=False))]
    assert "5 pictures repeat an earlier one: 0 exactly, 5 in another crop, size or compression." in said[0]
    assert "No picture occurs twice, exactly or nearly." in said[1] and "not looked for" not in said[1]
    assert "No picture occurs twice, exactly." in said[2] and "were not looked for" in said[2]


def test_subjects_that_share_a_picture_are_told():
    subjects = np.array([f"s{row // 4}" for row in range(N)])
    for n, told in ((2, True), (0, False)):
        run = copied(n, split=False)
        run = replace(run, dataset=replace(run.dataset, groups=subjects))
        text = " ".join(repeated_pictures(run))
        assert ("2 subjects share a picture" in text) == told
    chain = np.array([(row, row + 4) for row in range(0, N - 4, 4)])
    run = replace(run, duplicates=find_duplicates(np.arange(N).astype(str), chain))
    assert "11 near copies may lie on another side of a fold" in " ".join(repeated_pictures(run))


# --- runs and datasets beside each other -----------------------------------------------------------


def test_runs_are_compared_without_copies_too():
    one, other = copied(), copied()
    comparison = compare({"one": one, "other": other})
    assert set(comparison.scores["faces"]) == {"all", CLEAN}
    assert set(comparison.differences.query("faces == 'clean'")["n"]) == {7}
    assert any("without copies of training pictures" in sentence for sentence in sentences(comparison))
    text = markdown(comparison_page(comparison))
    assert "test, clean" in text and "“Clean” are test pictures without a copy" in copies(comparison)
    plain = compare({"one": copied(0), "other": copied(0)})
    assert set(plain.scores["faces"]) == {"all"} and not copies(plain)
    unknown = compare({"one": copied(searched=False), "other": copied()})
    assert "not looked for in one." in copies(unknown) and set(unknown.differences["faces"]) == {"all"}


def test_the_matrix_scores_clean_pictures_within_a_dataset(tmp_path):
    run = copied()
    fold = run.evaluations[0].fold
    clean = (fold == HELD_OUT) & ~run.duplicates.shown_by(fold >= 0)
    cell = Transfer(run.dataset, run.dataset, run.landmarks.found, run.evaluations, tmp_path, clean)
    assert set(matrix_table([cell]).query("faces == 'clean'")["n"]) == {7}
    unknown = Transfer(run.dataset, run.dataset, run.landmarks.found, run.evaluations, tmp_path)
    assert not len(matrix_table([unknown]).query("faces == 'clean'"))


def test_a_models_recipe_says_its_clean_score():
    run = copied()
    folds = make_folds(run.dataset, run.duplicates, cv=3, seed=0)
    X = np.random.default_rng(0).normal(size=(N, 4)) + run.dataset.target[:, None]
    inputs = Inputs((FeatureTable(X, tuple("abcd"), ("f",) * 4),))
    protocol = Protocol(cv=3)
    (result,), models = evaluate(["lda"], inputs, run.dataset.target, folds=folds, protocol=protocol)
    metrics = models["lda"].recipe.metrics
    assert metrics["test"]["n"] == 12 and metrics["test_clean"]["n"] == 7
    assert metrics["test_clean"]["accuracy"] == (result.predicted == result.target)[TEST[5:]].mean()
    without = make_folds(run.dataset, find_duplicates(np.arange(N).astype(str)), cv=3, seed=0)
    _, models = evaluate(["lda"], inputs, run.dataset.target, folds=without, protocol=protocol)
    assert "test_clean" not in models["lda"].recipe.metrics
