"""Classifiers by name, and the pipeline around them.

The pipeline has two parts. The *front* (impute, scale, select) is the same
for every classifier, so a fold fits it once; the *back* (resample, classify)
is the classifier's own. Glued together they are one pipeline again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.base import BaseEstimator, clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from . import estimators
from .calibration import TemperatureScaled
from .cnn import make_cnn
from .ensemble import DEFAULT_MEMBERS, Stack, Vote
from .kernel import LeastSquaresSVM, PartlyWhitened
from .selection import SELECTORS
from .wide import BatchedScaler, MedianImputer, Varying
from ..data.errors import check_choice

AUGMENTS = {
    "none": "the faces as they are",
    "mirror": "the mirror image of every face as well; an answer is the mean of both",
}
BALANCES = {
    "none": "as the data are",
    "class-weight": "errors on rare classes weigh more",
    "smote": "rare classes are filled up with interpolated faces, within the fold (networks: class weights)",
}


class CappedSMOTE(SMOTE):
    """SMOTE that asks no class for more neighbours than it has; a lone row is repeated."""

    def _fit_resample(self, X, y):
        smallest = np.unique(y, return_counts=True)[1].min()
        if smallest == 1:
            return RandomOverSampler(random_state=self.random_state).fit_resample(X, y)
        asked = self.k_neighbors
        self.k_neighbors = min(asked, smallest - 1)
        try:
            return super()._fit_resample(X, y)
        finally:
            self.k_neighbors = asked


@dataclass(frozen=True)
class ClassifierSpec:
    """One entry of the registry.

    `build(random_state=, weights=, **options)` gives the unfitted classifier;
    `weights` says whether rare classes shall weigh more. `takes` names its
    input, "features" or "images"; `options` are the flags that it understands,
    where "balance" means that it resamples by itself. `grouped`: its `fit`
    takes `groups` (n,), rows that no split of its own may part; `blocked`:
    `blocks` (d,), the families of the columns. `space` is
    what `--tune` searches: parameters of the built classifier by path, and
    the values of each in JSON's own types; empty for none.
    """

    build: Callable
    takes: str
    about: str
    options: tuple[str, ...] = field(default=())
    grouped: bool = False
    blocked: bool = False
    space: Mapping[str, Sequence] = field(default_factory=dict)


class NarrowSVC(SVC):
    """RBF SVM whose gamma is `narrowness` times scikit-learn's "scale", 1 / (columns * variance)."""

    def __init__(self, C=1.0, narrowness=1.0, class_weight=None, cache_size=200):
        super().__init__(C=C, class_weight=class_weight, cache_size=cache_size)
        self.narrowness = narrowness

    def fit(self, X, y):
        variance = np.var(np.asarray(X, dtype=np.float64)) or 1.0
        self.gamma = self.narrowness / (np.shape(X)[1] * variance)
        return super().fit(X, y)


def _svm(*, random_state, weights, copies=1):
    svc = NarrowSVC(C=5, narrowness=1, cache_size=500, class_weight="balanced" if weights else None)
    # On a fold of FER2013 100 axes of 194 measurements score as 188 do, in half the time.
    return make_pipeline(PartlyWhitened(0.4, 100), TemperatureScaled(svc, copies=copies, random_state=random_state))


def _lssvm(*, random_state, weights, copies=1):
    svm = LeastSquaresSVM(weights=weights, copies=copies, random_state=random_state)
    return TemperatureScaled(svm, copies=copies, random_state=random_state)


def _logreg(*, random_state, weights):
    return LogisticRegression(C=1.0, max_iter=1000, class_weight="balanced" if weights else None)


class BalancedPriorLDA(LinearDiscriminantAnalysis):
    """LDA whose classes are equally likely beforehand, whatever their counts."""

    def fit(self, X, y):
        n_classes = max(len(np.unique(np.asarray(y))), 1)
        self.priors = np.full(n_classes, 1 / n_classes)
        try:
            return super().fit(X, y)
        finally:
            self.priors = None  # fit leaves parameters as they were given


def _lda(*, random_state, weights):
    return (BalancedPriorLDA if weights else LinearDiscriminantAnalysis)(solver="lsqr", shrinkage="auto")


def _forest(*, random_state, weights):
    return RandomForestClassifier(
        n_estimators=200,
        min_samples_leaf=2,
        class_weight="balanced_subsample" if weights else None,
        random_state=random_state,
    )


def _vote(*, random_state, weights, members=None, balance="none"):
    return Vote(_members(members, random_state, balance))


def _stack(*, random_state, weights, members=None, balance="none"):
    return Stack(
        _members(members, random_state, balance),
        class_weight=None if balance == "none" else "balanced",
        random_state=random_state,
    )


def _members(names, random_state, balance):
    names = [check_choice("member", name, member_names()) for name in names or DEFAULT_MEMBERS]
    return [(name, make_back(name, balance=balance, random_state=random_state)) for name in names]


def member_names() -> tuple[str, ...]:
    """Classifiers that `stack` and `vote` can be made of."""
    return tuple(n for n, spec in CLASSIFIERS.items() if spec.takes == "features" and "members" not in spec.options)


