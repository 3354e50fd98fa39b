"""Several classifiers as one: the mean of their probabilities, or a model of them."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .inner import inner_folds
from ..data.errors import LineamentError

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

    def fit(self, X, y):
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError("Members need two classes to tell apart; there is 1 class.")
        self.members_ = [clone(member).fit(X, y)[-1] for _, member in self.members]
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

    def fit(self, X, y, groups=None):
        """Fit on X (n, d), y (n,), and `groups` (n,) of rows that stay together."""
        super().fit(X, y)
        X, y = validate_data(self, X, y)
        folds = inner_folds(y, groups, n_folds=self.n_folds, random_state=self.random_state)
        if not folds:
            raise LineamentError("There are too few pictures to stack models on. Use vote in place of stack.")
        blocks = [np.hstack([self._unseen(member, X, y, *fold) for _, member in self.members]) for fold in folds]
        unseen = np.concatenate([valid for _, valid in folds])
        self.final_ = LogisticRegression(class_weight=self.class_weight, max_iter=1000)
        self.final_.fit(np.vstack(blocks), y[unseen])
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k); 0 for a class that no fold could validate."""
        check_is_fitted(self)
        votes = np.hstack(self._member_probas(X))
        proba = np.zeros((len(votes), len(self.classes_)))
        known = np.searchsorted(self.classes_, self.final_.classes_)
        proba[:, known] = self.final_.predict_proba(votes)
        return proba

    def _unseen(self, member, X, y, train, valid):
        """Probabilities (len(valid), k) of a member fitted on `train`; 0 for classes that are not there."""
        proba = np.zeros((len(valid), len(self.classes_)))
        fitted = clone(member).fit(X[train], y[train])[-1]
        proba[:, np.searchsorted(self.classes_, fitted.classes_)] = fitted.predict_proba(X[valid])
        return proba
