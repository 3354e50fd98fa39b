"""Models on the same folds: everything that learns is fitted within each fold."""

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from .registry import AUGMENTS, CLASSIFIERS, glue, make_back, make_front, of_single_faces
from .selection import SELECTORS, resolve_n_features
from .tuning import LEVELS, chosen_params, tune
from ..data.dataset import TRAIN, Dataset
from ..data.duplicates import Duplicates, fold_groups
from ..data.errors import LineamentError, check_choice

VIEWS = {"none": ("features",), "mirror": ("features", "mirrored")}  # inputs that stand for a face, by `augment`
HELD_OUT = -1  # predicted by the model that was fitted on the whole training part
UNUSED = -2  # neither trained on nor scored: a training picture that the held-out part shows too


@dataclass(frozen=True)
class Protocol:
    """How models are compared; all that a reader needs to repeat it.

    `grouped_by` says in words what stays on one side of a fold, `reference`
    what the measurements are differences from ("" where they are none); `tune`
    is a key of `classifiers.tuning.LEVELS`, `augment` one of `AUGMENTS`.
    """

    cv: int = 5
    selector: str = "none"
    n_features: int | None = None
    balance: str = "none"
    seed: int = 0
    grouped_by: str | None = None
    tune: str = "none"
    reference: str = ""
    augment: str = "none"


@dataclass(frozen=True)
class Evaluation:
    """What one model predicted for n pictures, and how it came to it.

    Parameters
    ----------
    name : str
    target, predicted : ndarray of shape (n,), int64
        Class indices; `predicted` is -1 where `fold` is UNUSED.
    proba : ndarray of shape (n, k), float
        Class probabilities; NaN where `fold` is UNUSED.
    fold : ndarray of shape (n,), int64
        0 … K-1: predicted by the model fitted on the other folds. HELD_OUT: by
        the model fitted on all folds. UNUSED: not predicted.
    selected : tuple of tuples of str
        Names of the features that the selector kept, one tuple a fold, in fold
        order; empty tuples for models of images and for `none` all names.
    fit_seconds : tuple of float
        One a fold, then one for the whole training part; without the search of `tuning`.
    predict_seconds : float
        Per face, over all predicted rows.
    params : dict
        The parameters of the fitted estimator that differ between models.
    history : tuple of tuples of dict
        For nets, one tuple a fit (folds, then the whole), one dict an epoch:
        `epoch`, `train_loss`, `valid_loss`, `train_accuracy`, `valid_accuracy`.
    tuning : tuple of tuples of dict
        For tuned models, one tuple a fit (folds, then the whole), one dict a
        trial: the fields of `classifiers.tuning.Trial`.
    """

    name: str
    target: np.ndarray
    predicted: np.ndarray
    proba: np.ndarray
    fold: np.ndarray
    selected: tuple[tuple[str, ...], ...]
    fit_seconds: tuple[float, ...]
    predict_seconds: float
    params: dict = field(default_factory=dict)
    history: tuple = ()
    tuning: tuple = ()

    def __post_init__(self):
        n = len(self.target)
        for name in ("predicted", "proba", "fold"):
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} rows for {n} targets")

    @property
    def n_folds(self) -> int:
        return int(self.fold.max()) + 1

    def take(self, rows) -> "Evaluation":
        """The evaluation of these rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in ("target", "predicted", "proba", "fold")})


@dataclass(frozen=True)
class Folds:
    """Who is trained on and who is predicted, the same for every model.

    `fold` (n,) as in `Evaluation`; `groups` (n,): rows that stay together.
    """

    fold: np.ndarray
    groups: np.ndarray

    @property
    def fits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(training rows, predicted rows): one a fold, then the whole training part with what is held out."""
        trainable = self.fold >= 0
        fits = [
            (np.flatnonzero(trainable & (self.fold != number)), np.flatnonzero(self.fold == number))
            for number in range(self.fold.max() + 1)
        ]
        return [*fits, (np.flatnonzero(trainable), np.flatnonzero(self.fold == HELD_OUT))]


def make_folds(dataset: Dataset, duplicates: Duplicates, *, cv: int, seed: int) -> Folds:
    """Stratified folds of the training part; subjects and identical pictures stay together.

    Where the dataset has an official split, the rest is held out, and training
    pictures that lie in the held-out part too are left unused. Nearly equal
    ones stay together in folds, but are not taken out for the held-out part.

    Raises
    ------
    LineamentError
        For fewer than two folds or labels, or a label with fewer groups than folds.
    """
    if cv < 2:
        raise LineamentError(f"--cv {cv} is no cross-validation: it needs at least 2 folds. Try --cv 5.")
    groups = fold_groups(dataset, duplicates)
    fold = np.zeros(len(dataset), dtype=np.int64)
    if dataset.split is not None:
        fold[dataset.split != TRAIN] = HELD_OUT
        # Near copies stay, as in the official protocol that published numbers follow; the report counts them.
        fold[duplicates.exactly_of_held_out(dataset.split)] = UNUSED
    rows = np.flatnonzero(fold == 0)
    _check_labels(dataset, rows, groups, cv)
    splitter = StratifiedGroupKFold(cv, shuffle=True, random_state=seed)
    for number, (_, test) in enumerate(splitter.split(rows, dataset.target[rows], groups[rows])):
        fold[rows[test]] = number
    return Folds(fold, groups)


