"""Selectors that keep what a fitted model gives weight to."""

import numpy as np
from sklearn.feature_selection import SelectFromModel
from sklearn.svm import LinearSVC

from .spec import SelectorSpec


def _forest(k, random_state):
    from sklearn.ensemble import ExtraTreesClassifier

    trees = ExtraTreesClassifier(200, min_samples_leaf=2, class_weight="balanced", random_state=random_state)
    return SelectFromModel(trees, threshold=-np.inf, max_features=k)


def _l1(k, random_state):
    svc = LinearSVC(penalty="l1", dual=False, C=0.05, tol=1e-3, random_state=random_state)
    return SelectFromModel(svc, max_features=k)


FOREST = SelectorSpec(
    _forest,
    "the K that most reduce impurity in a forest of 200 extremely randomised trees",
    trusted=("sklearn.tree._tree.Tree",),
)
L1 = SelectorSpec(_l1, "at most K with a weight in an L1-penalised linear SVM")
