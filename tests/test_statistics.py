"""Statistics against independent implementations, examples worked by hand, and simulations of their promise."""

import numpy as np
import pytest
import scikit_posthocs
from scipy import stats
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from lineament.data.scores import confusion_scores
from lineament.reports.ranks import level_groups, ranking
from lineament.reports.statistics import (
    calibration,
    corrected_error,
    corrected_interval,
    corrected_t_test,
    detectable,
    exchange_p,
    holm,
    mcnemar,
    percentile_interval,
    resampled_counts,
)

EXACT = 1e-9

# Accuracies of 4 models on 14 datasets, with ties.
ACCURACIES = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.975, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


# --- over folds ------------------------------------------------------------------------------------


def test_without_shared_training_data_the_corrected_test_is_students():
    differences = np.random.default_rng(0).normal(0.02, 0.03, 10)
    found = corrected_t_test(differences, n_test=0, n_train=1)
    expected = stats.ttest_1samp(differences, 0)
    assert found.statistic == pytest.approx(expected.statistic, abs=EXACT)
    assert found.p == pytest.approx(expected.pvalue, abs=EXACT)


def test_corrected_t_test_by_hand():
    # Mean 0.02, s² = 0.0001, K = 4, n_test/n_train = 1/3: t = 0.02 / sqrt(0.0001 (1/4 + 1/3)) = 2.618614682831909.
    apart = 0.01 * np.sqrt(1.5)
    found = corrected_t_test([0.02 - apart, 0.02, 0.02, 0.02 + apart], n_test=10, n_train=30)
    assert found.statistic == pytest.approx(2 / np.sqrt(7 / 12), abs=EXACT)
    # Student's distribution of 3 degrees of freedom in closed form.
    t = found.statistic
    tail = 0.5 - (np.arctan(t / np.sqrt(3)) + np.sqrt(3) * t / (3 + t**2)) / np.pi
    assert found.p == pytest.approx(2 * tail, abs=EXACT)


@pytest.mark.parametrize("differences, p", [([0.0] * 5, 1.0), ([0.1] * 5, 0.0)])
def test_corrected_t_test_without_spread(differences, p):
    assert corrected_t_test(differences, n_test=1, n_train=4).p == p


def test_corrected_interval_and_test_agree():
    values = np.random.default_rng(1).normal(0.5, 0.05, 10)
    low, _ = corrected_interval(values, n_test=1, n_train=9)
    assert corrected_t_test(values - low, n_test=1, n_train=9).p == pytest.approx(0.05, abs=EXACT)


def test_corrected_test_keeps_its_level_where_the_plain_one_does_not():
    """Repeated random splits of noise: two models that guess differ by chance alone."""
    rng = np.random.default_rng(0)
    alarms = {"plain": 0, "corrected": 0}
    for _ in range(400):
        right = rng.integers(0, 2, (2, 120)).astype(float)
        rows = [rng.permutation(120)[:24] for _ in range(15)]
        differences = [right[0, row].mean() - right[1, row].mean() for row in rows]
        alarms["plain"] += stats.ttest_1samp(differences, 0).pvalue < 0.05
        alarms["corrected"] += corrected_t_test(differences, n_test=24, n_train=96).p < 0.05
    assert alarms["plain"] / 400 > 0.2
    assert alarms["corrected"] / 400 < 0.12


# --- on the same pictures --------------------------------------------------------------------------


def masks(both, only_a, only_b, neither):
    counts = [both, only_a, only_b, neither]
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


@pytest.mark.parametrize("counts", [(30, 12, 4, 10), (5, 1, 9, 0), (100, 40, 33, 7), (9, 3, 3, 2)])
def test_mcnemar_agrees_with_statsmodels(counts):
    found = mcnemar(*masks(*counts))
    table = [[counts[0], counts[1]], [counts[2], counts[3]]]
    assert (found.only_a, found.only_b) == counts[1:3]
    assert found.exact.p == pytest.approx(statsmodels_mcnemar(table, exact=True).pvalue, abs=EXACT)
    approximate = statsmodels_mcnemar(table, exact=False, correction=True)
    assert found.chi2.statistic == pytest.approx(approximate.statistic, abs=EXACT)
    assert found.chi2.p == pytest.approx(approximate.pvalue, abs=EXACT)


def test_mcnemar_by_hand():
    # One against nine of ten: 2 (1 + 10) / 2^10.
    assert mcnemar(*masks(5, 1, 9, 0)).exact.p == pytest.approx(22 / 1024, abs=EXACT)


def test_mcnemar_of_equal_answers():
    right = np.array([True, False, True])
    assert mcnemar(right, right).exact.p == 1 and mcnemar(right, right).chi2.p == 1


