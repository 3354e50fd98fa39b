"""Models on the same folds: everything that learns is fitted within each fold."""

import hashlib
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from joblib import delayed
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from ..data.errors import check_choice
from ..data.parallel import pool
from ..data.scores import scores
from ..features.table import Inputs
from .evaluation import Evaluation
from .fit_metadata import fit_params
from .folds import HELD_OUT, UNUSED, Folds, make_folds
from .model import FACE, VIEWS, FaceModel, Recipe
from .protocol import Protocol, resolve_protocol
from .registry import AUGMENTS, CLASSIFIERS, families_after, glue, make_back, make_front
from .spec import CROPS, FEATURES, ClassifierOptions
from .tuning import LEVELS, Search, chosen_params, tune

__all__ = [
    "HELD_OUT",
    "UNUSED",
    "Evaluation",
    "Execution",
    "Folds",
    "Protocol",
    "evaluate",
    "make_folds",
    "resolve_protocol",
]
ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class Execution:
    """How the work is done, which changes no result.

    Parameters
    ----------
    n_jobs : int
        Processes.
    progress : bool
        Show a bar.
    tuning_folder : Path or None
        Where finished searches are kept and found again.
    """

    n_jobs: int = 1
    progress: bool = False
    tuning_folder: Path | None = None


def evaluate(
    classifiers: Sequence[str],
    inputs: Inputs,
    target: np.ndarray,
    *,
    folds: Folds,
    protocol: Protocol,
    recipe: Recipe = Recipe(),
    options: ClassifierOptions = ClassifierOptions(),
    execution: Execution = Execution(),
) -> tuple[list[Evaluation], dict[str, FaceModel]]:
    """Fit every classifier on every fold, and on the whole training part.

    With `protocol.tune` each of these fits searches its own parameters first,
    on the rows that it trains on.

    Parameters
    ----------
    classifiers : names in `CLASSIFIERS`
    inputs : Inputs of n faces
        With `protocol.augment` "mirror" in two views; with crops where a model takes them.
    target : ndarray of shape (n,), int64
        Label indices.
    folds : Folds
    protocol : Protocol
        `n_features` resolved, see `resolve_protocol`.
    recipe : Recipe
        What the models have in common: labels, families, detector. Without labels, the target's numbers are them.
    options : ClassifierOptions
    execution : Execution

    Returns
    -------
    evaluations : list of Evaluation, in the order of `classifiers`
    models : dict of FaceModel, trained on the whole training part
    """
    for name in classifiers:
        check_choice("classifier", name, CLASSIFIERS)
    check_choice("--augment", protocol.augment, AUGMENTS)
    level = LEVELS[check_choice("--tune", protocol.tune, LEVELS)]
    work = _Work(
        inputs={kind: _inputs_of(kind, inputs, protocol) for kind in {CLASSIFIERS[name].takes for name in classifiers}},
        target=target,
        folds=folds,
        protocol=protocol,
        recipe=recipe if recipe.labels else replace(recipe, labels=tuple(map(str, range(int(target.max()) + 1)))),
        search=Search(level, protocol.seed, execution.tuning_folder),
    )
    fronts = work.fronts(execution)
    fits = work.fitted(classifiers, options, fronts, execution)
    evaluations = [work.evaluation(name, fits[name], fronts) for name in classifiers]
    models = {one.name: work.model(one, fits[one.name][-1], fronts[-1]) for one in evaluations}
    return evaluations, models


def _inputs_of(kind, inputs, protocol):
    """What models of features, or of crops, are sent of the inputs."""
    if kind == CROPS:
        if inputs.crops is None:
            raise ValueError("A classifier takes crops of faces, and there are none in the inputs.")
        return Inputs(crops=inputs.crops)
    wanted = VIEWS[protocol.augment]
    if len(inputs.views) < len(wanted):
        raise ValueError(f"--augment {protocol.augment} takes {len(wanted)} views of a face, not {len(inputs.views)}.")
    return Inputs(inputs.views[: len(wanted)])


@dataclass(frozen=True)
class _Front:
    pipeline: object
    seconds: float


@dataclass(frozen=True)
class _Fit:
    back: object  # None but for the whole training part: a forest on 30,000 faces weighs 100 MB
    history: tuple | None
    trials: tuple
    proba: np.ndarray
    predicted: np.ndarray
    fit_seconds: float
    predict_seconds: float


