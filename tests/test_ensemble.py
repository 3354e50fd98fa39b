"""Several classifiers as one."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from lineament.classifiers import make_classifier
from lineament.classifiers.ensemble import DEFAULT_MEMBERS, Stack
from lineament.classifiers.registry import member_names
from lineament.data import LineamentError

RNG = np.random.default_rng(0)
Y = np.arange(90) % 3
X = RNG.normal(size=(90, 6)) + 0.8 * np.eye(3)[Y].repeat(2, axis=1)


class Memory(ClassifierMixin, BaseEstimator):
    """Knows the rows it was fitted on by heart, and nothing of others."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.known_ = dict(zip(X[:, 0].tolist(), y.tolist()))
        return self

    def predict_proba(self, X):
        answers = np.array([self.known_.get(value, -1) for value in X[:, 0].tolist()])
        return np.where(answers[:, None] < 0, 1 / len(self.classes_), answers[:, None] == self.classes_).astype(float)


def test_vote_is_the_mean_of_its_members():
    members = ["lda", "logreg", "knn"]
    alone = [make_classifier(name).fit(X, Y).predict_proba(X) for name in members]
    vote = make_classifier("vote", members=members).fit(X, Y)
    np.testing.assert_allclose(vote.predict_proba(X), np.mean(alone, axis=0))


def test_stack_learns_whom_to_believe():
    noise = RNG.normal(size=X.shape)
    model = make_classifier("stack", members=["lda", "knn"]).fit(X, Y)
    blind = make_classifier("stack", members=["lda", "knn"]).fit(noise, Y)
    assert (model.predict(X) == Y).mean() > 0.6
    assert np.abs(blind[-1].final_.coef_).max() < np.abs(model[-1].final_.coef_).max()


def test_stack_parts_no_group():
    """A member that knows copies by heart earns trust only where copies lie in other folds."""
    copies = np.tile(X[:30], (3, 1))
    labels, groups = np.tile(Y[:30], 3), np.tile(np.arange(30), 3)
    members = [("memory", Pipeline([("classify", Memory())]))]
    trusted, doubted = (Stack(members).fit(copies, labels, groups=given) for given in (None, groups))
    assert trusted.predict_proba(copies).max() > 0.9
    assert doubted.predict_proba(copies).max() < 0.4


def test_members_are_balanced_within_their_folds():
    stack = make_classifier("stack", members=["lda", "svm-linear"], balance="smote")
    assert [name for name, _ in stack.steps] == ["impute", "varies", "scale", "select", "classify"]
    assert all("resample" in member.named_steps for _, member in stack[-1].members)
    fitted = stack.fit(X, Y)[-1]
    assert all(not isinstance(member, Pipeline) for member in fitted.members_)


def test_members_are_named_classifiers_of_features():
    assert set(DEFAULT_MEMBERS) <= set(member_names())
    for name in ("cnn", "stack", "vote", "svn"):
        with pytest.raises(LineamentError, match="Unknown member"):
            make_classifier("vote", members=["lda", name])


def test_too_little_to_stack_is_said():
    with pytest.raises(LineamentError, match="too few pictures to stack"):
        make_classifier("stack", members=["knn"]).fit(X[:2], Y[:2])


def test_knn_takes_fewer_rows_than_neighbours():
    model = make_classifier("knn", balance="class-weight").fit(X[:4], [0, 0, 0, 1])
    assert model.predict_proba(X[:3]).shape == (3, 2)
