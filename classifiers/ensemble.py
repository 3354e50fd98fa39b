"""Several classifiers as one: the mean of their probabilities, or a model of them."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ..data.errors import LineamentError, check_choice
from .fit_metadata import fit_params, of_rows
from .inner import inner_folds
from .spec import FEATURES, ClassifierSpec

DEFAULT_MEMBERS = ("svm-nystroem", "lda", "forest")  # three kinds of model, all fast on many rows


class Vote(ClassifierMixin, BaseEstimator):
    """The mean of the members' probabilities.

    Parameters
    ----------
    members : list of (name, Pipeline)
        The last step is the classifier; steps before it, such as resampling, matter to fitting alone.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
    members_ : list of the fitted classifiers, without the steps before them
    """

    def __init__(self, members):
        self.members = members

    def fit(self, X, y, groups=None, faces=None, families=None):
        """Fit on X (n, d), y (n,), and what members take of `classifiers.fit_metadata`."""
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError("Members need two classes to tell apart; there is 1 class.")
        self.members_ = [_fitted(member, X, y, groups, faces, families) for _, member in self.members]
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k)."""
        check_is_fitted(self)
        return np.mean(self._member_probas(X), axis=0)

    def predict(self, X):
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def _member_probas(self, X):
        X = validate_data(self, X, reset=False)
        return [member.predict_proba(X) for member in self.members_]


class Stack(Vote):
    """A logistic regression on the members' probabilities for rows that they were not fitted on.

    Those rows come from folds within the training part, which `groups` do not
    cross: a copy of a picture that a member knows would make it look too good.

    Parameters
    ----------
    members : as of `Vote`
    class_weight : None or "balanced", of the logistic regression
    n_folds : int
    random_state : int, of the folds

    Attributes
    ----------
    classes_, members_ : as of `Vote`; the members are fitted on all rows
    final_ : the fitted LogisticRegression, on (n, members * k)

    References
    ----------
    Wolpert, "Stacked Generalization", Neural Networks 1992.
    """

    def __init__(self, members, class_weight=None, n_folds=3, random_state=0):
        super().__init__(members)
        self.class_weight = class_weight
        self.n_folds = n_folds
        self.random_state = random_state

    def fit(self, X, y, groups=None, faces=None, families=None):
        """Fit on X (n, d), y (n,), `groups` (n,) of rows that stay together, and what members take besides."""
        super().fit(X, y, groups=groups, faces=faces, families=families)
        X, y = validate_data(self, X, y)
        together = faces if groups is None else groups
        folds = inner_folds(y, together, n_folds=self.n_folds, random_state=self.random_state)
        if not folds:
            raise LineamentError("There are too few pictures to stack models on. Use vote in place of stack.")
        votes = [self._votes(X, y, groups, faces, families, *fold) for fold in folds]
        unseen = np.concatenate([valid for _, valid in folds])
        self.final_ = LogisticRegression(class_weight=self.class_weight, max_iter=1000)
        self.final_.fit(np.vstack(votes), y[unseen])
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k); 0 for a class that no fold could validate."""
        check_is_fitted(self)
        votes = np.hstack(self._member_probas(X))
        proba = np.zeros((len(votes), len(self.classes_)))
        known = np.searchsorted(self.classes_, self.final_.classes_)
        proba[:, known] = self.final_.predict_proba(votes)
        return proba

    def _votes(self, X, y, groups, faces, families, train, valid):
        """Probabilities (len(valid), members * k) of members fitted on `train`; 0 for classes that are not there."""
        votes = np.zeros((len(self.members), len(valid), len(self.classes_)))
        for vote, (_, member) in zip(votes, self.members):
            fitted = _fitted(member, X[train], y[train], *of_rows(train, groups, faces), families)
            vote[:, np.searchsorted(self.classes_, fitted.classes_)] = fitted.predict_proba(X[valid])
        return np.hstack(votes)


def _fitted(member, X, y, groups, faces, families):
    """The fitted classifier at the end of a member's pipeline."""
    member = clone(member)
    return member.fit(X, y, **fit_params(member, groups=groups, faces=faces, families=families))[-1]


def _members(names, random_state, balance):
    from .registry import make_back, member_names  # the registry lists this module

    names = [check_choice("member", name, member_names()) for name in names or DEFAULT_MEMBERS]
    return [(name, make_back(name, balance=balance, random_state=random_state)) for name in names]


def _vote(*, random_state, class_weight, members=None, balance="none"):
    return Vote(_members(members, random_state, balance))


def _stack(*, random_state, class_weight, members=None, balance="none"):
    return Stack(
        _members(members, random_state, balance),
        class_weight=None if balance == "none" else "balanced",
        random_state=random_state,
    )


VOTE = ClassifierSpec(
    _vote,
    FEATURES,
    "mean of the probabilities of --members; not tuned",
    options=("members", "balance"),
    trusted=(Vote,),
)
STACK = ClassifierSpec(
    _stack,
    FEATURES,
    "logistic regression on what --members say of faces unseen by them; not tuned",
    options=("members", "balance"),
    trusted=(Stack,),
)