@dataclass(frozen=True)
class _Work:
    """What all fits of a comparison share; `inputs` by what classifiers take."""

    inputs: dict[str, Inputs]
    target: np.ndarray
    folds: Folds
    protocol: Protocol
    recipe: Recipe
    search: Search

    def fronts(self, execution):
        """What precedes every classifier of features, fitted for each fit; None for each where there is none."""
        fits = self.folds.fits
        if FEATURES not in self.inputs:
            return [None] * len(fits)
        front = make_front(self.protocol.selector, self.protocol.n_features, random_state=self.protocol.seed)
        tasks = (delayed(_fit_front)(front, self.task(FEATURES, *rows)) for rows in fits)
        return list(_run(tasks, len(fits), "selecting", execution))

    def fitted(self, classifiers, options, fronts, execution):
        """For every classifier its fits, in the order of the folds."""
        fits, work = self.folds.fits, {FEATURES: [], CROPS: []}
        settings = {"balance": self.protocol.balance, "random_state": self.protocol.seed}
        backs = {name: make_back(name, **settings, options=options) for name in classifiers}
        for place in reversed(range(len(fits))):  # the largest fit first, so that no core waits for it at the end
            for name in classifiers:
                takes, space = CLASSIFIERS[name].takes, CLASSIFIERS[name].space
                task, front = self.task(takes, *fits[place]), fronts[place] if takes == FEATURES else None
                given = backs[name], front, task, self.recipe_of(name), space, self.search
                fit = delayed(_fit_and_answer)(*given, keep=place == len(fits) - 1)
                work[takes].append((name, place, fit))
        results = {name: [None] * len(fits) for name in classifiers}
        alone = replace(execution, n_jobs=1)  # a network takes all cores by itself
        for takes, how in ((FEATURES, execution), (CROPS, alone)):
            done = _run((fit for *_, fit in work[takes]), len(work[takes]), "fitting", how)
            for (name, place, _), result in zip(work[takes], done):
                results[name][place] = result
        return results

    def task(self, takes, train, test):
        return _Task(self.inputs[takes], self.target, self.folds.groups, train, test)

    def recipe_of(self, name):
        inputs = self.inputs[CLASSIFIERS[name].takes]
        if CLASSIFIERS[name].takes == CROPS:
            return replace(self.recipe, classifier=name, families=(), views=(FACE,), crop=inputs.crops.shape[1])
        families = self.recipe.families or tuple(inputs.table.families)
        return replace(self.recipe, classifier=name, families=families, views=VIEWS[self.protocol.augment], crop=None)

    def evaluation(self, name, results, fronts):
        """What was answered of every row, and at what cost."""
        fits, takes_features = self.folds.fits, CLASSIFIERS[name].takes == FEATURES
        predicted = np.full(len(self.target), -1, dtype=np.int64)
        proba = np.full((len(self.target), len(self.recipe.labels)), np.nan)
        for result, (_, test) in zip(results, fits):
            predicted[test], proba[test] = result.predicted, result.proba
        selected = tuple(
            tuple(front.pipeline.get_feature_names_out(self.inputs[FEATURES].table.names)) if takes_features else ()
            for front in fronts[:-1]
        )
        return Evaluation(
            name=name,
            target=self.target,
            predicted=predicted,
            proba=proba,
            fold=self.folds.fold,
            selected=selected,
            fit_seconds=tuple(result.fit_seconds for result in results),
            predict_seconds=sum(result.predict_seconds for result in results) / sum(len(test) for _, test in fits),
            params=_parameters(results[-1].back),
            history=tuple(result.history for result in results if result.history is not None),
            tuning=tuple(tuple(map(asdict, result.trials)) for result in results if result.trials),
        )

    def model(self, evaluation, fit, front):
        """The model of the whole training part, whose recipe says how good the others were on faces unseen by them."""
        recipe, inputs = self.recipe_of(evaluation.name), self.inputs[CLASSIFIERS[evaluation.name].takes]
        train = self.folds.fits[-1][0]
        recipe = replace(
            recipe,
            training_digest=recipe.training_digest or training_digest(inputs, self.target, train),
            metrics=_metrics(evaluation, self.folds.clean),
            calibration=_calibration(evaluation),
        )
        return FaceModel(glue(front.pipeline if recipe.takes == FEATURES else None, fit.back), recipe)