def _check_labels(dataset, rows, groups, cv):
    target = dataset.target[rows]
    present = np.unique(target)
    if len(present) < 2:
        raise LineamentError(
            f"Only {len(present)} label is left to train on; a classifier needs two. Labels: {dataset.label_counts()}."
        )
    unit = "subjects" if dataset.groups is not None else "different images"
    for label in present:
        n = len(np.unique(groups[rows[target == label]]))
        if n < cv:
            cure = f"Lower --cv to {n}" if n > 1 else "Add images of it or remove the label"
            raise LineamentError(
                f"The label '{dataset.label_names[label]}' has {n} {unit} to train on, "
                f"fewer than the {cv} folds. {cure}."
            )


def evaluate(
    classifiers: Sequence[str],
    *,
    inputs: Mapping[str, np.ndarray],
    feature_names: Sequence[str],
    target: np.ndarray,
    n_classes: int,
    folds: Folds,
    protocol: Protocol,
    options: Mapping[str, object] | None = None,
    tuning_folder: Path | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> tuple[list[Evaluation], dict]:
    """Fit every classifier on every fold, and on the whole training part.

    With `protocol.tune` each of these fits searches its own parameters first,
    on the rows that it trains on.

    Parameters
    ----------
    classifiers : names in `CLASSIFIERS`
    inputs : mapping of "features" to (n, d) float, and of "images" to (n, h, w) uint8 where a model takes them;
        with `protocol.augment` "mirror", of "mirrored" to the measurements (n, d) of the mirror images
    feature_names : d names
    target : ndarray of shape (n,), int64
    n_classes : int
        Columns of the probabilities.
    folds : Folds
    protocol : Protocol
        `n_features` resolved, see `resolve_protocol`.
    options : flags for single classifiers, such as `max_epochs`
    tuning_folder : where finished searches are kept and found again, or None
    n_jobs : processes; changes no result

    Returns
    -------
    evaluations : list of Evaluation, in the order of `classifiers`
    models : dict of fitted pipelines, trained on the whole training part
    """
    for name in classifiers:
        check_choice("classifier", name, CLASSIFIERS)
    views = [inputs[name] for name in VIEWS[check_choice("--augment", protocol.augment, AUGMENTS)] if name in inputs]
    backs = {
        name: make_back(
            name, balance=protocol.balance, random_state=protocol.seed, copies=len(views), **(options or {})
        )
        for name in classifiers
    }
    families = [name.partition("_")[0] for name in feature_names]
    level = LEVELS[check_choice("--tune", protocol.tune, LEVELS)]
    search = {"level": level, "random_state": protocol.seed, "folder": tuning_folder}
    fits = folds.fits
    fronts = [None] * len(fits)
    if any(CLASSIFIERS[name].takes == "features" for name in classifiers):
        front = make_front(protocol.selector, protocol.n_features, random_state=protocol.seed)
        grouped = SELECTORS[protocol.selector].grouped
        tasks = (
            delayed(_fit_front)(front, views, target, folds.groups if grouped else None, train)
            for train, _ in fits
        )
        fronts = list(_run(tasks, len(fits), "selecting", n_jobs, progress))
    tasks = (
        delayed(_fit_and_predict)(
            name, backs[name], fronts[place], views if CLASSIFIERS[name].takes == "features" else [inputs["images"]],
            target, folds.groups, *fits[place], search, families=families, keep=place == len(fits) - 1,
        )  # fmt: skip
        for place in reversed(range(len(fits)))  # the largest fit first, so that no core waits for it at the end
        for name in classifiers
    )
    results = {name: [None] * len(fits) for name in classifiers}
    order = ((place, name) for place in reversed(range(len(fits))) for name in classifiers)
    for (place, name), result in zip(order, _run(tasks, len(fits) * len(classifiers), "fitting", n_jobs, progress)):
        results[name][place] = result
    evaluations = [
        _assemble(name, results[name], fits, folds, target, n_classes, fronts, feature_names) for name in classifiers
    ]
    models = {
        name: glue(fronts[-1] and fronts[-1].pipeline, results[name][-1].back, takes=CLASSIFIERS[name].takes)
        for name in classifiers
    }
    return evaluations, models


def resolve_protocol(*, d: int, n_classes: int, n_features: int | None, **protocol) -> Protocol:
    """A `Protocol` with `n_features` as the selector will use it; raises `LineamentError` where it cannot."""
    k = resolve_n_features(protocol["selector"], n_features, d=d, n_classes=n_classes)
    return Protocol(n_features=k, **protocol)


@dataclass(frozen=True)
class _Front:
    pipeline: object
    seconds: float


@dataclass(frozen=True)
class _Fit:
    back: object  # None but for the whole training part: a forest on 30,000 faces weighs 100 MB
    history: tuple | None
    trials: tuple
    predicted: np.ndarray
    proba: np.ndarray
    classes: np.ndarray
    fit_seconds: float
    predict_seconds: float


def _run(tasks, total, what, n_jobs, progress):
    """Results in the order of the tasks, as they come."""
    with warnings.catch_warnings():
        # joblib replaces a worker whose memory has grown, as forests let it grow; nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped")
        done = Parallel(n_jobs=n_jobs, return_as="generator", batch_size=1)(tasks)
        yield from tqdm(done, total=total, desc=what, unit="fit", disable=not progress)


def _fit_front(front, views, y, groups, train):
    front = clone(front)  # without other processes, all folds would share one object
    fit_params = {} if groups is None else {"select__groups": np.tile(groups[train], len(views))}
    start = time.perf_counter()
    with threadpool_limits(1):
        front.fit(_stacked(views, train), np.tile(y[train], len(views)), **fit_params)
    return _Front(front, time.perf_counter() - start)


def _blocks(front, families):
    """The family of each column that the front lets through; of axes that a reducer made, the same for all."""
    names = front.get_feature_names_out([f"{family}:{place}" for place, family in enumerate(families)])
    return np.array([name.partition(":")[0] if ":" in name else "" for name in names])


def _stacked(views, rows):
    """Rows of every view of the faces, one below the other."""
    return np.concatenate([X[rows] for X in views])


def _fit_and_predict(name, back, front, views, y, groups, train, test, search, *, families, keep):
    back, spec = clone(back), CLASSIFIERS[name]
    takes = spec.takes
    y_train, groups_train = np.tile(y[train], len(views)), np.tile(groups[train], len(views))
    fit_params = {"classify__groups": groups_train} if spec.grouped else {}
    with threadpool_limits(1):  # one core a fit, and sums in the same order whatever the number of jobs
        X_train = _stacked(views, train)
        if takes == "features":
            X_train = front.pipeline.transform(X_train)
            if spec.blocked:
                fit_params["classify__blocks"] = _blocks(front.pipeline, families)
        alone = slice(len(train))  # the search draws rows, which would part a face from its mirror image
        trials = tune(
            of_single_faces(back), X_train[alone], y_train[alone], groups_train[alone],
            space=spec.space, grouped=spec.grouped, blocks=fit_params.get("classify__blocks"), **search,
        )  # fmt: skip
        back.set_params(**chosen_params(trials))
        start = time.perf_counter()
        back.fit(X_train, y_train, **fit_params)
        fitted = time.perf_counter()
        model = glue(front and front.pipeline, back, takes=takes)
        proba = np.empty((0, len(back.classes_)))
        if len(test):
            proba = sum(model.predict_proba(X[test]) for X in views) / len(views)
        predicted = back.classes_[proba.argmax(axis=1)]
        end = time.perf_counter()
    shared = front.seconds if takes == "features" else 0.0
    history = tuple(back[-1].history_) if hasattr(back[-1], "history_") else None
    kept = back if keep else None
    return _Fit(kept, history, trials, predicted, proba, back.classes_, fitted - start + shared, end - fitted)


def _assemble(name, results, fits, folds, target, n_classes, fronts, feature_names):
    predicted = np.full(len(target), -1, dtype=np.int64)
    proba = np.full((len(target), n_classes), np.nan)
    for result, (_, test) in zip(results, fits):
        predicted[test] = result.predicted
        proba[test] = 0.0
        proba[np.ix_(test, result.classes)] = result.proba
    takes_features = CLASSIFIERS[name].takes == "features"
    n_predicted = sum(len(test) for _, test in fits)
    return Evaluation(
        name=name,
        target=target,
        predicted=predicted,
        proba=proba,
        fold=folds.fold,
        selected=tuple(
            tuple(front.pipeline.get_feature_names_out(feature_names)) if takes_features else ()
            for front in fronts[:-1]
        ),
        fit_seconds=tuple(result.fit_seconds for result in results),
        predict_seconds=sum(result.predict_seconds for result in results) / n_predicted,
        params=_parameters(results[-1].back),
        history=tuple(result.history for result in results if result.history is not None),
        tuning=tuple(tuple(map(asdict, result.trials)) for result in results if result.trials),
    )


def _parameters(back):
    plain = (str, int, float, bool, type(None))
    return {key: value for key, value in back[-1].get_params().items() if isinstance(value, plain)}
