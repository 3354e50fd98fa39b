"""Probabilities made of scores: summed margins, one temperature, and what takes part in learning it."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from lineament.classifiers import make_classifier
from lineament.classifiers.calibration import CROSS_FITTED, TemperatureScaled, coupled


def faces(n, *, n_classes=5, seed=0, informative=6):
    X, y = make_classification(
        n, 20, n_informative=informative, n_classes=n_classes, n_clusters_per_class=1, class_sep=1.0, flip_y=0.1,
        random_state=seed,
    )  # fmt: skip
    return X, y


def auroc_of_confidence(model, X, y):
    proba = model.predict_proba(X)
    return roc_auc_score(model.classes_[proba.argmax(axis=1)] == y, proba.max(axis=1))


def test_coupled_pairs_of_known_probabilities_give_them_back():
    """Pairs that agree with each other leave nothing to compromise on."""
    proba = np.random.default_rng(0).dirichlet(np.ones(5), size=40)
    first, second = np.triu_indices(5, 1)
    pairs = proba[:, first] / (proba[:, first] + proba[:, second])
    np.testing.assert_allclose(coupled(pairs), proba, atol=1e-9)


def test_pairs_that_contradict_each_other_are_met_halfway():
    """Each of three classes is sure to beat the next: nothing speaks for one of them."""
    np.testing.assert_allclose(coupled(np.array([[0.9, 0.1, 0.9]])), [[1 / 3] * 3], atol=1e-9)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_certain_pairs_have_a_solution(certain):
    found = coupled(np.full((1, 10), certain))
    assert np.isfinite(found).all() and found.argmax() == (0 if certain else 4) and found.max() > 0.99


def test_two_classes_keep_the_one_margin():
    X, y = faces(200, n_classes=2)
    model = make_classifier("svm").fit(X, y)[-1]
    margin = model.decision_function(X)
    assert margin.ndim == 1
    np.testing.assert_allclose(
        model.predict_proba(X)[:, 1], 1 / (1 + np.exp(-margin * model.inverse_temperature_)), atol=1e-6
    )
    assert (model.predict(X) == (margin > 0)).all()


def test_the_svm_knows_better_than_votes_when_it_is_right():
    """Five classes in a ring: a face between two of them has won as many pairs as one in the midst of its own."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 5, 2000)
    X = rng.normal(size=(2000, 2)) + 2.0 * np.column_stack([np.cos(y * 2 * np.pi / 5), np.sin(y * 2 * np.pi / 5)])
    ours = make_classifier("svm").fit(X[:600], y[:600])
    votes = TemperatureScaled(SVC(C=5)).fit(X[:600], y[:600])
    by_margin, by_vote = (auroc_of_confidence(model, X[600:], y[600:]) for model in (ours, votes))
    assert by_margin > by_vote + 0.02


def test_confidence_is_the_share_of_right_answers():
    X, y = faces(4000)
    model = make_classifier("svm").fit(X[:2000], y[:2000])
    proba = model.predict_proba(X[2000:])
    right = model.predict(X[2000:]) == y[2000:]
    assert proba.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.03)


class Remembering(SVC):
    """Sure of rows that it has seen in any copy, at a loss about others."""

    def __init__(self):
        super().__init__(C=100, gamma=5.0)


def test_copies_of_a_face_do_not_make_scores_look_sure():
    X, y = faces(150)
    groups = np.repeat(np.arange(150), 4)
    X = np.repeat(X, 4, axis=0) + np.random.default_rng(0).normal(0, 1e-3, (600, X.shape[1]))
    y = np.random.default_rng(1).permutation(y)[groups]  # nothing to learn but the faces themselves
    careless = TemperatureScaled(Remembering()).fit(X, y)
    careful = TemperatureScaled(Remembering()).fit(X, y, groups=groups)
    assert careful.inverse_temperature_ < careless.inverse_temperature_ / 5


@pytest.mark.parametrize("labels", [[0, 1], [0, 0, 1], [0, 0, 1, 1, 2, 2], [0] * 9 + [1]])
def test_too_few_faces_still_answer(labels):
    y = np.array(labels)
    X = np.random.default_rng(0).normal(size=(len(y), 5)) + y[:, None]
    for name in ("svm", "svm-nystroem", "svm-linear", "lssvm", "lssvm-nystroem"):
        proba = make_classifier(name).fit(X, y).predict_proba(X)
        assert np.isfinite(proba).all() and np.allclose(proba.sum(axis=1), 1)


def test_many_faces_are_scored_by_one_helper(monkeypatch):
    X, y = faces(CROSS_FITTED + 300, n_classes=2)
    fitted = []
    fit = SVC.fit
    monkeypatch.setattr(SVC, "fit", lambda self, X, y: fitted.append(len(X)) or fit(self, X, y))
    TemperatureScaled(SVC()).fit(X, y)
    assert fitted == [len(X), pytest.approx(len(X) / 3, rel=0.01)]


def test_every_step_of_a_pipeline_is_told_what_it_takes():
    from lineament.classifiers.fit_metadata import fit_params
    from lineament.classifiers.whitening import PartlyWhitened

    pipeline = Pipeline([("turn", PartlyWhitened()), ("classify", TemperatureScaled(SVC()))])
    told = fit_params(pipeline, groups=[1], faces=[2], families=["a"])
    assert told == {
        "turn__groups": [1], "turn__families": ["a"], "classify__groups": [1], "classify__faces": [2],
    }  # fmt: skip
