"""Nearest neighbours that can weigh rare classes up."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .spec import FEATURES, ClassifierSpec


class BalancedKNN(ClassifierMixin, BaseEstimator):
    """k nearest neighbours, at most as many as there are rows, that can weigh rare classes up.

    A neighbour counts by the inverse of its distance, times the weight of its class.

    Parameters
    ----------
    n_neighbors : int
    p : 1 for the sum of differences, 2 for the Euclidean distance
    class_weight : None, "balanced", or dict by class

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
    weights_ : ndarray of shape (k,), of the classes
    neighbours_ : the fitted KNeighborsClassifier; it holds the training rows
    """

    def __init__(self, n_neighbors=15, p=2, class_weight=None):
        self.n_neighbors = n_neighbors
        self.p = p
        self.class_weight = class_weight

    def fit(self, X, y):
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_ = np.unique(y)
        self.weights_ = compute_class_weight(self.class_weight, classes=self.classes_, y=y)
        k = min(self.n_neighbors, len(y))
        # A tree of regions saves nothing in a space of so many columns.
        self.neighbours_ = KNeighborsClassifier(k, weights="distance", p=self.p, algorithm="brute").fit(X, y)
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k)."""
        check_is_fitted(self)
        proba = self.neighbours_.predict_proba(validate_data(self, X, reset=False)) * self.weights_
        return proba / proba.sum(axis=1, keepdims=True)

    def predict(self, X):
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]


def _build(*, random_state, class_weight):
    return BalancedKNN(class_weight=class_weight)


KNN = ClassifierSpec(
    _build,
    FEATURES,
    "15 nearest neighbours, nearer ones count more; its model file holds the training measurements",
    space={"n_neighbors": (5, 10, 15, 25, 50, 100), "p": (1, 2)},
    trusted=(BalancedKNN,),
)
