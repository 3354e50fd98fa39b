"""Thresholds that promise, sets that hold, and models that know them."""

from dataclasses import replace

import numpy as np
import pytest
from crepes import ConformalClassifier
from doubting_models import held_out, made_evaluation, made_model

from benchmarks.conformal import KINDS, simulated
from lineament.classifiers import FaceModel, Recipe
from lineament.classifiers.abstention import (
    RISKS,
    UNSURE,
    answered,
    area_under_risk,
    guaranteed_threshold,
    least_area,
    plain_threshold,
    risk_coverage,
)
from lineament.classifiers.bundle import load_model, save_model
from lineament.classifiers.conformal import (
    ALWAYS,
    LEVELS,
    NEVER,
    least_faces,
    one_a_cluster,
    sets_of,
    threshold_of,
    thresholds_of,
)
from lineament.classifiers.doubt import doubts_of
from lineament.data import LineamentError
from made_runs import LABELS

# --- thresholds ------------------------------------------------------------------------------------


def faces(n, seed=0, error=0.4):
    """Confidence (n,) and errors (n,), the rarer the surer: none at 1, `error` of all on average."""
    rng = np.random.default_rng(seed)
    confidence = rng.random(n)
    return confidence, rng.random(n) < 2 * error * (1 - confidence)


def test_risk_and_coverage_by_hand():
    coverage, risk, thresholds = risk_coverage(np.array([0.9, 0.5, 0.7, 0.7]), np.array([False, True, True, False]))
    assert coverage.tolist() == [0.25, 0.75, 1.0] and thresholds.tolist() == [0.9, 0.7, 0.5]
    assert risk == pytest.approx([0, 1 / 3, 1 / 2])


def test_areas_by_hand():
    wrong = np.array([False, False, True, True])
    assert area_under_risk(np.array([4.0, 3, 2, 1]), wrong) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert least_area(wrong[::-1]) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert area_under_risk(np.ones(4), wrong) == 0.5  # no order, the error
    assert area_under_risk(np.array([1.0, 2, 3, 4]), wrong) > 0.5
    assert least_area(np.zeros(5, dtype=bool)) == 0


def test_weights_are_rows_drawn_so_often():
    confidence, wrong = faces(30)
    counts = np.random.default_rng(1).integers(0, 3, (4, 30))
    expected = [area_under_risk(np.repeat(confidence, one), np.repeat(wrong, one)) for one in counts]
    assert area_under_risk(confidence, wrong, counts.astype(float)) == pytest.approx(expected)


def test_the_plain_threshold_keeps_its_risk_where_it_was_chosen():
    confidence, wrong = faces(500)
    threshold = plain_threshold(confidence, wrong, 0.1)
    given = answered(confidence, threshold)
    assert wrong[given].mean() <= 0.1 < wrong[confidence >= np.sort(confidence[~given])[-1]].mean()
    assert plain_threshold(np.ones(3), np.ones(3, dtype=bool), 0.2) is None and not answered(confidence, None).any()


@pytest.mark.parametrize("risk", RISKS)
def test_a_guarantee_answers_less_than_the_lucky_threshold(risk):
    confidence, wrong = faces(5000, error=0.3)
    ours = guaranteed_threshold(confidence, wrong, risk)
    assert plain_threshold(confidence, wrong, risk) < ours < 1
    assert guaranteed_threshold(confidence, np.ones(5000, dtype=bool), risk) is None


def test_few_faces_guarantee_nothing_and_more_do():
    right = np.zeros(400, dtype=bool)
    confidence = np.linspace(0, 1, 400)
    least = int(np.ceil(np.log(0.05 / 5) / np.log(0.95)))  # all right, at a fifth of the 5 %
    assert guaranteed_threshold(confidence[:least], right[:least], 0.05) == 0
    assert guaranteed_threshold(confidence[: least - 1], right[: least - 1], 0.05) is None
    assert guaranteed_threshold(np.array([]), np.array([], dtype=bool), 0.05) is None


def test_a_slip_among_the_surest_does_not_end_the_search():
    confidence, wrong = np.linspace(0, 1, 3000), np.zeros(3000, dtype=bool)
    wrong[-20:] = True
    assert answered(confidence, guaranteed_threshold(confidence, wrong, 0.05)).mean() > 0.9


