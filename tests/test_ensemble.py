"""Several classifiers as one."""

import numpy as np
import pytest
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from lineament.classifiers import ClassifierOptions, make_classifier
from lineament.classifiers.ensemble import DEFAULT_MEMBERS, Stack, Vote
from lineament.classifiers.registry import make_back, member_names
from lineament.classifiers.resampling import CappedSMOTE
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


class Listener(ClassifierMixin, BaseEstimator):
    """Remembers what its fits were told of rows and columns."""

    heard = []

    def fit(self, X, y, faces=None, families=None, groups=None):
        self.classes_ = np.unique(y)
        Listener.heard.append((len(y), faces, families, groups))
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.mark.parametrize("kind", [Vote, Stack])
def test_members_are_told_of_faces_families_and_groups(kind):
    Listener.heard = []
    faces, families, groups = np.tile(np.arange(45), 2), np.repeat(["a", "b"], 3), np.tile(np.arange(45) // 3, 2)
    members = [("listener", Pipeline([("classify", Listener())])), ("deaf", Pipeline([("classify", Memory())]))]
    kind(members).fit(X, np.tile(Y[:45], 2), groups=groups, faces=faces, families=families)
    assert len(Listener.heard) == (1 if kind is Vote else 4)
    for n, *told in Listener.heard:
        assert len(told[0]) == len(told[2]) == n and (told[1] == families).all()
        assert (np.unique(told[0], return_counts=True)[1] == 2).all()  # no face is parted from its mirror image


def test_resampled_members_know_nothing_of_rows():
    Listener.heard = []
    member = ImbalancedPipeline([("resample", CappedSMOTE(random_state=0)), ("classify", Listener())])
    families = np.repeat(["a", "b"], 3)
    Vote([("listener", member)]).fit(X[:80], Y[:80] > 0, faces=np.arange(80), families=families)
    ((n, faces, heard, _),) = Listener.heard
    assert n > 80 and faces is None and (heard == families).all()


@pytest.mark.parametrize("name", ["vote", "stack"])
def test_mirror_images_share_coefficients_in_an_ensemble_too(name):
    """An lssvm that is a member solves the same small system as one that stands alone."""
    faces = np.tile(np.arange(45), 2)
    model = make_back(name, options=ClassifierOptions(members=["lssvm"]))
    model.fit(X, np.tile(Y[:45], 2), classify__faces=faces, classify__families=np.repeat(["a", "b"], 3))
    svm = model[-1].members_[0].estimator_
    assert svm.centres_.shape[:2] == (2, 45) and len(svm.whiten_.axes_) == 2
