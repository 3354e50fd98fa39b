"""Tables that are wider than long: the small problem gives the answers of the plain solution."""

import tracemalloc

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from lineament.classifiers import make_classifier
from lineament.classifiers.linear import BalancedPriorLDA, RowSpaceLogisticRegression, ShrunkLDA
from lineament.classifiers.whitening import PartlyWhitened

SAME = 1e-6


def wide(k=4, n=90, d=300, seed=0):
    """Columns of unequal spread, one of them constant within a class, some rows twice."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    X = rng.normal(size=(n, d)) * rng.uniform(0.2, 3, d)
    X[:, :20] += y[:, None] * 0.4
    X[y == 0, 21] = 2.0
    X[1] = X[1 + k]
    return X, y, rng.normal(size=(50, d)) * 2


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("shrinkage", ["auto", 0.01, 0.6])
def test_lda_answers_as_with_a_covariance_of_all_columns(k, shrinkage):
    X, y, others = wide(k)
    ours = ShrunkLDA(solver="lsqr", shrinkage=shrinkage).fit(X, y)
    plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(others), plain.predict_proba(others), atol=SAME)
    assert not hasattr(ours, "covariance_")


def test_lda_of_three_faces_a_class():
    X, y, others = wide(4, n=12)
    ours, plain = (kind(solver="lsqr", shrinkage="auto").fit(X, y) for kind in (ShrunkLDA, LinearDiscriminantAnalysis))
    np.testing.assert_allclose(ours.predict_proba(others), plain.predict_proba(others), atol=SAME)


def test_lda_of_two_faces_a_class_takes_the_shortest_solution():
    """Two rows shrink nothing, and the covariance is singular: scikit-learn's coefficients are rounding, up to 1e13."""
    X, y, _ = wide(4, n=8)
    ours = ShrunkLDA(solver="lsqr", shrinkage="auto").fit(X, y)
    covariance = sum(np.cov(X[y == label].T, bias=True) / 4 for label in range(4))
    shortest = ours.means_ @ np.linalg.pinv(covariance, rcond=1e-10, hermitian=True)
    np.testing.assert_allclose(ours.coef_, shortest, atol=SAME)


def test_lda_with_equal_priors_too():
    X, y, others = wide(3)
    kept = np.flatnonzero((y > 0) | (np.arange(len(y)) % 2 == 0))
    ours = BalancedPriorLDA(solver="lsqr", shrinkage="auto").fit(X[kept], y[kept])
    plain = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[1 / 3] * 3).fit(X[kept], y[kept])
    np.testing.assert_allclose(ours.predict_proba(others), plain.predict_proba(others), atol=SAME)


def test_lda_of_a_long_table_is_scikit_learns():
    X, y, _ = wide()
    ours, plain = (
        kind(solver="lsqr", shrinkage="auto").fit(X[:, :30], y) for kind in (ShrunkLDA, LinearDiscriminantAnalysis)
    )
    np.testing.assert_array_equal(ours.coef_, plain.coef_)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_logistic_regression_answers_as_on_all_columns(k, class_weight):
    X, y, others = wide(k)
    settings = {"tol": 1e-10, "max_iter": 10_000, "class_weight": class_weight}
    ours, plain = (kind(**settings).fit(X, y) for kind in (RowSpaceLogisticRegression, LogisticRegression))
    np.testing.assert_allclose(ours.predict_proba(others), plain.predict_proba(others), atol=SAME)
    np.testing.assert_allclose(ours.coef_, plain.coef_, atol=SAME)


def test_logistic_regression_takes_steps_of_the_small_problem(monkeypatch):
    X, y, _ = wide()
    seen = []
    fit = LogisticRegression.fit
    monkeypatch.setattr(LogisticRegression, "fit", lambda self, X, *rest: seen.append(X.shape) or fit(self, X, *rest))
    RowSpaceLogisticRegression().fit(X, y)
    assert seen == [(len(X), len(X))]


def test_axes_answer_as_those_of_a_covariance_of_all_columns():
    """An RBF machine on axes found through the rows' products, and on axes by singular values."""
    X, y, others = wide()
    ours = make_pipeline(PartlyWhitened(0.4, 40), SVC(C=5, gamma=1.0)).fit(X, y)
    mean = X.mean(axis=0)
    _, lengths, axes = np.linalg.svd(X - mean, full_matrices=False)
    axes = axes[:40].T * np.linalg.norm(ours[0].axes_[0][1], axis=0)
    plain = SVC(C=5, gamma=1.0).fit((X - mean) @ axes, y)
    np.testing.assert_allclose(
        ours.decision_function(others), plain.decision_function((others - mean) @ axes), atol=SAME
    )


@pytest.mark.parametrize("name", ["svm", "logreg", "lda", "forest", "lssvm"])
def test_no_classifier_makes_a_table_of_columns_by_columns(name):
    """Memory asked for while fitting stays far below the 800 MB that 10,000 columns squared take."""
    X, y, _ = wide(n=60, d=10_000)
    tracemalloc.start()
    make_classifier(name).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