def test_exchanging_single_pictures_is_mcnemars_test():
    right = masks(40, 33, 17, 10)
    lead = right[0].astype(int) - right[1]
    assert exchange_p(lead) == pytest.approx(mcnemar(*right).exact.p, abs=EXACT)
    assert mcnemar(*right, np.arange(100)).exact.p == pytest.approx(mcnemar(*right).exact.p, abs=EXACT)


def test_exchanging_clusters_by_hand():
    # Leads of 3, 1, 1 and -1: of 16 choices of signs the sums 4 and more, or -4 and less, come up 4 + 4 times.
    sums = [a * 3 + b + c + d for a in (1, -1) for b in (1, -1) for c in (1, -1) for d in (1, -1)]
    expected = np.mean(np.abs(sums) >= 4)
    assert expected == 0.5 and exchange_p(np.array([3, 1, 1, -1])) == pytest.approx(expected, abs=EXACT)
    assert exchange_p(np.zeros(3, dtype=int)) == 1


def test_copies_of_a_picture_prove_no_more_than_the_picture():
    right_a, right_b = masks(20, 9, 1, 5)
    copies = np.repeat(np.arange(35), 3)
    once, thrice = mcnemar(right_a, right_b), mcnemar(right_a[copies], right_b[copies], copies)
    assert thrice.exact.p == pytest.approx(once.exact.p, abs=EXACT)
    assert mcnemar(right_a[copies], right_b[copies]).exact.p < once.exact.p / 10


# --- power -----------------------------------------------------------------------------------------


def test_detectable_difference_by_hand():
    assert detectable(1.0) == pytest.approx(1.959964 + 0.841621, abs=1e-6)
    assert detectable(1.0, 4) == pytest.approx(2.776445 + 0.940965, abs=1e-6)
    assert np.isnan(detectable(0.0)) and np.isnan(detectable(np.nan))


def test_a_detectable_difference_is_shown_in_four_of_five_cases():
    rng, n = np.random.default_rng(0), 30
    true = float(detectable(1 / np.sqrt(n), n - 1))
    p = stats.ttest_1samp(rng.normal(true, 1, (4000, n)), 0, axis=1).pvalue
    assert (p < 0.05).mean() == pytest.approx(0.8, abs=0.02)


def test_corrected_error_is_that_of_the_test():
    values = np.array([0.01, 0.03, 0.02, 0.05])
    error = corrected_error(values, n_test=1, n_train=3)
    assert values.mean() / error == pytest.approx(corrected_t_test(values, n_test=1, n_train=3).statistic)
    assert np.isnan(corrected_error([0.1], n_test=1, n_train=3))


def test_holm_agrees_with_statsmodels():
    p = np.array([0.01, 0.04, 0.03, 0.2, 0.005])
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=EXACT)
    assert np.isnan(holm([0.01, np.nan])[1]) and holm([0.01, np.nan])[0] == 0.01


# --- several models --------------------------------------------------------------------------------


def test_friedman_agrees_with_scipy():
    found = ranking(ACCURACIES)
    expected = stats.friedmanchisquare(*ACCURACIES.T)
    assert found.friedman.statistic == pytest.approx(expected.statistic, abs=EXACT)
    assert found.friedman.p == pytest.approx(expected.pvalue, abs=EXACT)


def test_mean_ranks_by_hand():
    # Ranks 1, 2, 3; then 2.5, 1, 2.5.
    np.testing.assert_allclose(ranking([[0.9, 0.8, 0.7], [0.5, 0.6, 0.5]]).ranks, [1.75, 1.5, 2.75], atol=EXACT)