def test_copies_of_a_face_are_no_more_evidence():
    confidence, wrong = faces(400, error=0.25)
    once = guaranteed_threshold(confidence, wrong, 0.2)
    many = [np.repeat(one, 10) for one in (confidence, wrong)]
    people = np.repeat(np.arange(400), 10)
    assert guaranteed_threshold(*many, 0.2, clusters=people) >= once
    assert guaranteed_threshold(*many, 0.2) < once  # as if they were 4,000
    assert guaranteed_threshold(confidence, wrong, 0.2, clusters=np.arange(400)) == once


# --- sets of labels --------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("n", [4, 9, 18, 19, 57])
def test_thresholds_are_those_of_conformal_p_values(level, n):
    rng = np.random.default_rng(n)
    scores, asked = rng.random(n).round(1), rng.random(300).round(2)
    p = ConformalClassifier().fit(scores).predict_p(asked, smoothing=False)
    assert ((asked <= threshold_of(scores, level)) == (p > 1 - level + 1e-9)).all()


def test_too_few_faces_leave_no_label_out():
    assert [least_faces(level) for level in LEVELS] == [4, 9, 19]
    for level in LEVELS:
        few = np.zeros(least_faces(level) - 1)
        assert threshold_of(few, level) == ALWAYS and threshold_of(np.append(few, 0), level) == 0
    assert threshold_of(np.array([]), 0.9) == NEVER
    assert sets_of(np.array([[1.0, 0.0]]), np.array([NEVER, ALWAYS])).tolist() == [[False, True]]


def test_a_cluster_lends_one_face_to_each_category():
    category, clusters = np.array([0, 0, 0, 1, 1, 0]), np.array(["a", "a", "b", "a", "a", "c"])
    for seed in range(20):
        rows = one_a_cluster(category, clusters, seed)
        assert sorted(zip(category[rows], clusters[rows])) == [(0, "a"), (0, "b"), (0, "c"), (1, "a")]
    assert len({tuple(one_a_cluster(category, clusters, seed)) for seed in range(20)}) == 4


@pytest.mark.parametrize("kind, n, draws", [("apart", 60, 60), ("people", 300, 60), ("apart", 3000, 20)])
def test_promises_are_kept(kind, n, draws):
    """The fast part of benchmarks/conformal.py."""
    coverage, broken, _ = simulated(n, draws=draws, **KINDS[kind])
    held = np.nanmean(coverage, axis=0)
    assert (held > np.array(LEVELS)[:, None] - 0.02).all()
    room = 0.02 + (1 / 20 if n == 60 else 1 / 60 if n == 300 else 0)  # a threshold is one of so many scores
    assert (held < np.array(LEVELS)[:, None] + room).all()
    assert (broken[0] <= 0.05 * draws + 2).all()


def test_faces_of_a_person_counted_one_by_one_would_promise_too_much():
    """The opposite of the clusters above: who takes 8 faces of one person for independent is wrong far too often."""
    rng = np.random.default_rng(0)
    broken = {"people": 0, "faces": 0}
    for _ in range(200):
        sure = rng.random(40) < 0.88  # of 40 people, each always right or always wrong
        wrong, people = np.repeat(~sure, 8), np.repeat(np.arange(40), 8)
        for kind, clusters in (("people", people), ("faces", None)):
            broken[kind] += guaranteed_threshold(np.ones(320), wrong, 0.1, clusters=clusters) is not None
    assert broken["people"] <= 10 < 20 < broken["faces"]


# --- recipes ---------------------------------------------------------------------------------------


def test_a_model_answers_within_its_promise_and_says_unsure():
    model, evaluation = made_model(n=3000)
    right = evaluation.predicted == evaluation.target
    shares = []
    for risk in RISKS:
        answers = model.answers(evaluation.proba, risk=risk)
        given = answers != UNSURE
        assert (answers[given] == evaluation.predicted[given]).all()
        assert 0 < (~right[given]).mean() < risk
        assert model.recipe.refusal[f"{risk:g}"]["answered"] == pytest.approx(given.mean())
        assert given.mean() < (model.answers(evaluation.proba, risk=risk, guaranteed=False) != UNSURE).mean()
        shares.append(given.mean())
    assert shares == sorted(shares) and shares[0] > 0.05


