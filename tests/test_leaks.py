"""Each planted leak is found under its own name, and none of the others accused; what is said follows."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from lineament.benchmarks.leaks import LABELS, NONE, SITUATIONS, Planted, accused, duplicates_of
from lineament.classifiers import Folds, Protocol
from lineament.classifiers.audit import DUPLICATES, SEQUENCES, SUBJECTS, Audit, audit
from lineament.classifiers.comparison import Comparison, CurvePoint
from lineament.classifiers.stored import LeftOut
from lineament.classifiers.togetherness import ALONE, steps_of
from lineament.data import Dataset, find_duplicates, fold_groups
from lineament.data.images import ArrayImages
from lineament.reports import tables_of
from lineament.reports.leakage import CAUSES, FLATTERED, TOO_LOW, cause, climb, gap_error, gaps_of
from lineament.reports.sections.growth import climb_sentence
from lineament.reports.sections.leakage import gap_sentence
from lineament.reports.statistics import detectable
from lineament.reports.uncertainty import NO_DIFFERENCE
from made_runs import N, made_audit, made_run, with_excerpt


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_leak_is_found_under_its_own_name_and_no_other_accused(name, seed):
    rule = SITUATIONS[name][1]
    assert accused(name, seed) == ([] if rule == NONE else [rule])


# --- the steps -------------------------------------------------------------------------------------


def steps(copies=(), groups=None, sequences=None, n=12, searched=True):
    named = [None if values is None else np.array([f"s{value}" for value in values]) for values in (groups, sequences)]
    dataset = Dataset(
        "d", ArrayImages(np.zeros((n, 4, 4), np.uint8)), np.arange(n) % 3, LABELS, np.arange(n).astype(str),
        groups=named[0], sequences=named[1],
    )  # fmt: skip
    near = np.array(copies, dtype=int).reshape(-1, 2) if searched else None
    duplicates = find_duplicates(np.arange(n).astype(str), near)
    return steps_of(dataset, duplicates, fold_groups(dataset, duplicates))


PERSONS, FRAMES = np.arange(12) // 6, np.arange(12) // 2


def test_each_step_ties_what_its_name_says():
    found = steps([(0, 1), (2, 7)], PERSONS, FRAMES)
    assert not any(found.why_not.values())
    counts = {name: len(np.unique(groups)) for name, groups in found.groups.items()}
    # Rows 0 and 1 nearly agree and are frames of one sequence: frames, no copies. 2 and 7 tie two persons.
    assert counts == {ALONE: 12, DUPLICATES: 11, SEQUENCES: 5, SUBJECTS: 1}
    assert found.parted(DUPLICATES).nonzero()[0].tolist() == [2, 7]
    assert [found.before(name) for name in (DUPLICATES, SEQUENCES, SUBJECTS)] == [ALONE, DUPLICATES, SEQUENCES]


@pytest.mark.parametrize(
    "known, step, reason",
    [
        ({}, DUPLICATES, "no picture occurs twice among these, exactly or nearly"),
        ({"searched": False}, DUPLICATES, "no picture occurs twice among these, and near copies were not looked for"),
        ({"copies": [(0, 1)], "sequences": FRAMES}, DUPLICATES, "copies among these are frames of one sequence"),
        ({"copies": [(0, 1)]}, DUPLICATES, ""),
        ({}, SEQUENCES, "which pictures are frames of one sequence is not known"),
        ({"sequences": np.arange(12)}, SEQUENCES, "no two of these pictures are frames of one sequence"),
        ({"sequences": FRAMES}, SEQUENCES, ""),
        ({}, SUBJECTS, "who is shown is not known"),
        ({"groups": np.arange(12)}, SUBJECTS, "nobody is shown twice among these"),
        ({"groups": FRAMES, "sequences": FRAMES}, SUBJECTS, "nobody is shown in two sequences"),
        ({"groups": FRAMES, "copies": np.arange(12).reshape(6, 2)}, SUBJECTS, "the pictures of each person are tied"),
        ({"groups": PERSONS, "sequences": FRAMES}, SUBJECTS, ""),
    ],
)
def test_a_step_that_changes_nothing_says_why(known, step, reason):
    said = steps(**known).why_not[step]
    assert said.startswith(reason) and bool(said) == bool(reason)


def test_a_step_is_measured_against_the_last_one_that_changed_something():
    found = steps([(0, 7)], groups=PERSONS)
    assert found.before(SUBJECTS) == DUPLICATES and steps(groups=PERSONS).before(SUBJECTS) == ALONE


def test_a_step_untaken_deals_anew_only_what_it_ties():
    found, fold = steps([(0, 7), (2, 9)]), np.array([0, 1, 1, 2, 2, 0, 1, 0, 2, 1, 0, 2])
    dealt = [
        found.loosened(Folds(fold, fold), DUPLICATES, np.arange(12) % 3, np.random.default_rng(s)).fold
        for s in range(20)
    ]
    others = ~np.isin(np.arange(12), [0, 7, 2, 9])
    assert all((one[others] == fold[others]).all() for one in dealt)
    assert any(one[0] != one[7] for one in dealt) and any(one[2] != one[9] for one in dealt)


# --- gaps and their errors -------------------------------------------------------------------------


def test_the_error_of_a_gap_by_hand():
    honest, leaky = np.array([[0.0, 0, 1, 1]]), np.array([[1.0, 0, 1, 1]])
    # One of four differs: d = (1, 0, 0, 0), mean 1/4; sum of (d - 1/4)² is 3/4, over n² and times n/(n-1): 1/16.
    gap, error, df = gap_error(honest, leaky, np.arange(4))
    assert (gap, df) == (0.25, 3) and error == pytest.approx(np.sqrt(1 / 16 + 1 / 16))
    # In two groups: sums (3/4 - 1/4, -1/2) / 4, squared 2/64, times 2.
    assert gap_error(honest, leaky, np.array([0, 0, 1, 1]))[1] == pytest.approx(np.sqrt(2 * 2 / 64 + 1 / 16))
    assert gap_error(honest, leaky, np.arange(4), 0.5)[1] == pytest.approx(np.sqrt(1 / 8 + 0.5))


def test_answers_that_are_not_scored_count_nowhere():
    honest, leaky = np.array([[0.0, 0, 1, 1]]), np.array([[np.nan, np.nan, 1, 1]])
    assert gap_error(honest, leaky, np.arange(4))[0] == 0.5


def test_what_could_be_shown_is_shown_in_four_of_five_cases():
    rng, error, df = np.random.default_rng(0), 0.02, 30
    truth = detectable(error, df)
    estimates = truth + error * rng.standard_t(df, 20_000)
    shown = (estimates > stats.t.ppf(0.975, df) * error).mean()
    assert shown == pytest.approx(0.8, abs=0.02)
    assert detectable(error, df, alpha=0.05 / 4) > truth


def made_gaps(honest, leaky, rule=SUBJECTS, more=()):
    """The gaps of made-up answers on pictures whose label is 0 throughout; 1 is wrong."""
    n = len(honest)
    dataset = Dataset(
        "d", ArrayImages(np.zeros((n, 4, 4), np.uint8)), np.zeros(n, int), ("a", "b"), np.arange(n).astype(str)
    )  # fmt: skip
    comparisons = (Comparison(rule, np.array([honest]), np.array([leaky])), *more)
    found = replace(made_audit(), rows=np.arange(n), comparisons=comparisons, repeats=np.full((3, 5), 0.5))
    return next(gaps_of(found, dataset, find_duplicates(dataset.keys)).itertuples())


@pytest.mark.parametrize("rule", [DUPLICATES, SEQUENCES, SUBJECTS, "detected", "selection"])
def test_a_cause_is_named_only_where_its_gap_is_shown(rule):
    half = np.arange(200) % 2
    wrong, right = np.where(np.arange(200) % 5 == 0, 1, half), np.where(np.arange(200) % 5 == 0, 0, half)
    flattered, none, low = made_gaps(wrong, right, rule), made_gaps(half, half, rule), made_gaps(right, wrong, rule)
    assert [one.verdict for one in (flattered, none, low)] == [FLATTERED, NO_DIFFERENCE, TOO_LOW]
    assert CAUSES[rule] in gap_sentence(flattered) and "most likely would have been" not in gap_sentence(flattered)
    assert CAUSES[rule] not in gap_sentence(none) and CAUSES[rule] not in gap_sentence(low)
    assert f"{NO_DIFFERENCE}; one of {100 * none.detectable:.1f} points most likely would have" in gap_sentence(none)
    assert none.detectable > 0  # answers that are all the same prove no gap of 0.0 points


def test_more_rules_asked_ask_for_larger_gaps():
    half = np.arange(60) % 2
    leaky = np.where(np.arange(60) < 8, 0, half)
    others = (Comparison(SUBJECTS, half[None], half[None]),) * 4
    alone, among = made_gaps(half, leaky), made_gaps(half, leaky, more=others)
    assert alone.gap == among.gap and among.low < alone.low < alone.gap


def test_causes_name_only_what_their_step_changes():
    assert "copy" in CAUSES[DUPLICATES] and "person" not in CAUSES[DUPLICATES]
    assert "frames" in CAUSES[SEQUENCES] and "says nothing of knowing a person" in CAUSES[SEQUENCES]
    assert "knowing the face" in CAUSES[SUBJECTS]


def test_a_cause_says_what_cannot_be_told_apart_from_it():
    n, digests = 12, np.arange(12).astype(str)
    bare = Dataset("d", ArrayImages(np.zeros((n, 4, 4), np.uint8)), np.arange(n) % 3, LABELS, digests)
    known = replace(bare, groups=digests, sequences=digests)
    searched, unsearched = find_duplicates(digests, np.empty((0, 2), int)), find_duplicates(digests)
    assert "may be such" in cause(DUPLICATES, bare, searched) and "may be" not in cause(DUPLICATES, known, searched)
    assert "stay together on both sides" in cause(SUBJECTS, known, searched)
    assert "near copies were not looked for." in cause(SUBJECTS, known, unsearched)
    assert "frames of one sequence are not known as such." in cause(SUBJECTS, bare, searched)
    assert "not looked for and frames" in cause(SUBJECTS, bare, unsearched)
    assert cause(SEQUENCES, known, searched) == CAUSES[SEQUENCES]


# --- the learning curve ----------------------------------------------------------------------------


def test_a_learning_curve_has_several_draws():
    planted = Planted(0)
    pictures = ArrayImages(np.zeros((planted.n, 4, 4), np.uint8))
    dataset = Dataset("d", pictures, planted.target, LABELS, np.arange(planted.n).astype(str), **planted.known)
    kept = audit(
        dataset, duplicates_of(planted), planted.informed(), found=np.ones(planted.n, bool), protocol=Protocol(cv=3),
        classifiers=("lda",),
    )  # fmt: skip
    assert [len(point.f1_macro) for point in kept.learning] == [9, 9, 9, 9][: len(kept.learning)]
    first, *_, last = kept.learning
    draws = np.array(first.f1_macro).reshape(3, 3).mean(axis=1)
    assert len(set(draws)) == 3  # each drawn for itself
    again = Audit.from_dict(kept.to_dict())
    assert again.learning == kept.learning and again.comparisons[0].share == kept.comparisons[0].share
    for before, after in zip(kept.comparisons, again.comparisons):
        np.testing.assert_array_equal(before.leaky, after.leaky)


@pytest.mark.parametrize(
    "gains, said",
    [
        ([0.1, 0.11, 0.09], "macro F1 still rises (+10.0 points"),
        ([-0.1, -0.11, -0.09], "macro F1 falls (\u221210.0 points"),
        ([0.3, -0.3, 0.03], "no rise is shown (+1.0 points"),
    ],
)
def test_what_is_said_of_the_learning_curve_follows_its_end(gains, said):
    points = (CurvePoint(50, (0.5,) * 3), CurvePoint(100, tuple(0.5 + gain for gain in gains)))
    sentence = climb_sentence(climb(replace(made_audit(), learning=points)), "faces")
    assert sentence.startswith("From 50 to 100 faces") and said in sentence
    assert ("would have been" in sentence) == ("no rise" in sentence)
    assert "too few faces" in climb_sentence(climb(replace(made_audit(), learning=points[1:])), "faces")


def test_one_unlucky_draw_is_no_finding():
    """Of three draws one did badly: its share of the curve is no step that is shown."""
    whole, share = (0.8, 0.82, 0.78) * 3, (0.8, 0.82, 0.78) * 2 + (0.4, 0.42, 0.38)
    points = (CurvePoint(50, share), CurvePoint(100, whole))
    assert "no rise is shown" in climb_sentence(climb(replace(made_audit(), learning=points)), "faces")


# --- small data ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n", [10, 20, 40, 160])
@pytest.mark.parametrize("k", [2, 4, 7])
def test_few_pictures_are_audited_or_the_reason_told(n, k):
    rng, target = np.random.default_rng(n), np.arange(n) % k
    dataset = Dataset(
        "d", ArrayImages(np.zeros((n, 4, 4), np.uint8)), target, tuple("abcdefg"[:k]), np.arange(n).astype(str)
    )  # fmt: skip
    duplicates = find_duplicates(dataset.keys, np.empty((0, 2), int))
    X = rng.normal(size=(n, 30)) + np.eye(k, 30)[target]
    found = rng.random(n) < 0.9
    kept = audit(
        dataset, duplicates, X, found=found, protocol=Protocol(cv=min(5, max(2, n // k))), classifiers=("knn",)
    )
    if isinstance(kept, LeftOut):
        assert n // k < 2 and "Leave them" in kept.reason
        return
    gaps = gaps_of(kept, dataset, duplicates)
    assert np.isfinite(gaps.loc[gaps["n"] > 0, ["gap", "low", "high", "detectable"]].to_numpy(float)).all()
    assert all(point.at >= k for point in kept.learning) and climb_sentence(climb(kept), "faces")


def test_an_audit_of_an_earlier_version_is_read():
    """Its comparisons hold one cross-validation each, as plain numbers."""
    stored = made_audit().to_dict()
    stored["comparisons"] = [
        {"name": "subjects", "honest": [0, 1, -1], "leaky": [0, 0, -1], "why_not": ""},
    ]
    again = Audit.from_dict(stored).comparisons[0]
    assert again.honest.tolist() == [[0, 1, -1]] and again.share == 1.0


def test_the_page_of_a_run_without_copies_accuses_nobody():
    run = with_excerpt(made_run(audited=True))
    gaps = tables_of(run)["gaps"].set_index("rule")
    assert gaps.loc[SUBJECTS, "verdict"] == "nothing to compare" and len(run.dataset) == N
