"""Intervals by clusters: against formulas and other implementations, and simulations of what they promise."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from benchmarks.coverage import COPIES, SINGLE, SUBJECTS, Setting, cross_validated, judged
from lineament.data.scores import confusion_scores
from lineament.reports.intervals import F1, FEWEST, differences, score_estimates, shares
from lineament.reports.statistics import percentile_interval, resampled_counts
from lineament.reports.uncertainty import paired_difference, score_intervals, unpaired_difference

EXACT = 1e-9


def one_share(hits, clusters=None):
    hits = np.asarray(hits, dtype=bool)
    clusters = np.arange(len(hits)) if clusters is None else clusters
    return shares(np.zeros(len(hits), dtype=int), clusters, hits, 1)


def bounds(estimates, **options):
    return tuple(float(end[0]) for end in estimates.interval(**options))


def answers(rng, n, k, accuracy=0.6):
    target = rng.integers(0, k, n)
    return target, np.where(rng.random(n) < accuracy, target, rng.integers(0, k, n))


# --- shares ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("right, n", [(0, 12), (7, 12), (60, 60), (59, 60), (1500, 3000)])
def test_single_pictures_get_wilsons_interval(right, n):
    found = bounds(one_share(np.arange(n) < right))
    assert found == pytest.approx(proportion_confint(right, n, method="wilson"), abs=EXACT)


def test_copies_count_once():
    """Every picture three times, all copies answered alike, is worth no more than the pictures."""
    rights = np.random.default_rng(0).random(40) < 0.7
    copies = np.repeat(np.arange(40), 3)
    tripled = one_share(rights[copies], copies)
    assert tripled.n[0] == pytest.approx(one_share(rights).n[0], rel=0.02)
    # A variance of 40 independent pictures has 39 degrees of freedom, not 119: the interval is a little wider.
    wider = stats.t.ppf(0.975, 39) / stats.t.ppf(0.975, 119)
    width, alone = np.diff(bounds(tripled))[0], np.diff(bounds(one_share(rights)))[0]
    assert alone < width < alone * wider * 1.01
    assert width > 1.5 * np.diff(bounds(one_share(rights[copies])))[0]


@pytest.mark.parametrize("right", [True, False])
def test_at_the_ends_only_clusters_count(right):
    clusters = np.repeat(np.arange(10), 30)
    found = one_share(np.full(300, right), clusters)
    low, high = bounds(found)
    assert found.n[0] == 10 and 0.2 < high - low < 0.45
    assert (high if right else low) == float(right)


def test_the_variance_is_that_of_the_jackknife():
    rng = np.random.default_rng(1)
    clusters = rng.integers(0, 12, 90)
    hits = rng.random(90) < 0.3 + 0.4 * (clusters % 3 == 0)
    left_out = [hits[clusters != one].mean() for one in range(12)]
    expected = 11 / 12 * ((np.array(left_out) - hits.mean()) ** 2).sum()
    found = one_share(hits, clusters)
    assert float((found.changes**2).sum()) == pytest.approx(expected, abs=EXACT)
    assert found.n[0] == pytest.approx(hits.mean() * (1 - hits.mean()) / expected * 90 / 89, abs=1e-6)


def test_no_interval_from_few_clusters():
    """Two faces that are both right do not say 100 percent, and 300 pictures of four subjects say little."""
    assert np.isnan(bounds(one_share([True, True]))).all()
    clusters = np.repeat(np.arange(FEWEST - 1), 80)
    assert np.isnan(bounds(one_share(np.arange(len(clusters)) % 3 > 0, clusters))).all()
    assert np.isfinite(bounds(one_share(np.arange(FEWEST) > 0))).all()


# --- scores ----------------------------------------------------------------------------------------


def test_values_are_the_scores():
    k, (target, predicted) = 4, answers(np.random.default_rng(0), 300, 4)
    expected = confusion_scores(np.bincount(target * k + predicted, minlength=k * k).reshape(k, k))
    for name, one in score_estimates(target, predicted, k, np.arange(300) // 2).items():
        assert one.value == pytest.approx(np.atleast_1d(expected[name]), abs=EXACT), name


def test_f1_is_a_curve_of_the_jaccard_index():
    k, (target, predicted) = 3, answers(np.random.default_rng(1), 200, 3)
    found = score_estimates(target, predicted, k, np.arange(200))["f1"]
    union, both = ((target == 0) | (predicted == 0)).sum(), ((target == 0) & (predicted == 0)).sum()
    low, high = proportion_confint(both, union, method="wilson")
    assert found.interval()[0][0] == pytest.approx(F1.of(low), abs=EXACT)
    assert found.interval()[1][0] == pytest.approx(F1.of(high), abs=EXACT)
    assert found.scale.slope(0.3) == pytest.approx((F1.of(0.3 + 1e-6) - F1.of(0.3 - 1e-6)) / 2e-6, abs=1e-6)


def test_macro_scores_agree_with_the_jackknife_where_pictures_are_many():
    k, rng = 4, np.random.default_rng(2)
    target, predicted = answers(rng, 4000, k)
    clusters = rng.integers(0, 200, 4000)
    found = score_estimates(target, predicted, k, clusters)
    cells = np.zeros((200, k * k))
    np.add.at(cells, (clusters, target * k + predicted), 1)
    left_out = confusion_scores((cells.sum(axis=0) - cells).reshape(-1, k, k))
    for name in ("recall_macro", "f1_macro"):
        error = np.sqrt(199 / 200 * ((left_out[name] - left_out[name].mean()) ** 2).sum())
        low, high = bounds(found[name])
        assert (high - low) / 2 == pytest.approx(1.972 * error, rel=0.06), name


def test_a_macro_score_is_worth_no_more_pictures_than_there_are():
    """Every error counts in two labels' F1; without one, the labels would pass for independent."""
    target = np.arange(60) % 2
    found = score_estimates(target, target, 2, np.arange(60))
    for name in ("recall_macro", "f1_macro"):
        assert bounds(found[name])[0] <= bounds(found["accuracy"])[0], name


