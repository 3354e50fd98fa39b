"""Planted leaks: what a careless protocol gains on them must show, and be named."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lineament.classifiers import HELD_OUT, Evaluation, Folds, Protocol, make_folds
from lineament.classifiers.audit import AUDITS, Audit, audit, audited_classifier
from lineament.classifiers.comparison import DETECTED, DUPLICATES, SELECTION, SUBJECTS
from lineament.classifiers.folds import drawn_rows
from lineament.classifiers.stored import LeftOut
from lineament.data import Dataset, LineamentError, find_duplicates
from lineament.data.images import ArrayImages
from lineament.features import FeatureTable
from lineament.landmarks import Faces
from lineament.reports import Run, tables_of, write_report
from lineament.reports.faces import excerpt_of
from lineament.reports.leakage import CAUSES
from lineament.reports.uncertainty import NO_DIFFERENCE

N_SUBJECTS, EACH = 40, 6
N = N_SUBJECTS * EACH


def made_dataset(seed=0, target=None, groups=True):
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(N_SUBJECTS), EACH)
    return Dataset(
        name="planted",
        images=ArrayImages(rng.integers(0, 255, (N, 16, 16), dtype=np.uint8)),
        target=np.arange(N) % 3 if target is None else target,
        label_names=("a", "b", "c"),
        keys=np.arange(N).astype(str),
        groups=subject.astype(str) if groups else None,
    )


def distinct():
    return find_duplicates(np.arange(N).astype(str))


def audited(dataset, X, *, duplicates=None, found=None, classifiers=("svm",), **protocol):
    duplicates = distinct() if duplicates is None else duplicates
    settings = Protocol(cv=5, **protocol)
    return audit(
        dataset,
        duplicates,
        X,
        found=np.ones(len(dataset), dtype=bool) if found is None else found,
        protocol=settings,
        classifiers=classifiers,
    )


def gap_of(result, dataset, rule):
    (one,) = [one for one in result.comparisons if one.name == rule]
    target = dataset.target[result.rows]
    return [np.mean((answers == target)[answers >= 0]) for answers in (one.honest, one.leaky)]


def page_of(dataset, X, result, tmp_path, *, duplicates=None):
    """The Markdown of a report with this audit."""
    n = len(dataset)
    rng = np.random.default_rng(0)
    folds = make_folds(dataset, duplicates or distinct(), cv=5, seed=0)
    predicted = rng.integers(0, 3, n)
    evaluation = Evaluation(
        "svm", dataset.target, predicted, np.eye(3)[predicted], folds.fold, ((),) * 5, (1.0,) * 6, 1e-4
    )
    landmarks = Faces(
        images=dataset.images,
        points=rng.random((n, 68, 2)).astype(np.float32) * 16,
        boxes=np.tile(np.int32([0, 0, 16, 16]), (n, 1)),
        found=np.ones(n, dtype=bool),
        score=rng.random(n),
        problems=("",) * n,
    )
    run = Run(
        dataset=dataset,
        landmarks=landmarks,
        duplicates=duplicates or distinct(),
        table=FeatureTable(X, tuple(f"f{i}" for i in range(X.shape[1])), ("f",) * X.shape[1]),
        families=("distances",),
        evaluations=(evaluation,),
        protocol=Protocol(cv=5),
        detector="hog",
        on_miss="fallback",
        audit=result,
    )
    run = replace(run, excerpt=excerpt_of(run))
    write_report(run, tmp_path)
    gaps = tables_of(run)["gaps"].set_index("rule")
    return gaps, (tmp_path / "report.md").read_text(), (tmp_path / "report.html").read_text()


@pytest.fixture
def undrawn(monkeypatch):
    empty = {"light": b"light", "dark": b"dark"}
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: empty)


def test_subjects_whose_pictures_are_nearly_identical(tmp_path, undrawn):
    """Each subject bears one label and looks alike in all pictures; labels follow nothing else."""
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(N_SUBJECTS), EACH)
    dataset = made_dataset(target=(rng.permutation(N_SUBJECTS) % 3)[subject].astype(np.int64))
    X = rng.normal(size=(N_SUBJECTS, 10))[subject] + rng.normal(size=(N, 10)) * 0.01
    result = audited(dataset, X)
    honest, leaky = gap_of(result, dataset, SUBJECTS)
    assert honest < 0.6 and leaky > 0.95
    gaps, markdown, html = page_of(dataset, X, result, tmp_path)
    assert gaps.loc[SUBJECTS, "verdict"] == "flattered" and gaps.loc[SUBJECTS, "gap"] > 0.3
    points = f"Persons on both sides instead of whole persons apart: {100 * gaps.loc[SUBJECTS, 'gap']:+.1f} points"
    assert points in markdown and points in html and CAUSES[SUBJECTS] in html


def test_features_that_fit_the_labels_by_chance(tmp_path, undrawn):
    """2,000 columns of noise: selected outside the fold they seem to tell labels."""
    dataset = made_dataset()
    X = np.random.default_rng(0).normal(size=(N, 2000))
    result = audited(dataset, X, selector="anova", n_features=15)
    honest, leaky = gap_of(result, dataset, SELECTION)
    assert honest < 0.45 and leaky > honest + 0.15
    gaps, markdown, html = page_of(dataset, X, result, tmp_path)
    assert gaps.loc[SELECTION, "verdict"] == "flattered"
    assert "Features selected on all pictures instead of" in markdown and CAUSES[SELECTION] in html


def test_repeated_pictures_on_both_sides():
    """Every picture occurs twice under a label that follows nothing."""
    rng = np.random.default_rng(0)
    digests = np.arange(N) // 2
    target = (rng.permutation(N // 2) % 3)[digests].astype(np.int64)
    dataset = made_dataset(target=target, groups=False)
    X = rng.normal(size=(N // 2, 8))[digests]
    result = audited(dataset, X, duplicates=find_duplicates(digests.astype(str)))
    honest, leaky = gap_of(result, dataset, DUPLICATES)
    assert honest < 0.5 and leaky > 0.7


def test_hard_faces_that_are_left_out():
    """Faces that are not found hold no information: without them the score looks better."""
    rng = np.random.default_rng(0)
    dataset, found = made_dataset(), rng.random(N) < 0.6
    X = rng.normal(size=(N, 5)) + 2.0 * np.eye(3, 5)[dataset.target]
    X[~found] = rng.normal(size=((~found).sum(), 5))
    honest, leaky = gap_of(audited(dataset, X, found=found), dataset, DETECTED)
    assert leaky > honest + 0.1


def test_without_a_leak_no_difference_is_shown(tmp_path, undrawn):
    dataset = made_dataset()
    rng = np.random.default_rng(1)
    X = rng.normal(size=(N, 6)) + 1.5 * np.eye(3, 6)[dataset.target]
    result = audited(dataset, X)
    gaps, markdown, _ = page_of(dataset, X, result, tmp_path)
    assert gaps.loc[SUBJECTS, "verdict"] == NO_DIFFERENCE and NO_DIFFERENCE in markdown
    assert gaps.loc[DETECTED, "why_not"] == "the detector saw every face"
    assert gaps.loc[DUPLICATES, "why_not"].startswith("no picture occurs twice")
    assert abs(gaps.loc[SUBJECTS, "gap"]) < 0.08


def test_curves_rise_where_there_is_more_to_learn():
    dataset = made_dataset()
    rng = np.random.default_rng(2)
    X = rng.normal(size=(N, 30)) * 1.5 + np.eye(3, 30)[dataset.target] * 2
    X[:, 3:6] += np.eye(3)[dataset.target]
    result = audited(dataset, X)
    f1 = [np.mean(point.f1_macro) for point in result.learning]
    assert f1[-1] > f1[0] and [point.at for point in result.learning] == sorted(point.at for point in result.learning)
    assert [point.at for point in result.features] == [2, 6, 20, 30]
    assert result.repeats.shape == (3, 5)


def test_number_of_jobs_changes_nothing():
    dataset = made_dataset()
    X = np.random.default_rng(3).normal(size=(N, 6))
    arguments = (dataset, distinct(), X)
    settings = {"found": np.ones(N, dtype=bool), "protocol": Protocol(), "classifiers": ("lda",)}
    one, two = (audit(*arguments, **settings, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.repeats, two.repeats)
    for first, second in zip(one.comparisons, two.comparisons):
        np.testing.assert_array_equal(first.leaky, second.leaky)


def test_whole_groups_are_drawn_from_large_data():
    groups = np.arange(1000) // 7
    fold = np.where(np.arange(1000) < 900, np.arange(1000) % 5, HELD_OUT)
    rows = drawn_rows(Folds(fold, groups), most=300, seed=0)
    assert 280 <= len(rows) <= 300 and rows.max() < 900
    for group in np.unique(groups[rows]):
        members = np.flatnonzero((groups == group) & (fold >= 0))
        assert set(members) <= set(rows)


def test_pictures_that_cannot_be_dealt_into_folds_give_a_reason():
    dataset = made_dataset()
    target = np.zeros(N, dtype=np.int64)
    target[0] = 1
    arguments = {"found": np.ones(N, dtype=bool), "protocol": Protocol(), "classifiers": ("lda",)}
    result = audit(replace(dataset, target=target), distinct(), np.zeros((N, 2)), **arguments)
    assert isinstance(result, LeftOut) and "fewer than the 5 folds" in result.reason


def test_an_audit_comes_back_from_json():
    result = audited(made_dataset(), np.random.default_rng(3).normal(size=(N, 6)), classifiers=("lda",))
    again = Audit.from_dict(json.loads(json.dumps(result.to_dict())))
    assert again.to_dict() == result.to_dict() and again.learning == result.learning
    np.testing.assert_array_equal(again.comparisons[0].leaky, result.comparisons[0].leaky)


def test_levels():
    dataset, arguments = made_dataset(), {"found": None, "protocol": None, "classifiers": ()}
    assert list(AUDITS) == ["none", "quick", "full"]
    assert audit(dataset, None, None, level="none", **arguments) is None
    with pytest.raises(LineamentError, match="Did you mean 'quick'"):
        audit(dataset, None, None, level="quik", **arguments)


@pytest.mark.parametrize("names, chosen", [(["cnn"], "svm"), (["lda", "cnn", "forest"], "forest"), (["lda"], "lda")])
def test_the_most_flexible_model_is_audited(names, chosen):
    assert audited_classifier(names) == chosen
