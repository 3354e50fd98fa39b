"""Folds within a training part, for what chooses by cross-validation there: stacking, tuning, elimination."""

import warnings

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold


def inner_folds(y, groups=None, *, n_folds: int, random_state: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(training rows, validation rows) of at most `n_folds` stratified folds; groups stay together.

    Parameters
    ----------
    y : array of shape (n,)
        Class labels.
    groups : array of shape (n,) or None
        Rows that stay together; None for every row by itself.
    n_folds : int
        Fewer where there are fewer groups, or no label that often.
    random_state : int

    Returns
    -------
    list of pairs of int arrays
        Without folds whose training rows hold a single label; empty where nothing can be split.
    """
    n_groups = len(y) if groups is None else len(np.unique(groups))
    n_folds = min(n_folds, n_groups, np.unique(y, return_counts=True)[1].max())
    if n_folds < 2:
        return []
    if n_groups == len(y):  # no rows belong together: to deal them out one by one takes a hundredth of the time
        splitter, groups = StratifiedKFold(n_folds, shuffle=True, random_state=random_state), None
    else:
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        # A label rarer than the folds is missing from some of them, which their scores allow for.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        folds = list(splitter.split(np.zeros(len(y)), y, groups))
    return [(train, valid) for train, valid in folds if len(valid) and len(np.unique(y[train])) > 1]
