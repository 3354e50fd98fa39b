"""Kernel machines: whitened axes, and the least-squares SVM against its plain definition."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from lineament.classifiers import least_squares_svm, whitening
from lineament.classifiers.least_squares_svm import LeastSquaresSVM
from lineament.classifiers.registry import fit_single_views, make_classifier
from lineament.classifiers.whitening import PartlyWhitened


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 240)
    X = rng.normal(size=(240, 8)) * [9, 5, 3, 1, 1, 0.3, 0.1, 0.05]
    X[:, 6] += 0.2 * y  # what tells the classes apart varies least
    return X, y


def test_power_1_whitens_and_power_0_only_turns(table):
    X, _ = table
    for power, spread in ((1, 1 / 8), (0, None)):
        Z = PartlyWhitened(power).fit_transform(X)
        covariance = np.cov(Z.T, bias=True)
        assert np.allclose(covariance, np.diag(np.diag(covariance)), atol=1e-9)
        assert np.trace(covariance) == pytest.approx(1)
        if spread:
            assert np.allclose(np.diag(covariance), spread)
        else:
            distances = [np.linalg.norm(one[0] - one[1:], axis=1) for one in (X, Z)]
            assert np.allclose(distances[0] / distances[0][0], distances[1] / distances[1][0])


def test_few_of_many_axes_are_the_largest(monkeypatch):
    X = np.random.default_rng(0).normal(size=(300, 60)) * 0.9 ** np.arange(60)
    exact = PartlyWhitened(0.5, n_components=10).fit(X).axes_[0][1]
    monkeypatch.setattr(whitening, "LARGE", 0)
    near = PartlyWhitened(0.5, n_components=10).fit(X).axes_[0][1]
    np.testing.assert_allclose(near[:, :5], exact[:, :5], atol=1e-2)


def test_every_family_comes_out_with_the_same_variance(table):
    X, _ = table
    Z = PartlyWhitened(0.5).fit(X, families=np.repeat(["wide", "narrow"], [7, 1])).transform(X)
    assert Z[:, 0].var() == pytest.approx(1 / 2)  # families in the order of their names
    assert Z[:, 1:].var(axis=0).sum() == pytest.approx(1 / 2)


def test_constant_columns_and_copies_of_columns_leave_no_axis(table):
    X, _ = table
    Z = PartlyWhitened().fit_transform(np.column_stack([X, X[:, :3], np.ones(len(X))]))
    assert Z.shape[1] == 8 and np.isfinite(Z).all()


def test_whitening_finds_what_hardly_varies(table):
    X, y = table
    scores = [LeastSquaresSVM(power=power).fit(X[:160], y[:160]).score(X[160:], y[160:]) for power in (0, 1)]
    assert scores[1] > scores[0] + 0.15


def test_it_solves_kernel_ridge_regression(table):
    X, y = table
    model = LeastSquaresSVM(alpha=0.3).fit(X, y)
    Z = model.whiten_.transform(X)
    target = np.where(y[:, None] == np.arange(3), 1, -0.5)
    gram = rbf_kernel(Z, gamma=model.gamma)
    expected = gram @ np.linalg.solve(gram + 0.3 * np.eye(len(X)), target - target.mean(axis=0)) + target.mean(axis=0)
    assert np.allclose(model.decision_function(X), expected, atol=1e-4)


def test_mirror_images_share_coefficients_as_if_both_were_trained_on(table):
    """Half the system with shared coefficients gives the answers of the whole one, symmetric as the data are."""
    X, y = table
    mirror = X * [1, 1, 1, -1, 1, -1, 1, 1]
    both, labels = np.concatenate([X, mirror]), np.tile(y, 2)
    shared = LeastSquaresSVM(alpha=0.2).fit(both, labels, faces=np.tile(np.arange(len(X)), 2))
    whole = LeastSquaresSVM(alpha=0.4).fit(both, labels)  # twice the rows, each with its own coefficient
    assert np.allclose(shared.decision_function(X), whole.decision_function(X), atol=1e-3)
    assert np.allclose(shared.decision_function(X), shared.decision_function(mirror), atol=1e-3)


def test_many_rows_are_spanned_by_drawn_ones(table, monkeypatch):
    X, y = table
    exact = LeastSquaresSVM().fit(X, y)
    monkeypatch.setattr(least_squares_svm, "MOST_CENTRES", 100)
    monkeypatch.setattr(least_squares_svm, "FEWER_CENTRES", 200)
    drawn = LeastSquaresSVM().fit(X, y)
    assert len(drawn.dual_coef_) == 200
    assert (drawn.predict(X) == exact.predict(X)).mean() > 0.9


def test_rare_classes_count_more_when_balanced(table):
    X, y = table
    rare = np.flatnonzero((y > 0) | (np.arange(len(y)) % 8 == 0))
    answers = [
        np.bincount(LeastSquaresSVM(class_weight=class_weight).fit(X[rare], y[rare]).predict(X), minlength=3)[0]
        for class_weight in (None, "balanced")
    ]
    assert answers[1] > answers[0]


def test_repeated_rows_do_not_break_the_system(table):
    X, y = table
    X = StandardScaler().fit_transform(X).astype(np.float32)
    model = LeastSquaresSVM(alpha=1e-7).fit(np.repeat(X, 3, axis=0), np.repeat(y, 3))
    assert np.isfinite(model.decision_function(X)).all()


def few_people(n_people, rng, *, copies=3, d=60):
    """Faces (n, d) of four labels in copies that hardly differ, and who is shown; they differ most in build."""
    y = np.tile(np.arange(4), n_people)
    directions = np.random.default_rng(0).normal(size=(4, d)) * 0.8
    X = (
        rng.normal(size=(n_people, d))[np.repeat(np.arange(n_people), 4)]
        + directions[y]
        + 0.5 * rng.normal(size=(len(y), d))
    )
    rows = np.repeat(np.arange(len(y)), copies)
    return X[rows] + 0.05 * rng.normal(size=(len(rows), d)), y[rows], np.repeat(np.arange(n_people), 4)[rows]


@pytest.mark.parametrize("n_people", [3, 6, 12])
def test_few_people_are_answered_for_as_well_as_by_a_plain_svm(n_people):
    rng = np.random.default_rng(n_people)
    scores = []
    for _ in range(10):
        X, y, groups = few_people(n_people, rng)
        others, labels, _ = few_people(50, rng)
        ours = fit_single_views(make_classifier("svm"), X, y, groups=groups, families=np.full(X.shape[1], "a"))
        plain = make_pipeline(StandardScaler(), SVC(C=5)).fit(X, y)
        scores.append((ours.score(others, labels), plain.score(others, labels)))
    ours, plain = np.mean(scores, axis=0)
    assert ours > plain - 0.02


def test_axes_of_few_groups_are_divided_by_what_others_vary_by():
    rng = np.random.default_rng(0)
    X, _, groups = few_people(6, rng)
    others = few_people(200, rng)[0]
    known, fooled = PartlyWhitened(0.4).fit(X, groups=groups), PartlyWhitened(0.4).fit(X)
    assert known.transform(others).var(axis=0).sum() == pytest.approx(1, rel=0.5)
    assert fooled.transform(others).var(axis=0).sum() > 3


def test_rows_fewer_than_columns_are_turned_as_in_the_large_problem(monkeypatch):
    X = np.random.default_rng(0).normal(size=(50, 80)) * 0.95 ** np.arange(80)
    small = PartlyWhitened(0.5, 30).fit(X)
    centred = X - X.mean(axis=0)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    Z = small.transform(X)
    expected = centred @ axes[:30].T
    cosine = (Z * expected).sum(axis=0) / np.linalg.norm(Z, axis=0) / np.linalg.norm(expected, axis=0)
    np.testing.assert_allclose(np.abs(cosine), 1, atol=1e-9)


def test_drawn_faces_span_nearly_what_all_do():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 3
    X = rng.normal(size=(400, 6)) + 1.5 * np.eye(6)[y]
    whole = LeastSquaresSVM(power=0).fit(X[:300], y[:300])
    same, fewer, few = (LeastSquaresSVM(power=0, n_centres=n).fit(X[:300], y[:300]) for n in (300, 150, 5))
    scores = whole.decision_function(X[300:])
    assert np.array_equal(same.decision_function(X[300:]), scores) and fewer.centres_.shape == (1, 150, 6)
    off = [np.abs(one.decision_function(X[300:]) - scores).mean() for one in (fewer, few)]
    assert off[0] < 0.1 < 0.2 < off[1]