@pytest.mark.parametrize("k, q", [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_critical_difference_follows_demsars_table(k, q):
    # Demšar 2006, table 5a, three decimals: CD = q sqrt(k (k + 1) / 6 b).
    found = ranking(np.random.default_rng(0).normal(size=(9, k)))
    assert found.critical_difference == pytest.approx(q * np.sqrt(k * (k + 1) / 54), rel=3e-4)


def test_nemenyi_agrees_with_scikit_posthocs():
    scores = np.random.default_rng(0).normal(size=(12, 5)) + np.arange(5) * 0.5
    expected = scikit_posthocs.posthoc_nemenyi_friedman(scores).to_numpy()
    np.testing.assert_allclose(ranking(scores).nemenyi, expected, atol=EXACT)


def test_two_models_need_the_normal_quantile():
    # With k = 2 the critical difference is 1.96 sqrt(2 · 3 / (6 b)) = 1.96 / sqrt(b).
    found = ranking(np.random.default_rng(0).normal(size=(9, 2)))
    assert found.critical_difference == pytest.approx(stats.norm.ppf(0.975) / 3, abs=1e-7)


def test_level_models_are_level():
    found = ranking(np.ones((6, 3)))
    assert found.friedman.p == 1 and (found.ranks == 2).all() and level_groups(found) == [(0, 1, 2)]


def test_groups_of_models_that_are_not_told_apart():
    clear = ranking(np.tile([0.9, 0.8, 0.1, 0.2], (20, 1)))
    assert level_groups(clear) == [(0, 1), (1, 3), (3, 2)]


# --- resampling ------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [None, np.arange(60) // 3])
def test_resamples_keep_the_number_of_draws(units):
    cells = np.arange(60) % 4
    counts = resampled_counts(cells, 5, units=units, n_resamples=50)
    assert (counts.sum(axis=1) == 60).all() and (counts[:, 4] == 0).all()
    assert counts.mean(axis=0)[:4] == pytest.approx(15, abs=2)


def test_few_weights_at_a_time_change_nothing(monkeypatch):
    cells, units = np.arange(60) % 4, np.arange(60) // 3
    whole = resampled_counts(cells, 4, units=units, n_resamples=50)
    monkeypatch.setattr("lineament.reports.statistics.MOST_WEIGHTS", 140)
    np.testing.assert_array_equal(resampled_counts(cells, 4, units=units, n_resamples=50), whole)


def test_percentile_interval_by_hand():
    low, high = percentile_interval(np.arange(1001) / 1000)
    assert (low, high) == (pytest.approx(0.025, abs=EXACT), pytest.approx(0.975, abs=EXACT))
    assert np.isnan(percentile_interval(np.full((5, 2), np.nan))).all()


def confusions(rng, n, k):
    """Truth and answers of a model that is right in 60 of 100 cases."""
    target = rng.choice(k, n, p=np.arange(1, k + 1) / np.arange(1, k + 1).sum())
    return target, np.where(rng.random(n) < 0.6, target, rng.integers(0, k, n))


# --- of confusion matrices and probabilities -------------------------------------------------------


def test_confusion_scores_agree_with_scikit_learn():
    k, rng = 5, np.random.default_rng(0)
    target, predicted = confusions(rng, 400, k)
    predicted[predicted == 4] = 0  # a label that is never named
    found = confusion_scores(np.bincount(target * k + predicted, minlength=k * k).reshape(k, k))
    assert found["accuracy"] == pytest.approx(accuracy_score(target, predicted), abs=EXACT)
    each = precision_recall_fscore_support(target, predicted, labels=range(k), zero_division=0)
    for name, expected in zip(("precision", "recall", "f1"), each):
        np.testing.assert_allclose(found[name], expected, atol=EXACT)
    assert found["f1_macro"] == pytest.approx(each[2].mean(), abs=EXACT)
    assert found["recall_macro"] == pytest.approx(each[1].mean(), abs=EXACT)


def test_a_label_that_the_truth_lacks_counts_nowhere():
    found = confusion_scores(np.array([[3, 1], [0, 0]]))
    assert found["recall_macro"] == 0.75 and np.isnan(found["recall"][1])


def test_calibration_by_hand():
    # Ten at 0.9 of which 7 are right, ten at 0.6 of which 6 are: ECE = (10 · 0.2 + 10 · 0) / 20 = 0.1.
    confidence = np.repeat([0.9, 0.6], 10)
    right = np.r_[np.arange(10) < 7, np.arange(10) < 6]
    found = calibration(confidence, right, n_bins=10)
    assert found.error == pytest.approx(0.1, abs=EXACT)
    assert found.n.tolist() == [10, 10] and found.accuracy.tolist() == [0.6, 0.7]


def test_bins_of_as_many_faces_see_what_bins_of_equal_width_hide():
    """All answers between 30 and 35 %: half of them are too sure by 20 points, half too unsure by as many."""
    confidence = np.r_[np.full(500, 0.31), np.full(500, 0.33)]
    right = np.r_[np.arange(500) < 255, np.arange(500) < 65]
    assert calibration(confidence, right).error == pytest.approx(0.2, abs=1e-3)
    width = np.ceil(confidence * 15)
    assert len(np.unique(width)) == 1 and abs(confidence.mean() - right.mean()) < 1e-3


def test_calibration_of_few_and_of_none():
    assert np.isnan(calibration(np.array([]), np.array([], dtype=bool)).error)
    assert calibration(np.array([0.9, 0.5]), np.array([True, False])).n.tolist() == [2]
