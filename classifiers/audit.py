"""What a careless protocol would have reported: one fast model, honest and leaky, on the same pictures.

Each comparison breaks one rule of `evaluate` and keeps the others, so that
the difference has one cause. Besides: cross-validation repeated on other
folds, and how the score follows the number of faces and of features.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from .evaluate import Folds, Protocol, make_folds
from .registry import make_classifier, make_front, member_names
from ..data.dataset import Dataset
from ..data.duplicates import Duplicates
from ..data.errors import LineamentError, check_choice
from ..data.scores import macro_f1

log = logging.getLogger(__name__)

DETECTED, DUPLICATES, SELECTION, SUBJECTS = "detected", "duplicates", "selection", "subjects"
CURVE_SELECTOR = "anova"  # a ranking that costs nothing; the run's own selector may take minutes
SHARES = (0.1, 0.25, 0.5)  # of the training groups; the whole is the honest fit itself
COUNTS = (2, 5, 10, 20, 40, 80, 160, 320)  # numbers of features
PREFERRED = ("svm", "forest", "logreg", "lda")  # the first are the more flexible: a leak shows in what can memorise


@dataclass(frozen=True)
class Level:
    """How thorough: at most `most_rows` pictures, `repeats` cross-validations."""

    about: str
    most_rows: int
    repeats: int


LEVELS = {
    "none": None,
    "quick": Level("on up to 1,500 pictures", most_rows=1500, repeats=3),
    "full": Level("on up to 8,000 pictures, cross-validation repeated ten times", most_rows=8000, repeats=10),
}
AUDITS = {
    "none": "no such comparison",
    **{name: f"honest beside leaky protocols, {level.about}" for name, level in LEVELS.items() if level},
}


@dataclass(frozen=True)
class Comparison:
    """Answers of the same model under the honest rule and with one rule broken.

    `name` is one of "detected", "duplicates", "selection", "subjects";
    `honest` and `leaky` (n,) int64 class indices, -1 where a protocol scores
    no such picture. `why_not` says why there is nothing to compare, "" else.
    """

    name: str
    honest: np.ndarray
    leaky: np.ndarray
    why_not: str = ""


@dataclass(frozen=True)
class CurvePoint:
    """Macro F1 of every fold at one setting: `at` is a number of faces or of features."""

    at: float
    f1_macro: tuple[float, ...]


@dataclass(frozen=True)
class Audit:
    """Result of `audit`.

    Parameters
    ----------
    classifier, selector : str
        The model, and the selector of the "selection" comparison, which keeps `n_features`.
    n_features : int
    rows : ndarray of shape (n,), int64
        Rows of the dataset that took part: all that are trained on, or whole groups drawn from them.
    comparisons : tuple of Comparison
    repeats : ndarray of shape (r, cv)
        Accuracy of every fold in r cross-validations on different folds.
    fold_sizes : (float, float)
        Pictures scored and trained on in a fold, as means.
    learning, features : tuples of CurvePoint
    seconds : float
    """

    classifier: str
    selector: str
    n_features: int
    rows: np.ndarray
    comparisons: tuple[Comparison, ...]
    repeats: np.ndarray
    fold_sizes: tuple[float, float]
    learning: tuple[CurvePoint, ...]
    features: tuple[CurvePoint, ...]
    seconds: float


@dataclass(frozen=True)
class _Task:
    """One fit: on `train`, answers for `test`; `X` (n, k) in place of all measurements, or None."""

    train: np.ndarray
    test: np.ndarray
    selector: str = "none"
    n_features: int | None = None
    X: np.ndarray | None = None


def audit(
    dataset: Dataset,
    duplicates: Duplicates,
    X: np.ndarray,
    *,
    found: np.ndarray,
    folds: Folds,
    protocol: Protocol,
    classifiers: Sequence[str],
    level: str = "quick",
    n_jobs: int = 1,
) -> Audit | None:
    """Compare the honest protocol with careless ones on the training part.

    Parameters
    ----------
    dataset : Dataset of n pictures
    duplicates : Duplicates
    X : ndarray of shape (n, d)
        Measurements, NaN where there are none.
    found : ndarray of shape (n,), bool
        The detector saw the face.
    folds : Folds of the run
    protocol : Protocol of the run
    classifiers : names of the run's classifiers; the most flexible of features is taken
    level : key of `LEVELS`
    n_jobs : processes; changes no result

    Returns
    -------
    Audit, or None for the level "none" and where the drawn pictures cannot be dealt into folds
    """
    check_choice("audit", level, LEVELS)
    if LEVELS[level] is None:
        return None
    start = time.perf_counter()
    rows = drawn_rows(folds, most=LEVELS[level].most_rows, seed=protocol.seed)
    try:
        work = _Work.of(dataset, duplicates, X, found, rows, protocol, classifiers)
    except LineamentError as error:
        log.warning("The comparison with careless protocols is left out: %s", error)
        return None
    return work.result(rows, LEVELS[level].repeats, n_jobs, start)


def drawn_rows(folds: Folds, *, most: int, seed: int) -> np.ndarray:
    """Rows that are trained on, sorted; whole groups drawn at random where they are more than `most`."""
    rows = np.flatnonzero(folds.fold >= 0)
    if len(rows) <= most:
        return rows
    names, group = np.unique(folds.groups[rows], return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.cumsum(np.bincount(group)[order])
    kept = place[group] <= most
    # One group may be larger than all that may be drawn.
    return rows[kept] if kept.any() else rows[group == order[0]]


def audited_classifier(classifiers: Sequence[str]) -> str:
    """The most flexible of the single classifiers that take features; "svm" where none does."""
    # Models made of others cost several times as much, and a leak shows in one as well.
    known = [name for name in classifiers if name in member_names()]
    return next((name for name in PREFERRED if name in known), known[0] if known else PREFERRED[0])


@dataclass(frozen=True)
class _Work:
    """The drawn pictures as a dataset of their own, without an official split, and its honest folds."""

    dataset: Dataset
    duplicates: Duplicates
    X: np.ndarray
    found: np.ndarray
    folds: Folds
    protocol: Protocol
    classifier: str
    selector: str
    n_features: int

    @classmethod
    def of(cls, dataset, duplicates, X, found, rows, protocol, classifiers):
        part = replace(dataset.take(rows), split=None)
        _, first, copy_of = np.unique(duplicates.copy_of[rows], return_index=True, return_inverse=True)
        copies = Duplicates(first[copy_of])
        selector, k = protocol.selector, protocol.n_features
        if selector == "none":
            selector, k = CURVE_SELECTOR, min(20, max(1, X.shape[1] // 2))
        return cls(
            dataset=part,
            duplicates=copies,
            X=X[rows],
            found=found[rows],
            folds=make_folds(part, copies, cv=protocol.cv, seed=protocol.seed),
            protocol=protocol,
            classifier=audited_classifier(classifiers),
            selector=selector,
            n_features=k,
        )

    def result(self, rows, n_repeats, n_jobs, start) -> Audit:
        """Fit everything in one pool of processes, then sort the answers."""
        plans = {"honest": self._fits(self.folds), **self._leaks()}
        repeats = [self._refolded(seed=self.protocol.seed + 1 + turn) for turn in range(n_repeats - 1)]
        plans |= {f"repeat {turn}": self._fits(folds) for turn, folds in enumerate(repeats)}
        plans |= {f"share {share}": self._shared(share) for share in SHARES}
        counts = [k for k in COUNTS if k < self.X.shape[1]]
        plans |= {f"features {k}": self._fits(self.folds, selector=CURVE_SELECTOR, n_features=k) for k in counts}
        answers = self._answers(plans, n_jobs)
        scored = [(self.folds, "honest"), *((folds, f"repeat {turn}") for turn, folds in enumerate(repeats))]
        learning = [(f"share {share}", self._mean_rows(plans[f"share {share}"])) for share in SHARES]
        return Audit(
            classifier=self.classifier,
            selector=self.selector,
            n_features=self.n_features,
            rows=rows,
            comparisons=self._comparisons(answers),
            repeats=np.array([self._accuracies(answers[name], folds) for folds, name in scored]),
            fold_sizes=(len(rows) / self.n_folds, self._mean_rows(plans["honest"])),
            learning=self._curve(answers, [*learning, ("honest", self._mean_rows(plans["honest"]))]),
            features=self._curve(answers, [*((f"features {k}", k) for k in counts), ("honest", self.X.shape[1])]),
            seconds=time.perf_counter() - start,
        )

    @property
    def n_folds(self):
        return int(self.folds.fold.max()) + 1

    def _fits(self, folds, *, only=None, **settings):
        """A task a fold; `only` (n,) leaves other pictures out of training and scoring alike."""
        only = np.ones(len(folds.fold), dtype=bool) if only is None else only
        return [
            _Task(np.flatnonzero((folds.fold != fold) & only), np.flatnonzero((folds.fold == fold) & only), **settings)
            for fold in range(int(folds.fold.max()) + 1)
        ]

    def _refolded(self, *, seed, groups=True, copies=True):
        """Other folds; without `groups` subjects, without `copies` repeated pictures fall on both sides."""
        dataset = self.dataset if groups else replace(self.dataset, groups=None)
        duplicates = self.duplicates if copies else Duplicates(np.arange(len(dataset)))
        return make_folds(dataset, duplicates, cv=self.protocol.cv, seed=seed)

    def _leaks(self):
        """Tasks of every broken rule that this dataset can break."""
        seed, selection = self.protocol.seed, {"selector": self.selector, "n_features": self.n_features}
        reasons = self._why_not()
        plans = {SELECTION: self._fits(self.folds, **selection), "selection outside": self._selected_outside()}
        if not reasons[SUBJECTS]:
            plans[SUBJECTS] = self._fits(self._refolded(seed=seed, groups=False))
        if not reasons[DETECTED]:
            plans[DETECTED] = self._fits(self.folds, only=self.found)
        if not reasons[DUPLICATES]:
            plans[DUPLICATES] = self._fits(self._refolded(seed=seed, copies=False))
        return plans

    def _why_not(self):
        """Why a rule cannot be broken on these pictures, "" where it can."""
        labels = self.dataset.target[self.found]
        counts = np.bincount(labels, minlength=1)
        enough = len(np.unique(labels)) > 1 and counts[counts > 0].min() > self.n_folds
        return {
            SUBJECTS: "who is shown is not known" if self.dataset.groups is None else "",
            DETECTED: (
                "the detector saw every face" if self.found.all() else "" if enough else "too few faces were found"
            ),
            SELECTION: "",
            DUPLICATES: "" if self.duplicates.count else "no picture occurs twice among these",
        }

    def _selected_outside(self):
        """The selector sees all pictures, those to be scored too; the rest is honest."""
        front = make_front(self.selector, self.n_features, random_state=self.protocol.seed)
        with threadpool_limits(1):
            kept = front.fit_transform(self.X, self.dataset.target)
        return self._fits(self.folds, X=kept)

    def _shared(self, share):
        """Tasks that train on a share of each fold's training groups, the same ones in every fold."""
        rng = np.random.default_rng(self.protocol.seed)
        names, group = np.unique(self.folds.groups, return_inverse=True)
        kept = (rng.permutation(len(names)) < max(2, round(share * len(names))))[group]
        return [replace(task, train=task.train[kept[task.train]]) for task in self._fits(self.folds)]

    def _answers(self, plans, n_jobs):
        """Answers (n,) of every plan, -1 where it scores no such picture."""
        settings = {"balance": self.protocol.balance, "random_state": self.protocol.seed}
        jobs = [(name, task) for name, tasks in plans.items() for task in tasks if len(task.test)]
        found = Parallel(n_jobs=n_jobs)(
            delayed(_fit_and_answer)(
                self.classifier,
                self.X if task.X is None else task.X,
                self.dataset.target,
                replace(task, X=None),
                settings,
            )
            for _, task in jobs
        )
        answers = {name: np.full(len(self.X), -1, dtype=np.int64) for name in plans}
        for (name, task), predicted in zip(jobs, found):
            answers[name][task.test] = predicted
        return answers

    def _comparisons(self, answers):
        honest = {SELECTION: answers[SELECTION]}
        leaky = answers | {SELECTION: answers["selection outside"]}
        nobody = np.full(len(self.X), -1, dtype=np.int64)
        return tuple(
            Comparison(name, honest.get(name, answers["honest"]), leaky[name] if not reason else nobody, reason)
            for name, reason in self._why_not().items()
        )

    def _accuracies(self, predicted, folds):
        right = predicted == self.dataset.target
        return [right[folds.fold == fold].mean() for fold in range(self.n_folds)]

    def _curve(self, answers, points):
        return tuple(CurvePoint(at, self._f1(answers[name])) for name, at in points)

    def _f1(self, predicted):
        target, fold = self.dataset.target, self.folds.fold
        return tuple(macro_f1(target[fold == number], predicted[fold == number]) for number in range(self.n_folds))

    @staticmethod
    def _mean_rows(tasks):
        return float(np.mean([len(task.train) for task in tasks]))


def _fit_and_answer(classifier, X, y, task, settings):
    """Class indices (len(test),); the one label itself where the training rows hold no other."""
    present = np.unique(y[task.train])
    if len(present) < 2:
        return np.full(len(task.test), present[0] if len(present) else -1)
    k = task.n_features or X.shape[1]
    model = make_classifier(classifier, selector=task.selector, n_features=k, **settings)
    with threadpool_limits(1):
        return model.fit(X[task.train], y[task.train]).predict(X[task.test])
