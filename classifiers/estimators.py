"""Classifiers for the registry that scikit-learn has almost as they are needed: builders, and what they lack.

All weigh rare classes up where they are told to, take any number of rows, and
give probabilities.
"""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .calibration import TemperatureScaled
from .kernel import PartlyWhitened


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

    def __init__(
        self, width=64, alpha=0.01, learning_rate=0.001, max_epochs=200, class_weight=None, random_state=None
    ):
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


class NarrowNystroem(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """RBF kernel of at most `n_components` training rows as columns; gamma as in the exact SVM.

    gamma is `narrowness` / (columns * variance).

    Parameters
    ----------
    narrowness : float
    n_components : int
    random_state : int

    Attributes
    ----------
    kernel_ : the fitted Nystroem

    References
    ----------
    Williams and Seeger, "Using the Nyström Method to Speed Up Kernel Machines", NIPS 2000.
    """

    def __init__(self, narrowness=1.0, n_components=500, random_state=None):
        self.narrowness = narrowness
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X, y=None):
        X = validate_data(self, X, dtype=np.float64)
        gamma = self.narrowness / (X.shape[1] * (X.var() or 1.0))
        kept = min(self.n_components, len(X))
        self.kernel_ = Nystroem(gamma=gamma, n_components=kept, random_state=self.random_state).fit(X)
        self._n_features_out = kept
        return self

    def transform(self, X):
        """Kernel features (n, n_components)."""
        check_is_fitted(self)
        return self.kernel_.transform(validate_data(self, X, dtype=np.float64, reset=False))


def knn(*, random_state, weights):
    return BalancedKNN(class_weight=_balanced(weights))


def gboost(*, random_state, weights):
    # A fixed number of rounds: stopping early would need validation rows apart from their near copies.
    return HistGradientBoostingClassifier(
        max_iter=100,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=5,
        max_bins=63,  # three times faster than 255 on measurements, and no worse
        l2_regularization=1.0,
        early_stopping=False,
        class_weight=_balanced(weights),
        random_state=random_state,
    )


def mlp(*, random_state, weights):
    return BalancedMLP(class_weight=_balanced(weights), random_state=random_state)


def svm_linear(*, random_state, weights, copies=1):
    svc = LinearSVC(C=0.03, dual=False, class_weight=_balanced(weights))
    return TemperatureScaled(svc, copies=copies, random_state=random_state)


def svm_nystroem(*, random_state, weights, copies=1):
    kernel = NarrowNystroem(random_state=random_state)
    svc = make_pipeline(kernel, LinearSVC(C=1, dual=False, class_weight=_balanced(weights)))
    return make_pipeline(PartlyWhitened(), TemperatureScaled(svc, copies=copies, random_state=random_state))


def _balanced(weights):
    return "balanced" if weights else None
