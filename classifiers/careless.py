"""Protocols that break one rule each, on the same pictures: their fits and what these answer."""

import time
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from ..data.dataset import Dataset
from ..data.duplicates import Duplicates
from ..data.scores import macro_f1
from .comparison import DETECTED, DUPLICATES, SELECTION, SUBJECTS, Audit, Comparison, CurvePoint
from .folds import Folds, make_folds
from .protocol import Protocol
from .registry import make_classifier, make_front

CURVE_SELECTOR = "anova"  # a ranking that costs nothing; the run's own selector may take minutes
SHARES = (0.1, 0.25, 0.5)  # of the training groups; the whole is the honest fit itself
COUNTS = (2, 5, 10, 20, 40, 80, 160, 320)  # numbers of features


@dataclass(frozen=True)
class _Task:
    """One fit: on `train`, answers for `test`; `X` (n, k) in place of all measurements, or None."""

    train: np.ndarray
    test: np.ndarray
    selector: str = "none"
    n_features: int | None = None
    X: np.ndarray | None = None


@dataclass(frozen=True)
class AuditedPart:
    """The drawn pictures as a dataset of their own, without an official split, and its honest folds."""

    dataset: Dataset
    duplicates: Duplicates
    X: np.ndarray
    found: np.ndarray
    rows: np.ndarray
    folds: Folds
    protocol: Protocol
    classifier: str
    selector: str
    n_features: int

    @classmethod
    def of(cls, dataset, duplicates, X, found, rows, protocol, classifier):
        """The part of these rows; raises `LineamentError` where it cannot be dealt into folds."""
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
            rows=rows,
            folds=make_folds(part, copies, cv=protocol.cv, seed=protocol.seed),
            protocol=protocol,
            classifier=classifier,
            selector=selector,
            n_features=k,
        )

    def audit(self, n_repeats, n_jobs) -> Audit:
        """Fit everything in one pool of processes, then sort the answers."""
        start = time.perf_counter()
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
            rows=self.rows,
            comparisons=self._comparisons(answers),
            repeats=np.array([self._accuracies(answers[name], folds) for folds, name in scored]),
            fold_sizes=(len(self.rows) / self.n_folds, self._mean_rows(plans["honest"])),
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
        results = Parallel(n_jobs=n_jobs)(
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
        for (name, task), predicted in zip(jobs, results):
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
