"""Selectors of our own: planted columns are found, copies are not taken twice, folds within keep groups together."""

import numpy as np
import pytest

from lineament.classifiers import SELECTORS
from lineament.classifiers.elimination import CrossValidatedElimination
from lineament.classifiers.inner import inner_folds
from lineament.classifiers.ranking import MRMR, range_variance
from lineament.classifiers.registry import make_front

N, D = 300, 30
Y = np.arange(N) % 3
PLANTED = {3, 11, 17, 29}


@pytest.fixture
def planted():
    """Noise (N, D) in which four columns tell the three classes apart, each in its own way."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, D))
    for column, shift in zip(sorted(PLANTED), rng.permuted(np.tile([0.0, 3.0, 6.0], (4, 1)), axis=1)):
        X[:, column] += shift[Y]
    return X


def kept(front):
    return {int(name[1:]) for name in front.get_feature_names_out([f"f{i}" for i in range(D)])}


@pytest.mark.parametrize("name", ["variance", "mrmr", "rfecv", "forest", "anova", "mutual_info"])
def test_planted_columns_are_found_under_their_names(name, planted):
    front = make_front(name, 4, random_state=0).fit(planted * np.linspace(0.01, 100, D), Y)
    columns = kept(front)
    # Elimination stops where fewer columns do as well.
    assert columns <= PLANTED if name == "rfecv" else columns == PLANTED


def test_every_selector_but_none_takes_few_of_many():
    for name, spec in SELECTORS.items():
        assert 1 <= spec.default(500, 7) <= (500 if name == "none" else 60)


def test_mrmr_takes_no_copy_while_there_is_something_else(planted):
    copied = planted.copy()
    copied[:, 0], copied[:, 1] = -2 * planted[:, 3], planted[:, 3] + 5
    order = MRMR(6).fit(copied, Y).order_
    assert len({0, 1, 3} & set(order)) == 1
    everything = MRMR(D).fit(copied, Y).order_
    assert sorted(everything) == list(range(D)) and len({0, 1, 3} & set(everything[-2:])) == 2


def test_mrmr_follows_its_formula(planted):
    """The greedy choice as written in the paper, without the shortcuts."""
    from sklearn.feature_selection import f_classif

    relevance, correlation = f_classif(planted, Y)[0], np.abs(np.corrcoef(planted.T))
    chosen = [int(relevance.argmax())]
    for _ in range(7):
        redundancy = np.maximum(correlation[chosen].mean(axis=0), 1 / np.sqrt(N))
        score = relevance / redundancy
        score[chosen] = -np.inf
        chosen.append(int(score.argmax()))
    assert list(MRMR(8).fit(planted, Y).order_) == chosen


def test_range_variance_is_free_of_units_and_of_outliers():
    rng = np.random.default_rng(0)
    bell, even, two = rng.normal(size=5000), rng.random(5000), rng.normal(size=5000) / 10 + np.arange(5000) % 2
    rare = np.r_[1.0, np.zeros(4999)]
    X = np.c_[bell, even, two, rare]
    scores = range_variance(X)
    np.testing.assert_allclose(scores[:3], [0.046, 0.083, 0.13], rtol=0.2)
    assert scores[3] == 0
    np.testing.assert_allclose(range_variance(1000 * X + 7), scores, atol=1e-9)


def test_elimination_chooses_its_own_number_up_to_k(planted):
    few = CrossValidatedElimination(20).fit(planted, Y)
    assert len(PLANTED) - 1 <= few.support_.sum() <= 20 and few.sizes_[0] == 20 and few.sizes_[-1] == 1
    assert CrossValidatedElimination(2).fit(planted, Y).support_.sum() <= 2


def test_elimination_parts_no_group():
    """Copies of 40 rows of noise: known to both sides they would seem to be told apart."""
    rng = np.random.default_rng(0)
    X, y, groups = np.tile(rng.normal(size=(40, 60)), (4, 1)), np.tile(np.arange(40) % 2, 4), np.tile(np.arange(40), 4)
    assert CrossValidatedElimination(60).fit(X, y).scores_.max() > 0.95
    assert CrossValidatedElimination(60).fit(X, y, groups=groups).scores_.max() < 0.75


def test_inner_folds_hold_groups_together_and_every_row_once():
    groups = np.arange(N) // 5
    folds = inner_folds(Y, groups, n_folds=4, random_state=0)
    assert sorted(np.concatenate([valid for _, valid in folds])) == list(range(N))
    for train, valid in folds:
        assert not set(groups[train]) & set(groups[valid])


@pytest.mark.parametrize(
    "y, groups, n",
    [([0, 1], [0, 0], 0), ([0, 0, 0, 1], None, 3), ([0, 1, 0, 1], [0, 1, 2, 3], 2), ([0, 1], [0, 1], 0)],
)
def test_inner_folds_of_next_to_nothing(y, groups, n):
    folds = inner_folds(np.array(y), groups, n_folds=3, random_state=0)
    assert len(folds) <= n and all(len(np.unique(np.array(y)[train])) > 1 for train, _ in folds)
