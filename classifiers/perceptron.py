"""A small neural network on measurements that can weigh rare classes up."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .spec import FEATURES, ClassifierSpec


class BalancedMLP(ClassifierMixin, BaseEstimator):
    """A network of one hidden layer, stopped when a tenth of the rows is no longer predicted better.

    That tenth is drawn by row: near copies may lie on both sides of it, which
    can only make training stop later. Where it would hold fewer than ten rows
    a class, chance would stop it: training goes on until the loss on the
    training rows stands still.

    Parameters
    ----------
    width : int, of the hidden layer
    alpha : float, weight of the squared weights in the loss
    learning_rate : float, of Adam
    max_epochs : int
    class_weight : None, "balanced", or dict by class
    random_state : int

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
    net_ : the fitted MLPClassifier
    """

    def __init__(self, width=64, alpha=0.01, learning_rate=0.001, max_epochs=200, class_weight=None, random_state=None):
        self.width = width
        self.alpha = alpha
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X, y):
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        self.classes_, counts = np.unique(y, return_counts=True)
        net = MLPClassifier(
            hidden_layer_sizes=self.width,
            alpha=self.alpha,
            learning_rate_init=self.learning_rate,
            max_iter=self.max_epochs,
            early_stopping=bool(counts.min() > 1 and len(y) >= 100 * len(counts)),
            validation_fraction=0.1,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # max_epochs is a choice, not a failure
            self.net_ = net.fit(X, y, sample_weight=compute_sample_weight(self.class_weight, y))
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k)."""
        check_is_fitted(self)
        return self.net_.predict_proba(validate_data(self, X, reset=False))

    def predict(self, X):
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]


def _build(*, random_state, class_weight):
    return BalancedMLP(class_weight=class_weight, random_state=random_state)


MLP = ClassifierSpec(
    _build,
    FEATURES,
    "neural network of one hidden layer of 64, stopped early",
    space={
        "alpha": (0.0001, 0.01, 0.1, 1.0),
        "learning_rate": (0.0003, 0.001, 0.003),
        "width": (32, 64, 128, 256),
    },
    trusted=(BalancedMLP, "sklearn.neural_network._stochastic_optimizers.AdamOptimizer"),
)