def test_many_sets_of_answers_at_once_are_each_by_itself():
    rng, k = np.random.default_rng(3), 3
    sets = [answers(rng, 80, k) for _ in range(4)]
    target, predicted = (np.concatenate(one) for one in zip(*sets))
    draw = np.repeat(np.arange(4), 80)
    together = score_estimates(target, predicted, k, np.arange(320) // 2, draw)
    for place, (one_target, one_predicted) in enumerate(sets):
        alone = score_estimates(one_target, one_predicted, k, np.arange(80) // 2)
        for name in ("accuracy", "f1_macro"):
            assert bounds(alone[name]) == pytest.approx([end[place] for end in together[name].interval()], abs=EXACT)


def test_an_interval_is_at_least_as_wide_as_the_bootstraps():
    rng, k = np.random.default_rng(4), 4
    clusters = np.repeat(np.arange(60), 5)
    skill = rng.beta(3, 2, 60)[clusters]
    target = rng.integers(0, k, 300)
    predicted = np.where(rng.random(300) < skill, target, rng.integers(0, k, 300))
    found = score_estimates(target, predicted, k, clusters)
    drawn = resampled_counts(target * k + predicted, k * k, units=clusters).reshape(-1, k, k)
    for name, resampled in confusion_scores(drawn).items():
        if name in ("accuracy", "recall_macro", "f1_macro"):
            low, high = percentile_interval(resampled)
            assert np.diff(bounds(found[name]))[0] >= 0.98 * (high - low), name


def test_labels_of_few_clusters_and_their_macro_score_get_no_interval():
    target = np.r_[np.zeros(100, dtype=int), np.ones(FEWEST - 1, dtype=int)]
    frame = score_intervals(target, target, 2).set_index(["label", "metric"])["low"]
    assert np.isnan(frame[1, "recall"]) and np.isnan(frame[-1, "recall_macro"]) and np.isnan(frame[-1, "f1_macro"])
    assert np.isfinite(frame[0, "recall"]) and np.isfinite(frame[-1, "accuracy"])
    mistaken = score_intervals(target, np.r_[np.ones(9, dtype=int), target[9:]], 2).set_index(["label", "metric"])[
        "low"
    ]
    assert np.isnan(mistaken[-1, "f1_macro"])  # many are taken for a label that few bear
    more = np.r_[target, 1]
    assert np.isfinite(score_intervals(more, more, 2)["low"]).all()


# --- differences -----------------------------------------------------------------------------------


def test_differences_of_other_pictures_are_newcombes():
    rng = np.random.default_rng(5)
    first, second = rng.random(80) < 0.7, rng.random(50) < 0.5
    found = differences(one_share(first), one_share(second), paired=False).interval()
    counts = first.sum(), 80, second.sum(), 50
    expected = confint_proportions_2indep(*counts, method="newcomb")
    assert [float(end[0]) for end in found] == pytest.approx(expected, abs=EXACT)


def test_p_is_where_the_interval_ends_at_zero():
    rng = np.random.default_rng(6)
    rights = rng.random((2, 300)) < [[0.7], [0.62]]
    both = shares(np.repeat([0, 1], 300), np.tile(np.arange(300), 2), rights.ravel(), 2)
    found = differences(both.take([0]), both.take([1]))
    low, high = found.interval(1 - found.p())
    assert min(abs(low[0]), abs(high[0])) < 1e-6
    assert differences(both.take([0]), both.take([0])).p()[0] == 1


def test_pairing_narrows_a_difference():
    rng = np.random.default_rng(7)
    target = rng.integers(0, 3, 400)
    first = np.where(rng.random(400) < 0.7, target, (target + 1) % 3)
    second = np.where(rng.random(400) < 0.1, (target + 2) % 3, first)
    paired = paired_difference(target, first, second, 3)["f1_macro"]
    apart = unpaired_difference((target, first, 3, np.arange(400)), (target, second, 3, np.arange(400)))["f1_macro"]
    assert paired.value == apart.value
    assert paired.high - paired.low < 0.7 * (apart.high - apart.low)
    assert paired.detectable < 0.7 * apart.detectable


# --- coverage --------------------------------------------------------------------------------------
# `python -m benchmarks.coverage` has every score and setting; here a few, of few draws.

DRAWS = 500


def covered(found):
    return {name: np.nanmean(inside) for name, (inside, _) in found.items() if np.isfinite(inside).mean() > 0.5}


@pytest.mark.parametrize("scheme", [SINGLE, SUBJECTS, COPIES])
@pytest.mark.parametrize("accuracy", [0.4, 0.7])
def test_intervals_hold_the_truth_as_often_as_they_say(scheme, accuracy):
    setting = Setting(scheme, 300, "7 labels", accuracy)
    found = covered(judged(setting, DRAWS, np.random.default_rng(8)))
    found |= covered(cross_validated(setting, DRAWS, np.random.default_rng(9)))
    del found["the same accuracy, against models fitted on other pictures"]
    assert len(found) >= 13
    # 500 draws have a standard error of one point: the mean of all is held closer than any alone.
    assert 0.935 < np.mean(list(found.values())) < 0.97
    assert {name: share for name, share in found.items() if not 0.915 < share < 0.985} == {}


@pytest.mark.parametrize("scheme", [SUBJECTS, COPIES])
def test_without_clusters_intervals_would_not_hold(scheme):
    setting = Setting(scheme, 300, "2 labels", 0.7)
    found = covered(judged(setting, DRAWS, np.random.default_rng(10), clustered=False))
    assert found["accuracy"] < 0.9 and found["slice of clusters against the rest"] < 0.9


def test_plain_percentiles_would_not_hold():
    """What a bootstrap's percentiles amount to: the normal interval around the share, near 100 percent."""

    def percentiles(estimates):
        half = stats.norm.ppf(0.975) * np.sqrt(estimates.value * (1 - estimates.value) / estimates.n)
        return estimates.value - half, estimates.value + half

    right = np.random.default_rng(11).random(DRAWS * 60) < 0.95
    estimates = shares(np.repeat(np.arange(DRAWS), 60), np.arange(DRAWS * 60), right, DRAWS)
    low, high = percentiles(estimates)
    assert ((low <= 0.95) & (0.95 <= high)).mean() < 0.93
    low, high = estimates.interval()
    assert 0.93 < ((low <= 0.95) & (0.95 <= high)).mean() < 0.985
