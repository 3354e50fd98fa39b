"""Families taken away and left alone, and how firmly a selector chooses: over the folds of the run."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from joblib import delayed
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from ..data.parallel import pool
from ..data.scores import macro_f1
from ..features.table import FeatureTable
from .folds import Folds, drawn_rows
from .preprocessing import MedianImputer
from .registry import make_back, make_front
from .stored import Stored

CLASSIFIER = "lda"  # cheap, and without a setting to tune: what differs between rows are the measurements
MOST_ROWS = 8000
MOST_COLUMNS = 400  # above, LDA takes minutes a fit: as many principal components stand for the columns
COUNTS = (3, 5, 10, 20, 40, 80)
SELECTOR = "anova"  # costs nothing; the selector of the run may take minutes
CONSTANT = "Features .* are constant"  # within rounding; such a feature is chosen last, as it should be
OWN = "own"  # the selector of the run, beside the F statistic
ALL, ALONE, WITHOUT = "all", "alone", "without"


@dataclass(frozen=True)
class Ablated(Stored):
    """Macro F1 of every fold with `n_features` measurements: all, one family `alone`, or all `without` it."""

    kind: str
    family: str
    n_features: int
    f1_macro: tuple[float, ...]


@dataclass(frozen=True)
class Stability(Stored):
    """How much the features kept in different folds agree, and what they are worth.

    `kept` is how many are kept in a fold, as a mean; `always` how many in
    every fold; `stability` 1 for the same ones in every fold, about 0 for a
    choice by lot, NaN where all are kept. `f1_macro` one a fold, by the
    classifier of the ablation; empty for the selector of the run.
    """

    by: str
    kept: float
    always: int
    stability: float
    f1_macro: tuple[float, ...] = ()


def ablation(
    table: FeatureTable,
    target: np.ndarray,
    *,
    folds: Folds,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    n_jobs: int = 1,
) -> tuple[Ablated, ...]:
    """Every family alone and taken away, by the same LDA on the same folds; then all of them.

    Parameters
    ----------
    table : FeatureTable of n faces
    target : ndarray of shape (n,), int64
    folds : Folds of the run; whole groups are drawn from them where rows are more than `most_rows`
    n_jobs : processes; changes no result

    Returns
    -------
    tuple of Ablated
        Empty for fewer than two families, where there is nothing to take away.
    """
    X, families = table.X, {name: np.asarray(columns) for name, columns in table.families.items()}
    if len(families) < 2:
        return ()
    everything = np.concatenate(list(families.values()))
    plans = [(ALL, "", everything)]
    plans += [(ALONE, name, columns) for name, columns in families.items()]
    # Without one of two is the other alone: the same number twice would say nothing.
    if len(families) > 2:
        plans += [(WITHOUT, name, np.setdiff1d(everything, columns)) for name, columns in families.items()]
    rows = drawn_rows(folds, most=most_rows, seed=seed)
    scores = _scores(X[rows], target[rows], folds.fold[rows], [(columns, None) for *_, columns in plans], seed, n_jobs)
    return tuple(Ablated(kind, name, len(columns), f1) for (kind, name, columns), f1 in zip(plans, scores))


def _scores(X, y, fold, plans, seed, n_jobs):
    """Macro F1 of every fold for each plan: (columns, how many of them the F statistic keeps or None for all)."""
    numbers = range(int(fold.max()) + 1)
    with warnings.catch_warnings():
        # joblib replaces a worker whose memory has grown; nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped")
        scores = iter(
            pool(n_jobs=n_jobs)(
                delayed(_fold_f1)(X[:, columns], y, fold == number, k, seed)
                for columns, k in plans
                for number in numbers
            )
        )
    return [tuple(next(scores) for _ in numbers) for _ in plans]


def _fold_f1(X, y, test, k, seed):
    if not test.any() or len(np.unique(y[~test])) < 2:
        return float("nan")
    steps = [make_front("none" if k is None else SELECTOR, k, random_state=seed)]
    if k is None and X.shape[1] > MOST_COLUMNS:
        n_axes = min(MOST_COLUMNS, int((~test).sum()) - 1)
        steps.append(PCA(n_axes, svd_solver="randomized", random_state=seed))
    model = make_pipeline(*steps, make_back(CLASSIFIER, balance="class-weight", random_state=seed))
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.filterwarnings("ignore", CONSTANT)
        predicted = model.fit(X[~test], y[~test]).predict(X[test])
    return macro_f1(y[test], predicted)


def selection_stability(
    X: np.ndarray,
    target: np.ndarray,
    folds: Folds,
    selected: Sequence[Sequence[str]] = (),
    *,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
    n_jobs: int = 1,
) -> tuple[Stability, ...]:
    """How firmly the K largest F statistics are chosen, what they are worth, and how firm the run's own choice is.

    The last K is all features. `selected` are the names kept in each fold, as
    in `Evaluation`; nothing is said of it where every fold kept everything.
    Choices are made from all training rows of a fold; macro F1 is taken as
    in `ablation`.
    """
    trainings = [train for train, _ in folds.fits[:-1]]
    orders = [_by_f_statistic(X[train], target[train]) for train in trainings]
    d, results = X.shape[1], []
    counts = [*(k for k in COUNTS if k < d), d]
    rows = drawn_rows(folds, most=most_rows, seed=seed)
    plans = [(np.arange(d), k if k < d else None) for k in counts]
    for k, f1 in zip(counts, _scores(X[rows], target[rows], folds.fold[rows], plans, seed, n_jobs)):
        kept = np.zeros((len(orders), d), dtype=bool)
        for row, order in zip(kept, orders):
            row[order[:k]] = True
        results.append(_stability_of(SELECTOR, kept, f1))
    names = sorted({name for fold in selected for name in fold})
    if selected and len(names) and any(len(fold) < d for fold in selected):
        kept = np.array([[name in set(fold) for name in names] for fold in selected])
        results.append(_stability_of(OWN, np.pad(kept, ((0, 0), (0, max(0, d - len(names)))))))
    return tuple(results)


def _by_f_statistic(X, y):
    """Columns, the largest F statistic between classes first; constant ones last."""
    imputer = MedianImputer()
    filled = X if np.isfinite(X).all() else imputer.fit_transform(X)
    varies = np.ptp(filled, axis=0) > 0
    statistic = np.full(X.shape[1], -1.0)
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", CONSTANT)
        statistic[varies] = np.nan_to_num(f_classif(filled[:, varies], y)[0])
    return np.argsort(-statistic, kind="stable")


def _stability_of(by, kept, f1_macro=()):
    return Stability(by, float(kept.sum(axis=1).mean()), int(kept.all(axis=0).sum()), stability(kept), f1_macro)


def stability(kept: np.ndarray) -> float:
    """Agreement of m selections out of d features, (m, d) bool: 1 for equal ones, 0 expected by lot; NaN for all kept.

    Nogueira, Sechidis and Brown, "On the Stability of Feature Selection
    Algorithms", JMLR 18 (2018), equation 4.
    """
    m, d = kept.shape
    share = kept.mean(axis=0)
    rate = kept.sum(axis=1).mean() / d
    if m < 2 or rate in (0, 1):
        return float("nan")
    spread = (m / (m - 1) * share * (1 - share)).mean()
    return float(1 - spread / (rate * (1 - rate)))
