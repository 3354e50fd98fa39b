"""The honest part: what is fitted where, who stays together, and what a leak would show."""

from dataclasses import replace

import numpy as np
import pytest

from lineament.classifiers import (
    CLASSIFIERS,
    HELD_OUT,
    SELECTORS,
    UNUSED,
    ClassifierOptions,
    Execution,
    Recipe,
    evaluate,
    make_folds,
    resolve_protocol,
)
from lineament.classifiers.registry import make_classifier
from lineament.classifiers.resampling import CappedSMOTE
from lineament.classifiers.selection import resolve_n_features
from lineament.data import LineamentError, find_duplicates
from lineament.data.dataset import TEST, TRAIN
from lineament.features import FeatureTable, Inputs

FAST = [name for name, spec in CLASSIFIERS.items() if spec.takes == "features"]


def folds_of(dataset, digests=None, cv=3, seed=0):
    digests = np.array([f"d{i}" for i in range(len(dataset))]) if digests is None else digests
    return make_folds(dataset, find_duplicates(digests), cv=cv, seed=seed)


def inputs_of(*views, crops=None):
    """Tables (n, d) as inputs, all columns in one family."""
    names = tuple(f"f{i}" for i in range(views[0].shape[1])) if views else ()
    return Inputs(tuple(FeatureTable(X, names, ("f",) * len(names)) for X in views), crops)


def run(dataset, X, folds, names=("lda",), n_jobs=1, **protocol):
    settings = {"selector": "none", "n_features": None, "balance": "none", "seed": 0, "cv": 3} | protocol
    return evaluate(
        names,
        inputs_of(X),
        dataset.target,
        folds=folds,
        protocol=resolve_protocol(d=X.shape[1], n_classes=len(dataset.label_names), **settings),
        recipe=Recipe(labels=dataset.label_names),
        options=ClassifierOptions(members=["lda", "logreg"]),
        execution=Execution(n_jobs=n_jobs),
    )


def informative(dataset, d=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(len(dataset), d))
    X[:, :4] += 3 * dataset.target[:, None]
    return X


def test_every_row_is_predicted_once_and_subjects_stay_together(toy):
    folds = folds_of(toy)
    assert set(folds.fold) == {0, 1, 2}
    for subject in np.unique(toy.groups):
        assert len(set(folds.fold[toy.groups == subject])) == 1
    predicted = np.concatenate([test for _, test in folds.fits])
    assert sorted(predicted) == list(range(len(toy)))
    for train, test in folds.fits:
        assert not set(toy.groups[train]) & set(toy.groups[test])


def test_duplicates_stay_together_and_out_of_the_test_part(toy):
    rng = np.random.default_rng(0)
    split = np.where(rng.random(len(toy)) < 0.7, TRAIN, TEST)
    digests = np.array([f"d{i % 40}" for i in range(len(toy))])
    dataset = replace(toy, groups=None, split=split)
    folds = folds_of(dataset, digests)
    held_out = set(digests[folds.fold == HELD_OUT])
    for train, test in folds.fits:
        assert not set(digests[train]) & set(digests[test])
        assert not set(digests[train]) & held_out
    assert (folds.fold == UNUSED).sum() > 0
    assert ((folds.fold == HELD_OUT) == (split == TEST)).all()


@pytest.mark.parametrize("name", FAST)
def test_classifiers_learn_and_give_probabilities(name, toy):
    (result,), models = run(toy, informative(toy), folds_of(toy), [name])
    assert (result.predicted == toy.target).mean() > (0.6 if name == "svm-linear" else 0.8)  # the middle of three
    np.testing.assert_allclose(result.proba.sum(axis=1), 1)
    assert (result.proba.argmax(axis=1) == result.predicted).all()
    assert models[name].answer(inputs_of(informative(toy))).shape == (len(toy), 3)


@pytest.mark.parametrize("balance", ["class-weight", "smote"])
@pytest.mark.parametrize("name", FAST)
def test_balance_helps_the_rare_class(name, balance, toy):
    rng = np.random.default_rng(1)
    n = 600
    target = (rng.random(n) < 0.1).astype(np.int64)
    dataset = replace(
        toy,
        images=toy.images.take(np.zeros(n, int)),
        target=target,
        groups=None,
        keys=np.arange(n).astype(str),
        label_names=("common", "rare"),
    )
    X = rng.normal(size=(n, 4)) + target[:, None] * 0.8
    recall = {}
    for setting in ("none", balance):
        (result,), _ = run(dataset, X, folds_of(dataset), [name], balance=setting)
        recall[setting] = (result.predicted[target == 1] == 1).mean()
    assert recall[balance] > recall["none"]


