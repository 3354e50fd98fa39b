"""Classifiers by name, and the pipeline around them.

The pipeline has two parts. The *front* (impute, scale, select) is the same
for every classifier, so a fold fits it once; the *back* (resample, classify)
is the classifier's own. Glued together they are one pipeline again.
"""

from dataclasses import asdict

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from ..data.errors import check_choice
from ..data.registry import entries
from . import nets
from .fit_metadata import fit_params
from .preprocessing import BatchedScaler, MedianImputer, Varying
from .selection import SELECTORS
from .spec import FEATURES, ClassifierOptions, ClassifierSpec, dotted_name

AUGMENTS = {
    "none": "the faces as they are",
    "mirror": "the mirror image of every face as well; an answer is the mean of both",
}
BALANCES = {
    "none": "as the data are",
    "class-weight": "errors on rare classes weigh more",
    "smote": "rare classes are filled up with interpolated faces, within the fold (networks: class weights)",
}
CLASSIFIERS: dict[str, ClassifierSpec] = (
    entries(
        __package__,
        {
            "svm": "svm:SVM",
            "logreg": "linear:LOGREG",
            "lda": "linear:LDA",
            "forest": "forests:FOREST",
            "lssvm": "least_squares_svm:LSSVM",
            "lssvm-nystroem": "least_squares_svm:LSSVM_NYSTROEM",
            "svm-linear": "svm:SVM_LINEAR",
            "svm-nystroem": "svm:SVM_NYSTROEM",
            "knn": "neighbours:KNN",
            "gboost": "forests:GBOOST",
            "mlp": "perceptron:MLP",
            "vote": "ensemble:VOTE",
            "stack": "ensemble:STACK",
        },
    )
    | nets.CLASSIFIERS
)
# What every pipeline may hold; `imblearn` where a member of an ensemble resamples.
TRUSTED = (
    BatchedScaler,
    MedianImputer,
    Varying,
    "imblearn.pipeline.Pipeline",
    "lineament.classifiers.resampling.CappedSMOTE",
    "numpy.dtype",
)


def trusted_types() -> list[str]:
    """Dotted names of all that a model file may hold beyond skops' own list, sorted."""
    entries = [*CLASSIFIERS.values(), *SELECTORS.values()]
    return sorted({dotted_name(kind) for kinds in (TRUSTED, *(entry.trusted for entry in entries)) for kind in kinds})


def member_names() -> tuple[str, ...]:
    """Classifiers that `stack` and `vote` can be made of."""
    return tuple(n for n, spec in CLASSIFIERS.items() if spec.takes == FEATURES and "members" not in spec.options)


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


def make_back(
    name: str, *, balance: str = "none", random_state: int = 0, options: ClassifierOptions = ClassifierOptions()
) -> Pipeline:
    """Resample and classify: the classifier's own part. `options` that it does not know are left out."""
    spec = CLASSIFIERS[check_choice("classifier", name, CLASSIFIERS)]
    check_choice("--balance", balance, BALANCES)
    resample = balance == "smote" and spec.takes == FEATURES and "balance" not in spec.options
    known = {**asdict(options), "balance": balance}
    classifier = spec.build(
        random_state=random_state,
        class_weight=None if balance == "none" or resample else "balanced",
        **{key: value for key, value in known.items() if key in spec.options},
    )
    return _resampled(classifier, random_state) if resample else Pipeline([("classify", classifier)])


def _resampled(classifier, random_state):
    from imblearn.pipeline import Pipeline  # takes a second to import

    from .resampling import CappedSMOTE

    return Pipeline([("resample", CappedSMOTE(random_state=random_state)), ("classify", classifier)])


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
    options : of the classifier, as in `ClassifierOptions`, such as `max_epochs` of `cnn`
    """
    back = make_back(name, balance=balance, random_state=random_state, options=ClassifierOptions(**options))
    front = make_front(selector, n_features, random_state=random_state)
    return glue(front if CLASSIFIERS[name].takes == FEATURES else None, back)


FRONT = ("impute", "varies", "scale", "select")


def glue(front: Pipeline | None, back: Pipeline) -> Pipeline:
    """Front and back as one pipeline, fitted where they are; models of crops have no front."""
    return back if front is None else type(back)(front.steps + back.steps)


def families_after(front: Pipeline, families) -> np.ndarray:
    """The family of each column that a fitted front lets through; of axes that a reducer made, "" for all.

    `families` (d,) of the columns that it takes.
    """
    names = front.get_feature_names_out([f"{family}:{column}" for column, family in enumerate(families)])
    return np.array([name.partition(":")[0] if ":" in name else "" for name in names])


def fit_single_views(pipeline: Pipeline, X, y, *, groups, families) -> Pipeline:
    """Fit a whole pipeline on one row a face, told of the groups of the rows and the families of the columns.

    Its front comes first: only then is known which families the columns have that the classifier is given.
    """
    n_front = sum(name in FRONT for name, _ in pipeline.steps)
    if not n_front:
        return pipeline.fit(X, y, **fit_params(pipeline, groups=groups, families=families))
    front, back = Pipeline(pipeline.steps[:n_front]), type(pipeline)(pipeline.steps[n_front:])
    X = front.fit_transform(X, y, **fit_params(front, groups=groups))
    back.fit(X, y, **fit_params(back, groups=groups, families=families_after(front, families)))
    return glue(front, back)