CLASSIFIERS = {
    "svm": ClassifierSpec(
        _svm,
        "features",
        "support vector machine, RBF kernel on partly whitened axes, temperature-calibrated",
        options=("copies",),
        space={
            "temperaturescaled__estimator__C": (0.3, 1, 3, 10, 30),
            "temperaturescaled__estimator__narrowness": (0.5, 1, 2, 4),
        },
    ),
    "logreg": ClassifierSpec(
        _logreg, "features", "multinomial logistic regression", space={"C": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 10)}
    ),
    "lda": ClassifierSpec(
        _lda,
        "features",
        "linear discriminant analysis with shrinkage",
        space={"shrinkage": ("auto", 0.001, 0.01, 0.03, 0.1, 0.3, 0.6)},
    ),
    "forest": ClassifierSpec(
        _forest,
        "features",
        "random forest of 200 trees",
        space={"min_samples_leaf": (1, 2, 4, 8), "max_features": ("sqrt", 0.05, 0.2, 0.4)},
    ),
    "lssvm": ClassifierSpec(
        _lssvm,
        "features",
        "least-squares SVM, RBF kernel on partly whitened axes of each family; bears thousands of columns",
        options=("copies",),
        blocked=True,
        space={
            "estimator__narrowness": (0.5, 1, 2, 4),
            "estimator__ridge": (0.05, 0.1, 0.2, 0.4),
            "estimator__power": (0.25, 0.5, 0.75),
        },
    ),
    "svm-linear": ClassifierSpec(
        estimators.svm_linear,
        "features",
        "support vector machine, linear, temperature-calibrated; fast on many rows",
        options=("copies",),
        space={"estimator__C": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)},
    ),
    "svm-nystroem": ClassifierSpec(
        estimators.svm_nystroem,
        "features",
        "support vector machine, RBF kernel approximated by 500 faces (Nystroem); for many rows",
        options=("copies",),
        space={
            "temperaturescaled__estimator__linearsvc__C": (0.03, 0.1, 0.3, 1, 3, 10),
            "temperaturescaled__estimator__narrownystroem__narrowness": (0.5, 1, 2, 4),
        },
    ),
    "knn": ClassifierSpec(
        estimators.knn,
        "features",
        "15 nearest neighbours, nearer ones count more; its model file holds the training measurements",
        space={"n_neighbors": (5, 10, 15, 25, 50, 100), "p": (1, 2)},
    ),
    "gboost": ClassifierSpec(
        estimators.gboost,
        "features",
        "gradient boosting of 100 rounds of small trees on histograms",
        space={
            "learning_rate": (0.03, 0.06, 0.1, 0.2),
            "max_leaf_nodes": (7, 15, 31),
            "l2_regularization": (0.0, 1.0, 10.0),
        },
    ),
    "mlp": ClassifierSpec(
        estimators.mlp,
        "features",
        "neural network of one hidden layer of 64, stopped early",
        space={
            "width": (32, 64, 128, 256),
            "alpha": (0.0001, 0.01, 0.1, 1.0),
            "learning_rate": (0.0003, 0.001, 0.003),
        },
    ),
    "vote": ClassifierSpec(
        _vote, "features", "mean of the probabilities of --members; not tuned", options=("members", "balance")
    ),
    "stack": ClassifierSpec(
        _stack,
        "features",
        "logistic regression on what --members say of faces unseen by them; not tuned",
        options=("members", "balance"),
        grouped=True,
    ),
    "cnn": ClassifierSpec(
        make_cnn,
        "images",
        "mini-Xception on the 48x48 gray face; not tuned",
        options=("max_epochs",),
        grouped=True,
    ),
}


def make_front(selector: str, n_features: int, *, random_state: int) -> Pipeline:
    """Impute, scale, select: what all classifiers of features share in a fold."""
    build = SELECTORS[check_choice("selector", selector, SELECTORS)].build
    return Pipeline(
        [
            ("impute", MedianImputer()),
            ("varies", Varying()),
            ("scale", BatchedScaler()),
            ("select", build(n_features, random_state)),
        ]
    )


def make_back(name: str, *, balance: str = "none", random_state: int = 0, **options) -> Pipeline:
    """Resample and classify: the classifier's own part. `options` it does not know are left out."""
    spec = CLASSIFIERS[check_choice("classifier", name, CLASSIFIERS)]
    check_choice("--balance", balance, BALANCES)
    options = options | {"balance": balance}
    resample = balance == "smote" and spec.takes == "features" and "balance" not in spec.options
    if resample:
        options["copies"] = 1  # made-up rows have no mirror image
    classifier = spec.build(
        random_state=random_state,
        weights=balance == "class-weight" or (balance == "smote" and not resample),
        **{key: value for key, value in options.items() if key in spec.options},
    )
    steps = [("resample", CappedSMOTE(random_state=random_state))] if resample else []
    return Pipeline([*steps, ("classify", classifier)])


def make_classifier(
    name: str,
    *,
    selector: str = "none",
    n_features: int = 60,
    balance: str = "none",
    random_state: int = 0,
    **options,
) -> BaseEstimator:
    """The whole unfitted pipeline of one classifier, for use on a feature table or on face crops.

    Parameters
    ----------
    name : key of `CLASSIFIERS`
    selector : key of `SELECTORS`
    n_features : how many the selector keeps
    balance : key of `BALANCES`
    random_state : int
    options : of the classifier, such as `max_epochs` of `cnn`
    """
    back = make_back(name, balance=balance, random_state=random_state, **options)
    return glue(make_front(selector, n_features, random_state=random_state), back, takes=CLASSIFIERS[name].takes)


def glue(front: Pipeline, back: Pipeline, *, takes: str) -> Pipeline:
    """Front and back as one pipeline, fitted where they are; models of images have no front."""
    return Pipeline(front.steps + back.steps) if takes == "features" else back


def of_single_faces(model: Pipeline) -> Pipeline:
    """An unfitted copy that does not take the second half of its rows for mirror images of the first."""
    model = clone(model)
    return model.set_params(**{path: 1 for path in model.get_params() if path.endswith("__copies")})