@dataclass(frozen=True)
class _Task:
    """One fit: on `train`, answers for `test`, of the rows of `inputs`."""

    inputs: Inputs
    target: np.ndarray
    groups: np.ndarray
    train: np.ndarray
    test: np.ndarray

    def rows(self):
        """X, y and metadata of the training rows, every view of the faces below the one before."""
        views, crops = self.inputs.views, self.inputs.crops
        X = np.concatenate([table.X[self.train] for table in views]) if views else crops[self.train]
        n_views = max(len(views), 1)
        faces, groups = np.tile(self.train, n_views), np.tile(self.groups[self.train], n_views)
        return X, np.tile(self.target[self.train], n_views), {"faces": faces, "groups": groups}


def _run(tasks, total, what, execution):
    """Results in the order of the tasks, as they come."""
    from tqdm import tqdm

    with warnings.catch_warnings():
        # joblib replaces a worker whose memory has grown, as forests let it grow; nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped")
        done = pool(n_jobs=execution.n_jobs, return_as="generator", batch_size=1)(tasks)
        yield from tqdm(done, total=total, desc=what, unit="fit", disable=not (execution.progress and total))


def _fit_front(front, task):
    front = clone(front)  # without other processes, all folds would share one object
    X, y, metadata = task.rows()
    start = time.perf_counter()
    with threadpool_limits(1):
        front.fit(X, y, **fit_params(front, **metadata))
    return _Front(front, time.perf_counter() - start)


def _fit_and_answer(back, front, task, recipe, space, search, *, keep):
    back = clone(back)
    with threadpool_limits(1):  # one core a fit, and sums in the same order whatever the number of jobs
        X, y, metadata = task.rows()
        if front is not None:
            X = front.pipeline.transform(X)
            metadata["families"] = families_after(front.pipeline, task.inputs.table.family)
        alone = slice(len(task.train))  # the search draws rows, which would part a face from its mirror image
        trials = tune(
            back, X[alone], y[alone], metadata["groups"][alone], metadata.get("families"), space=space, search=search
        )
        back.set_params(**chosen_params(trials))
        start = time.perf_counter()
        back.fit(X, y, **fit_params(back, **metadata))
        fitted = time.perf_counter()
        model = FaceModel(glue(front and front.pipeline, back), recipe)
        proba = model.answer(task.inputs.take(task.test))
        end = time.perf_counter()
    return _Fit(
        back=back if keep else None,
        history=tuple(back[-1].history_) if hasattr(back[-1], "history_") else None,
        trials=trials,
        proba=proba,
        predicted=proba.argmax(axis=1),
        fit_seconds=fitted - start + (front.seconds if front else 0.0),
        predict_seconds=end - fitted,
    )


def _parameters(back):
    plain = (str, int, float, bool, type(None))
    told = back[-1].get_params() | getattr(back[-1], "recipe_params_", {})
    return {key: value for key, value in told.items() if isinstance(value, plain)}


def _parts(evaluation, clean=None):
    """Masks of every fold as "cv", of held-out rows as "test", of the `clean` ones of them where some are not."""
    held_out = evaluation.fold == HELD_OUT
    yield "cv", [evaluation.fold == number for number in range(evaluation.n_folds)]
    if held_out.any():
        yield "test", [held_out]
    if clean is not None and clean.any() and not np.array_equal(clean, held_out):
        yield "test_clean", [clean]


def _metrics(evaluation, clean):
    """Scores by part; of folds their mean, over all their faces `n`."""
    by_part = {}
    for part, masks in _parts(evaluation, clean):
        each = [scores(evaluation.target[rows], evaluation.predicted[rows]) for rows in masks]
        means = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
        by_part[part] = means | {"n": sum(one["n"] for one in each)}
    return by_part


def _calibration(evaluation):
    """By part, the share of right answers and the mean probability that they were given."""
    parts = {part: np.any(masks, axis=0) for part, masks in _parts(evaluation)}
    return {
        part: {
            "accuracy": float((evaluation.predicted == evaluation.target)[rows].mean()),
            "confidence": float(evaluation.proba[rows].max(axis=1).mean()),
        }
        for part, rows in parts.items()
    }


def training_digest(inputs: Inputs, target: np.ndarray, rows: np.ndarray) -> str:
    """SHA-256, hexadecimal, of the labels and of all that models are shown of these rows."""
    digest = hashlib.sha256(np.ascontiguousarray(target[rows]))
    for values in [*(table.X for table in inputs.views), *([] if inputs.crops is None else [inputs.crops])]:
        for start in range(0, len(rows), ROWS_AT_ONCE):
            digest.update(np.ascontiguousarray(values[rows[start : start + ROWS_AT_ONCE]]))
    return digest.hexdigest()