@pytest.mark.parametrize("selector", SELECTORS)
def test_selectors_keep_what_they_are_told(selector, toy):
    k = {"none": None, "lda": 2}.get(selector, 3)
    (result,), _ = run(toy, informative(toy), folds_of(toy), selector=selector, n_features=k)
    assert len(result.selected) == 3
    for names in result.selected:
        assert len(names) <= (k or 12) and len(names) > 0
        if selector not in ("pca", "lda"):
            assert set(names) <= {"f0", "f1", "f2", "f3"} or selector == "none"
    assert (result.predicted == toy.target).mean() > 0.7


def test_selection_outside_the_fold_would_show(toy):
    """2,000 columns of noise: selection within the fold stays at chance; before the split it would not."""
    X = np.random.default_rng(0).normal(size=(len(toy), 2000))
    (honest,), _ = run(toy, X, folds_of(toy), selector="anova", n_features=10)
    assert (honest.predicted == toy.target).mean() < 0.55
    leaked = np.argsort(-abs(np.array([X[toy.target == c].mean(0) for c in range(3)]).std(0)))[:10]
    (leaky,), _ = run(toy, X[:, leaked], folds_of(toy))
    assert (leaky.predicted == toy.target).mean() > 0.6


@pytest.mark.parametrize("name", FAST)
def test_number_of_jobs_changes_nothing(name, toy):
    X = informative(toy)
    one, two = (run(toy, X, folds_of(toy), [name], n_jobs=jobs, balance="smote")[0][0] for jobs in (1, 2))
    np.testing.assert_array_equal(one.proba, two.proba)


def test_missing_rows_are_predicted_and_counted(toy):
    X = informative(toy)
    X[::7] = np.nan
    (result,), _ = run(toy, X, folds_of(toy))
    assert (result.predicted >= 0).all() and np.isfinite(result.proba).all()


def test_held_out_part_is_predicted_by_the_whole_training_part(toy):
    split = np.where(np.arange(len(toy)) < 45, TRAIN, TEST)
    dataset = replace(toy, groups=None, split=split)
    (result,), models = run(dataset, X := informative(toy), folds_of(dataset), ["lda"])
    assert len(result.fit_seconds) == 4
    answers = models["lda"].answer(inputs_of(X[split == TEST]))
    np.testing.assert_array_equal(answers, result.proba[split == TEST])


def test_a_label_that_only_the_test_part_has_is_wrong_but_counted(toy):
    split = np.where(np.arange(len(toy)) < 45, TRAIN, TEST)
    target = np.where((split == TRAIN) & (toy.target == 2), 0, toy.target)
    dataset = replace(toy, groups=None, split=split, target=target)
    (result,), _ = run(dataset, informative(toy), folds_of(dataset), ["svm"])
    assert (result.proba[:, 2] == 0).all() and (result.predicted != 2).all()


@pytest.mark.parametrize(
    "change, cv, message",
    [
        ({}, 1, "at least 2 folds"),
        ({}, 13, r"than the 13 folds need: 'a' \(12 subjects\), .* Lower --cv to 12"),
        ({"target": np.zeros(60, dtype=np.int64)}, 3, "needs two"),
        ({"target": np.r_[2, np.arange(59) % 2]}, 3, "'c' has 1 subject to train on.* --labels a,b or --min-count 3"),
    ],
)
def test_impossible_folds_say_why(change, cv, message, toy):
    with pytest.raises(LineamentError, match=message):
        folds_of(replace(toy, **change), cv=cv)


@pytest.mark.parametrize(
    "selector, k, message",
    [
        ("none", 5, "needs a selector"),
        ("anova", 99, "not between 1 and the 10"),
        ("lda", 3, "the 2"),
        ("anva", 5, "anova"),
    ],
)
def test_impossible_numbers_of_features_say_why(selector, k, message):
    with pytest.raises(LineamentError, match=message):
        resolve_n_features(selector, k, d=10, n_classes=3)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(LineamentError, match="Did you mean 'svm'"):
        make_classifier("svn")
    with pytest.raises(LineamentError, match="Did you mean 'smote'"):
        make_classifier("svm", balance="smoke")


def test_smote_asks_for_no_more_neighbours_than_there_are():
    X = np.random.default_rng(0).normal(size=(14, 2))
    for rare in (1, 2, 3):
        y = np.r_[np.zeros(14 - rare), np.ones(rare)].astype(int)
        assert np.bincount(CappedSMOTE(random_state=0).fit_resample(X, y)[1])[1] == 14 - rare


def test_every_classifier_names_its_input():
    assert {spec.takes for spec in CLASSIFIERS.values()} == {"features", "crops"}
