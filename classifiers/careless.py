"""Protocols that break one rule each, on the same pictures: their fits and what these answer."""

import time
from dataclasses import dataclass, replace

import numpy as np
from joblib import delayed
from threadpoolctl import threadpool_limits

from ..data.dataset import Dataset
from ..data.parallel import pool
from ..data.scores import macro_f1
from .comparison import DETECTED, SELECTION, Audit, Comparison, CurvePoint
from .folds import Folds, dealt, make_folds, training_part
from .protocol import Protocol
from .registry import make_classifier, make_front
from .togetherness import STEPS, Steps, steps_of

HONEST, OUTSIDE = "honest", "selected outside"  # plans, beside those named after a rule
CURVE_SELECTOR = "anova"  # a ranking that costs nothing; the run's own selector may take minutes
SHARES = (0.1, 0.25, 0.5)  # of the training groups; the whole is the honest fit itself
FEWEST = 4  # groups a label, on average, below which a share of them is no training part
COUNTS = (2, 6, 20, 60, 200, 600)  # numbers of features


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
    """The drawn pictures as a dataset of their own, without an official split, and its honest folds.

    `part` holds them as one fold; of `folds`, each a cross-validation on other folds, the first is that of all
    comparisons that need one alone.
    """

    dataset: Dataset
    X: np.ndarray
    found: np.ndarray
    rows: np.ndarray
    part: Folds
    folds: tuple[Folds, ...]
    steps: Steps
    protocol: Protocol
    classifier: str
    selector: str
    n_features: int

    @classmethod
    def of(cls, dataset, duplicates, X, found, rows, protocol, classifier, n_repeats):
        """The part of these rows; raises `LineamentError` where it cannot be dealt into folds."""
        drawn, copies = replace(dataset.take(rows), split=None), duplicates.take(rows)
        selector, k = protocol.selector, protocol.n_features
        if selector == "none":
            selector, k = CURVE_SELECTOR, min(20, max(1, X.shape[1] // 2))
        first = make_folds(drawn, copies, cv=protocol.cv, seed=protocol.seed)
        part = training_part(drawn, copies)
        seeds = range(protocol.seed + 1, protocol.seed + n_repeats)
        return cls(
            dataset=drawn,
            X=X[rows],
            found=found[rows],
            rows=rows,
            part=part,
            folds=(first, *(dealt(part, drawn.target, cv=protocol.cv, seed=seed) for seed in seeds)),
            steps=steps_of(drawn, copies, part.groups),
            protocol=protocol,
            classifier=classifier,
            selector=selector,
            n_features=k,
        )

    def audit(self, n_jobs) -> Audit:
        """Fit everything in one pool of processes, then sort the answers."""
        start, turns = time.perf_counter(), range(len(self.folds))
        counts, shares = [k for k in COUNTS if k < self.X.shape[1]], self._shares()
        plans = {(HONEST, turn): self._fits(self.folds[turn]) for turn in turns} | self._leaks()
        plans |= {(share, turn): self._shared(share, turn) for share in shares for turn in turns}
        plans |= {("features", k): self._fits(selector=CURVE_SELECTOR, n_features=k) for k in counts}
        answers = self._answers(plans, n_jobs)
        sizes = {
            name: np.mean([len(task.train) for turn in turns for task in plans[name, turn]])
            for name in (*shares, HONEST)
        }
        features = [CurvePoint(k, self._f1(answers["features", k], 0)) for k in counts]
        return Audit(
            classifier=self.classifier,
            selector=self.selector,
            n_features=self.n_features,
            rows=self.rows,
            comparisons=self._comparisons(answers),
            repeats=np.array([self._accuracies(answers[HONEST, turn], turn) for turn in turns]),
            fold_sizes=(len(self.rows) / self.n_folds, float(sizes[HONEST])),
            learning=tuple(CurvePoint(float(at), self._drawn_f1(answers, name)) for name, at in sizes.items()),
            features=(*features, CurvePoint(self.X.shape[1], self._f1(answers[HONEST, 0], 0))),
            seconds=time.perf_counter() - start,
        )

    @property
    def n_folds(self):
        return int(self.folds[0].fold.max()) + 1

    def _fits(self, folds=None, *, only=None, **settings):
        """A task a fold; `only` (n,) leaves other pictures out of training and scoring alike."""
        fits = (folds or self.folds[0]).fits[:-1]
        only = np.ones(len(self.rows), dtype=bool) if only is None else only
        return [_Task(train[only[train]], test[only[test]], **settings) for train, test in fits]

    def _leaks(self):
        """Tasks of every broken rule that this dataset can break."""
        selection = {"selector": self.selector, "n_features": self.n_features}
        plans = {(SELECTION, 0): self._fits(**selection), (OUTSIDE, 0): self._selected_outside()}
        if not self._why_all_detected():
            plans[DETECTED, 0] = self._fits(only=self.found)
        for turn in range(-(-len(self.folds) // 2)):  # each is compared with the honest folds that it was made of
            folds, rng = self.folds[turn], np.random.default_rng((self.protocol.seed, turn))
            for step in reversed([step for step in STEPS if not self.steps.why_not[step]]):
                folds = self.steps.loosened(folds, step, self.dataset.target, rng)
                plans[self.steps.before(step), turn] = self._fits(folds)
        return plans

    def _why_all_detected(self):
        """Why missed faces cannot be left out, "" where they can."""
        labels = self.dataset.target[self.found]
        counts = np.bincount(labels, minlength=1)
        if self.found.all():
            return "the detector saw every face"
        enough = len(np.unique(labels)) > 1 and counts[counts > 0].min() > self.n_folds
        return "" if enough else "too few faces were found"

    def _selected_outside(self):
        """The selector sees all pictures, those to be scored too; the rest is honest."""
        front = make_front(self.selector, self.n_features, random_state=self.protocol.seed)
        order = self.part.ranked(self.part.fold >= 0)
        with threadpool_limits(1):
            selected = front.fit_transform(self.X[order], self.dataset.target[order])
        kept = np.empty((len(order), selected.shape[1]))
        kept[order] = selected
        return self._fits(X=kept)

    def _shares(self):
        """Shares of the training groups that leave enough of them to train on."""
        n_groups, n_labels = len(np.unique(self.part.groups)), len(np.unique(self.dataset.target))
        return [share for share in SHARES if share * n_groups >= FEWEST * n_labels]

    def _shared(self, share, turn):
        """Tasks of one cross-validation that train on a share of each fold's training groups, drawn for this turn."""
        rng = np.random.default_rng((self.protocol.seed, turn))
        n_groups = int(self.part.groups.max()) + 1
        table = np.zeros((n_groups, int(self.dataset.target.max()) + 1), dtype=np.int64)
        np.add.at(table, (self.part.groups, self.dataset.target), 1)
        # Dealt label by label, after the most frequent of each group, so that no draw misses a rare one.
        drawn, most = rng.permutation(n_groups), table.argmax(axis=1)
        order = drawn[np.argsort(most[drawn], kind="stable")]
        place = np.empty(n_groups)
        place[order] = np.arange(n_groups) * share + rng.random()
        kept = (np.floor(place + share) > np.floor(place))[self.part.groups]
        return [replace(task, train=task.train[kept[task.train]]) for task in self._fits(self.folds[turn])]

    def _answers(self, plans, n_jobs):
        """Answers (n,) of every plan, -1 where it scores no such picture."""
        settings = {"balance": self.protocol.balance, "random_state": self.protocol.seed}
        jobs = [(name, task) for name, tasks in plans.items() for task in tasks if len(task.test)]
        results = pool(n_jobs=n_jobs)(
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
        """Every rule with its answers, honest and leaky, turn by turn."""
        asked = {step: (self._honest(step), self.steps.before(step), self.steps.why_not[step]) for step in STEPS}
        asked[DETECTED] = HONEST, DETECTED, self._why_all_detected()
        asked[SELECTION] = SELECTION, OUTSIDE, ""
        nobody = np.full((1, len(self.X)), -1, dtype=np.int64)
        return tuple(
            Comparison(rule, nobody, nobody, why_not)
            if why_not
            else Comparison(rule, *self._paired(answers, *sides), share=self._share(rule))
            for rule, (*sides, why_not) in asked.items()
        )

    def _share(self, rule):
        return float(self.steps.parted(rule).mean()) if rule in STEPS else 1.0

    def _honest(self, step):
        """What a step is measured at: the honest folds, where no later step changes anything."""
        later = [name for name in STEPS[STEPS.index(step) + 1 :] if not self.steps.why_not[name]]
        return step if later else HONEST

    def _paired(self, answers, honest, leaky):
        """Answers (r, n) of both sides in the turns that both have."""
        turns = [turn for turn in range(len(self.folds)) if (honest, turn) in answers and (leaky, turn) in answers]
        return tuple(np.array([answers[side, turn] for turn in turns]) for side in (honest, leaky))

    def _accuracies(self, predicted, turn):
        right, fold = predicted == self.dataset.target, self.folds[turn].fold
        return [right[fold == number].mean() for number in range(self.n_folds)]

    def _drawn_f1(self, answers, name):
        return tuple(value for turn in range(len(self.folds)) for value in self._f1(answers[name, turn], turn))

    def _f1(self, predicted, turn):
        target, fold = self.dataset.target, self.folds[turn].fold
        return tuple(macro_f1(target[fold == number], predicted[fold == number]) for number in range(self.n_folds))


def _fit_and_answer(classifier, X, y, task, settings):
    """Class indices (len(test),). Of a label with one face nothing is learned: where one other is left, that is it."""
    counts = np.bincount(y[task.train], minlength=1)
    train = task.train[counts[y[task.train]] > 1]
    if len(np.unique(y[train])) < 2:
        return np.full(len(task.test), counts.argmax() if counts.any() else -1)
    k = task.n_features or X.shape[1]
    model = make_classifier(classifier, selector=task.selector, n_features=k, **settings)
    with threadpool_limits(1):
        return model.fit(X[train], y[train]).predict(X[task.test])
