"""The search of parameters: what it sees, what it keeps, and that nothing else changes it."""

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from lineament.classifiers import (
    CLASSIFIERS,
    ClassifierSpec,
    Execution,
    Recipe,
    evaluate,
    make_folds,
    resolve_protocol,
    tuning,
)
from lineament.classifiers.registry import make_back
from lineament.classifiers.tuning import LEVELS, Search, SearchLevel, candidates, chosen_params, nested_rows, tune
from lineament.data import find_duplicates
from lineament.features import FeatureTable, Inputs
from lineament.reports import rewrite_report, write_report
from lineament.reports.store import load_run
from made_runs import made_run, with_excerpt

SMALL = SearchLevel(n_candidates=6, n_rungs=2, n_folds=2, most_rows=400)
N = 120
RNG = np.random.default_rng(0)
Y = np.arange(N) % 3
X = RNG.normal(size=(N, 6)) + np.eye(3)[Y].repeat(2, axis=1)
GROUPS = np.arange(N) // 4


class Witness(ClassifierMixin, BaseEstimator):
    """Writes down the number, in column 0, of every row that it is shown; `right` answers column 1, else 0."""

    seen = []

    def __init__(self, right=0):
        self.right = right

    def fit(self, X, y, groups=None):
        self.classes_ = np.unique(y)
        Witness.seen.append(("fit", set(X[:, 0].astype(int)), groups))
        return self

    def predict_proba(self, X):
        Witness.seen.append(("predict", set(X[:, 0].astype(int)), None))
        target = X[:, 1].astype(int) if self.right else np.zeros(len(X), dtype=int)
        return (target[:, None] == self.classes_).astype(float)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture
def witnessed(monkeypatch):
    """A registry with a classifier that tells what it saw, without other processes and without scaling."""
    Witness.seen = []
    spec = ClassifierSpec(lambda **_: Witness(), "features", "tells all", space={"right": (0, 1)})
    monkeypatch.setitem(CLASSIFIERS, "witness", spec)
    monkeypatch.setitem(LEVELS, "quick", SMALL)
    as_it_is = Pipeline([("none", "passthrough")])
    monkeypatch.setattr(sys.modules["lineament.classifiers.evaluate"], "make_front", lambda *args, **kwargs: as_it_is)


def search(name="logreg", *, X=X, y=Y, level=SMALL, random_state=0, folder=None):
    settings = Search(level, random_state, folder)
    return tune(make_back(name), X, y, GROUPS, space=CLASSIFIERS[name].space, search=settings)


def evaluated(dataset, X, names, *, tune="quick", n_jobs=1, folder=None):
    n_classes = len(dataset.label_names)
    protocol = resolve_protocol(
        d=X.shape[1], n_classes=n_classes, n_features=None, cv=3, selector="none", balance="none", seed=0, tune=tune
    )
    names_of_columns = tuple(f"f{i}" for i in range(X.shape[1]))
    (result, *_), _ = evaluate(
        names,
        Inputs((FeatureTable(X, names_of_columns, ("f",) * X.shape[1]),)),
        dataset.target,
        folds=make_folds(dataset, find_duplicates(dataset.keys), cv=3, seed=0),
        protocol=protocol,
        recipe=Recipe(labels=dataset.label_names),
        execution=Execution(n_jobs=n_jobs, tuning_folder=folder),
    )
    return result


def test_the_search_never_sees_the_rows_that_are_predicted(witnessed, toy):
    result = evaluated(toy, np.c_[np.arange(len(toy)), toy.target], ["witness"])
    assert (result.predicted == toy.target).all()  # the search found the setting that answers rightly
    # The whole training part comes first and ends with its fit; then the folds, which end with their prediction.
    whole = next(place for place, (_, rows, _) in enumerate(Witness.seen) if len(rows) == len(toy))
    shown = iter(Witness.seen[whole + 1 :])
    for number in (2, 1, 0):
        fold = set(np.flatnonzero(result.fold == number))
        searched = []
        for kind, rows, _ in shown:
            if (kind, rows) == ("predict", fold):
                break
            searched.append(rows)
        assert len(searched) > 10 and all(rows.isdisjoint(fold) for rows in searched)
    assert list(shown) == []