def test_a_model_that_can_promise_nothing_is_always_unsure():
    model, evaluation = made_model(n=60, knows=False, error=0.6)
    assert model.recipe.refusal["0.05"]["threshold"] is None
    assert (model.answers(evaluation.proba, risk=0.05) == UNSURE).all()


def test_sets_hold_the_true_label_as_often_as_promised():
    model, evaluation = made_model(n=3000)
    rows, found = np.arange(3000), np.arange(3000) % 3 > 0
    for level in LEVELS:
        sets, both = (model.label_sets(evaluation.proba, level=level, found=one) for one in (None, found))
        for label in range(3):
            assert sets[rows, evaluation.target][evaluation.target == label].mean() == pytest.approx(level, abs=0.01)
        assert (both >= sets).all() and both.sum() > sets.sum()


def test_only_answers_of_the_cross_validation_are_learned_from():
    evaluation = held_out(made_evaluation(n=900), 300)
    kept = np.flatnonzero(evaluation.fold >= 0)
    known = {"clusters": np.arange(900), "found": np.arange(900) % 3 > 0}
    alone = doubts_of(evaluation.take(kept), **{name: values[kept] for name, values in known.items()})
    assert doubts_of(evaluation, **known) == alone
    # What lies in the test part, wrong throughout, changes nothing.
    strange = replace(evaluation, predicted=np.where(evaluation.fold < 0, -evaluation.target, evaluation.predicted))
    assert doubts_of(strange, **known) == alone


def test_faces_that_were_not_found_have_their_own_threshold():
    evaluation = made_evaluation(n=2000)
    found = np.arange(2000) % 3 > 0
    vague = np.where(found[:, None], evaluation.proba, 0.2 * evaluation.proba + 0.8 / 3)
    doubts = doubts_of(replace(evaluation, proba=vague), clusters=np.arange(2000), found=found)
    apart = [
        thresholds_of(vague[rows], evaluation.target[rows], 0 * rows[rows], 1, clusters=np.flatnonzero(rows), level=0.9)
        for rows in (found, ~found)
    ]
    assert doubts["sets"]["0.9"]["groups"] == [pytest.approx(one[0]) for one in apart] and apart[0] > apart[1] + 0.05
    sets = FaceModel(None, Recipe(labels=LABELS, **doubts)).label_sets(vague, level=0.9, found=found)
    held = sets[np.arange(2000), evaluation.target]
    assert held[~found].mean() >= 0.89 and held[found].mean() >= 0.89


def test_one_person_with_many_faces_does_not_set_the_sets():
    """30 people of whom the model is sure, and one with 300 faces that it does not know."""
    sure = np.repeat([0.9, 0.1], [30, 300])
    proba, target = np.stack([sure, 1 - sure], axis=1), np.zeros(330, dtype=int)
    category, known = np.zeros(330, dtype=int), {"level": 0.9}
    by_people = np.r_[np.arange(30), np.full(300, 30)]
    assert thresholds_of(proba, target, category, 1, clusters=by_people, **known) == pytest.approx([0.1])
    assert thresholds_of(proba, target, category, 1, clusters=np.arange(330), **known) == pytest.approx([0.9])


def test_a_bundle_keeps_what_a_model_knows_of_its_doubts(tmp_path):
    model, evaluation = made_model()
    again = load_model(save_model(tmp_path, model))
    assert again.recipe == model.recipe
    for ask in (FaceModel.answers, FaceModel.label_sets):
        assert (ask(again, evaluation.proba) == ask(model, evaluation.proba)).all()


def test_an_older_bundle_is_read_and_says_what_it_lacks(tmp_path):
    model, evaluation = made_model()
    document = {key: value for key, value in model.recipe.to_dict().items() if key not in ("refusal", "sets")}
    older = FaceModel(model.pipeline, Recipe.from_dict(document))
    again = load_model(save_model(tmp_path, older))
    for ask in (again.answers, again.label_sets):
        with pytest.raises(LineamentError, match="before models knew when not to answer. Train it again"):
            ask(evaluation.proba)


def test_another_risk_or_level_is_refused():
    model, evaluation = made_model()
    with pytest.raises(LineamentError, match="Unknown risk '0.07'.* Choose from 0.05, 0.1, 0.2"):
        model.answers(evaluation.proba, risk=0.07)
    with pytest.raises(LineamentError, match="Unknown level '0.99'.* Choose from 0.8, 0.9, 0.95"):
        model.label_sets(evaluation.proba, level=0.99)