def test_groups_stay_together_within_the_search(witnessed):
    back, numbered = Pipeline([("classify", Witness())]), np.c_[np.arange(N), Y]
    tune(back, numbered, Y, GROUPS, space={"right": (0, 1)}, search=Search(SMALL))
    fits, predictions = Witness.seen[::2], Witness.seen[1::2]
    assert len(fits) == len(predictions) > 4
    for (_, train, groups), (_, valid, _) in zip(fits, predictions):
        assert set(groups) == set(GROUPS[list(train)]) and set(groups).isdisjoint(GROUPS[list(valid)])


def test_halving_takes_the_better_third_to_more_rows():
    trials = search(level=replace(SMALL, n_candidates=9, n_rungs=3))
    rows = [trial.rows for trial in trials]
    assert rows == sorted(rows) and len(set(rows)) == 3 and rows[-1] == N
    rungs = [[trial for trial in trials if trial.rows == size] for size in sorted(set(rows))]
    # The space of logreg has eight settings, one of them the default.
    assert [len(rung) for rung in rungs] == [8, 3, 1]
    best = sorted((trial.score for trial in rungs[0]), reverse=True)[:3]
    kept = [trial.params for trial in rungs[1]]
    assert sorted((trial.score for trial in rungs[0] if trial.params in kept), reverse=True) == best
    assert [trial.chosen for trial in trials] == [False] * (len(trials) - 1) + [True]


def test_defaults_are_tried_first_and_win_when_all_are_equal():
    noise = np.zeros_like(X)
    trials = search(X=noise)
    (chosen,) = [trial for trial in trials if trial.chosen]
    assert chosen.params == trials[0].params == {"C": 1.0}
    assert chosen_params(trials) == {"classify__C": 1.0} and chosen_params(()) == {}


@pytest.mark.parametrize("name", [name for name, spec in CLASSIFIERS.items() if spec.space])
def test_spaces_name_parameters_that_are_there(name):
    back, space = make_back(name), CLASSIFIERS[name].space
    found = candidates(back, space, 27, random_state=0)
    assert len(found) > 5 and len({str(params) for params in found}) == len(found)
    for params in found:
        back.set_params(**{f"classify__{path}": value for path, value in params.items()})
    assert all(isinstance(value, str | int | float) for values in space.values() for value in values)


@pytest.mark.parametrize("name", [name for name, spec in CLASSIFIERS.items() if spec.space])
def test_every_space_can_be_searched(name):
    trials = search(name, level=replace(SMALL, n_candidates=3))
    assert [trial.chosen for trial in trials].count(True) == 1
    assert all(0 < trial.score <= 1 for trial in trials)


def test_rows_are_nested_whole_groups_with_every_class():
    y, groups = np.r_[np.zeros(900, int), np.ones(90, int), np.full(10, 2)], np.arange(1000) // 2
    small, large, whole = nested_rows(y, groups, [100, 300, 1000], random_state=0)
    assert set(small) < set(large) < set(whole) and len(whole) == 1000
    assert 100 <= len(small) + 1 and len(large) <= 300
    assert np.bincount(y[small])[2] >= 6 and 0.05 < (y[small] == 1).mean() < 0.2
    for rows in (small, large):
        assert set(groups[rows]).isdisjoint(groups[np.setdiff1d(np.arange(1000), rows)])


def test_too_few_rows_leave_the_defaults():
    back = make_back("logreg")
    assert tune(back, X[:3], np.array([0, 0, 1]), np.zeros(3), space={"C": (1, 2)}, search=Search(SMALL)) == ()


def test_a_finished_search_is_not_made_again(tmp_path, monkeypatch):
    first = search(folder=tmp_path)
    (file,) = tmp_path.iterdir()
    monkeypatch.setattr(tuning, "_score", lambda *args: pytest.fail("searched again"))
    assert search(folder=tmp_path) == first
    monkeypatch.undo()
    file.write_bytes(file.read_bytes()[:-9])  # a broken file is no result
    assert search(folder=tmp_path) == first


@pytest.mark.parametrize(
    "change",
    [
        {"X": X + 1e-9},
        {"y": np.roll(Y, 1)},
        {"level": replace(SMALL, n_candidates=4)},
        {"random_state": 1},
        {"name": "lda"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_a_search_depends_on_makes_another(change, tmp_path):
    search(folder=tmp_path)
    search(**change, folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_jobs_and_a_rerun_change_nothing(toy, tmp_path):
    X = np.random.default_rng(0).normal(size=(len(toy), 6)) + toy.target[:, None]
    one, again, two = (
        evaluated(toy, X, ["logreg"], n_jobs=jobs, folder=folder)
        for jobs, folder in ((1, tmp_path), (1, tmp_path), (2, None))
    )
    assert len(one.tuning) == 4 == len(list(tmp_path.iterdir()))
    for other in (again, two):
        np.testing.assert_array_equal(one.proba, other.proba)
        assert one.tuning == other.tuning


def test_the_chosen_setting_is_the_one_that_is_fitted(toy):
    X = np.random.default_rng(0).normal(size=(len(toy), 6)) + toy.target[:, None]
    result = evaluated(toy, X, ["logreg"])
    (chosen,) = [trial for trial in result.tuning[-1] if trial["chosen"]]
    assert result.params["C"] == chosen["params"]["C"]
    assert evaluated(toy, X, ["logreg"], tune="none").tuning == ()


def test_the_report_tells_what_was_tried(tmp_path, monkeypatch):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})
    run = with_excerpt(made_run())
    fit = tuple(
        {"params": {"svc__C": C, "svc__gamma": "scale"}, "rows": rows, "score": score, "chosen": C == rows == 30}
        for C, rows, score in ((1, 10, 0.31), (30, 10, 0.52), (30, 30, 0.57))
    )
    tuned = replace(run.evaluations[0], tuning=(fit,) * 4)
    run = replace(run, evaluations=(tuned, *run.evaluations[1:]), protocol=replace(run.protocol, tune="quick"))
    write_report(run, tmp_path)
    assert load_run(tmp_path).evaluations[0].tuning == tuned.tuning and load_run(tmp_path).evaluations[1].tuning == ()
    table = pd.read_csv(tmp_path / "tables" / "tuning.csv")
    assert len(table) == 12 and table["fit"].tolist()[::3] == ["0", "1", "2", "all"] and table["chosen"].sum() == 4
    pages = [(tmp_path / name).read_text() for name in ("report.html", "report.md")]
    for page in pages:
        assert "C 30, gamma scale" in page and "--tune quick" in page and "57.0" in page
        assert "What --tune tried for svm" in page and "What --tune tried for forest" not in page
    assert json.loads((tmp_path / "metrics.json").read_text())["protocol"]["tune"] == "quick"
    rewrite_report(tmp_path)
    assert [(tmp_path / name).read_text() for name in ("report.html", "report.md")] == pages


def test_without_tuning_the_report_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})
    page = write_report(with_excerpt(made_run()), tmp_path).read_text()
    assert "none was tuned" in page and "What --tune tried" not in page


def test_a_run_folder_from_before_there_was_tuning_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})
    write_report(with_excerpt(made_run()), tmp_path)
    document = json.loads((tmp_path / "run.json").read_text())
    del document["protocol"]["tune"]
    for evaluation in document["evaluations"]:
        del evaluation["tuning"]
    (tmp_path / "run.json").write_text(json.dumps(document))
    assert load_run(tmp_path).evaluations[0].tuning == () and load_run(tmp_path).protocol.tune == "none"
