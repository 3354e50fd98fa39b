"""When a model should not answer: thresholds that promise, sets that hold, and the sentences that tell it."""

from dataclasses import replace

import numpy as np
import pytest
from crepes import ConformalClassifier

from benchmarks.conformal import KINDS, simulated
from lineament.classifiers import Evaluation, FaceModel, Recipe
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
from lineament.classifiers.registry import make_classifier
from lineament.data import LineamentError
from lineament.data.duplicates import find_duplicates
from lineament.reports import figures
from lineament.reports.doubt import areas_table, curves_table, plans, refusals_table, share_interval
from lineament.reports.label_sets import sets_table
from lineament.reports.sections.doubt import (
    curves_picture,
    few_sentences,
    refusal_sentences,
    set_sentences,
    sorting_sentence,
)
from made_runs import LABELS, N, made_run

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


def made_evaluation(n=600, seed=0, knows=True, error=0.3):
    """Answers to n faces of three labels in five folds; where it does not know, confidence is noise."""
    rng = np.random.default_rng(seed)
    target, sure = rng.integers(0, 3, n), rng.uniform(0.4, 1, n)
    wrong = rng.random(n) < (3 * error * (1 - sure) ** 2 / 0.36 if knows else error)
    predicted = np.where(wrong, (target + rng.integers(1, 3, n)) % 3, target)
    proba = np.repeat((1 - sure)[:, None] / 2, 3, axis=1)
    proba[np.arange(n), predicted] = sure
    return Evaluation("svm", target, predicted, proba, np.arange(n) % 5, (), (1.0,) * 6, 1e-4)


def made_model(**known):
    evaluation = made_evaluation(**known)
    n = len(evaluation.target)
    doubts = doubts_of(evaluation, clusters=np.arange(n), found=np.arange(n) % 3 > 0)
    rng = np.random.default_rng(0)
    pipeline = make_classifier("lda").fit(rng.normal(size=(60, 4)), np.arange(60) % 3)
    return FaceModel(pipeline, Recipe(classifier="lda", labels=LABELS, families=("angles",), **doubts)), evaluation


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


# --- tables ----------------------------------------------------------------------------------------


def run_of(evaluation, *, groups=None, found=None):
    """A run whose model answered so; its pictures are those of a made run over and over."""
    run, n = made_run(split=False, n_models=1), len(evaluation.target)
    rows = np.arange(n) % N
    dataset = replace(run.dataset.take(rows), target=evaluation.target, keys=np.arange(n).astype(str), groups=groups)
    landmarks = run.landmarks.take(rows)
    landmarks = landmarks if found is None else replace(landmarks, found=found)
    table = replace(run.table, X=run.table.X[rows])
    return replace(
        run, dataset=dataset, landmarks=landmarks, duplicates=find_duplicates(np.arange(n).astype(str)), table=table,
        evaluations=(evaluation,),
    )  # fmt: skip


def held_out(evaluation, n_test):
    """The evaluation with its last faces held out."""
    fold = evaluation.fold.copy()
    fold[-n_test:] = -1
    return replace(evaluation, fold=fold)


def test_no_face_judges_the_threshold_that_it_chose():
    for evaluation in (made_evaluation(), held_out(made_evaluation(), 200)):
        measured = np.zeros(600, dtype=int)
        for learned, scored in plans(run_of(evaluation)):
            assert not (learned & scored).any() and learned.any()
            measured += scored
        assert (measured[evaluation.fold == -1] == 1).all() if (evaluation.fold == -1).any() else (measured == 1).all()


def test_a_lucky_fold_does_not_set_its_own_threshold():
    """Where one fold alone is always right, the other four choose for it and it is not answered without bound."""
    evaluation = made_evaluation(knows=False, error=0.6)
    lucky = evaluation.fold == 0
    predicted = np.where(lucky, evaluation.target, evaluation.predicted)
    table = refusals_table(run_of(replace(evaluation, predicted=predicted)))
    assert table.query("kind == 'guaranteed' and risk < .2")["n"].max() <= 480


def test_intervals_of_shares_know_clusters():
    hit = np.arange(400) % 4 == 0
    alone, by_four, by_forty = (
        share_interval(np.repeat(np.arange(400 // size) % 4 == 0, size), np.repeat(np.arange(400 // size), size))
        for size in (1, 4, 40)
    )
    widths = [high - low for low, high in (alone, by_four, by_forty)]
    assert widths[0] < 0.1 < 1.6 * widths[0] < widths[1] < widths[2]
    assert share_interval(hit, np.arange(400)) == pytest.approx(alone)
    assert share_interval(np.zeros(20, dtype=bool), np.arange(20))[0] == 0 < share_interval(np.ones(9), np.arange(9))[0]
    assert all(np.isnan(share_interval(np.array([]), np.array([]))))


def test_intervals_of_shares_cover():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(600):
        chance = rng.beta(4, 4, 40)  # people differ
        people = np.repeat(np.arange(40), 6)
        low, high = share_interval(rng.random(240) < chance[people], people)
        covered.append(low <= 0.5 <= high)
    assert 0.93 <= np.mean(covered) <= 0.975


def test_tables_agree_with_what_they_are_made_of():
    evaluation = held_out(made_evaluation(n=3000), 500)
    run = run_of(evaluation)
    curve, area, refusals = curves_table(run), areas_table(run).iloc[0], refusals_table(run)
    test = evaluation.fold == -1
    wrong = (evaluation.predicted != evaluation.target)[test]
    assert curve["coverage"].iloc[-1] == 1 and curve["risk"].iloc[-1] == pytest.approx(wrong.mean()) == area["error"]
    assert ((curve["low"] <= curve["risk"]) & (curve["risk"] <= curve["high"])).all() and len(curve) == 100
    assert area["least"] < area["low"] < area["aurc"] < area["high"] < area["error"]
    for row in refusals.itertuples():
        given = test & (evaluation.proba.max(axis=1) >= row.threshold)
        assert row.n == given.sum() > 0
        assert row.measured == pytest.approx((evaluation.predicted != evaluation.target)[given].mean())


def test_sets_are_counted_by_label_and_by_what_was_found():
    table = sets_table(run_of(made_evaluation(n=1500), found=np.arange(1500) % 3 > 0))
    by_label = table.query("by == 'label' and level == 0.9").set_index("group")
    assert set(by_label.index) == {"all", *LABELS, "face found", "face not found"}
    assert by_label.loc[list(LABELS), "coverage"].between(0.86, 0.94).all() and not table["short"].any()
    assert by_label.loc["all", "n_learned"] == by_label.loc[list(LABELS), "n_learned"].sum()
    assert set(table.query("by == 'detector'")["group"]) == {"all", "face found", "face not found"}


# --- sentences, and their opposites ----------------------------------------------------------------


def told(evaluation, **known):
    run = run_of(evaluation, **known)
    return run, {
        "aurc": areas_table(run), "refusals": refusals_table(run), "risk_coverage": curves_table(run),
        "label_sets": sets_table(run),
    }  # fmt: skip


def test_whether_sorting_helps_is_told():
    sentence = {
        name: sorting_sentence(told(evaluation)[1], "svm")
        for name, evaluation in {
            "knows": made_evaluation(),
            "noise": made_evaluation(knows=False),
            "worse": reversed_confidence(made_evaluation(n=2000)),
            "right": made_evaluation(error=0.0),
        }.items()
    }
    assert "Sorting by confidence helps" in sentence["knows"] and "the half that svm is surest of" in sentence["knows"]
    assert "Sorting by confidence does not help here" in sentence["noise"]
    assert "Sorting by confidence does harm here" in sentence["worse"]
    assert "made no error" in sentence["right"]


def reversed_confidence(evaluation):
    """The surest answers as the least sure ones."""
    sure = 1.4 - evaluation.proba.max(axis=1)
    proba = np.repeat((1 - sure)[:, None] / 2, 3, axis=1)
    proba[np.arange(len(sure)), evaluation.predicted] = sure
    return replace(evaluation, proba=proba)


def test_what_can_be_promised_is_told():
    _, tables = told(made_evaluation(n=3000))
    sentences = " ".join(refusal_sentences(tables["refusals"], "svm"))
    assert "promised risk of 5\u202f% it answers" in sentences and "No share" not in sentences
    _, tables = told(made_evaluation(n=100))
    sentences = " ".join(refusal_sentences(tables["refusals"], "svm"))
    assert "No share of the faces can be answered at a promised risk of 5\u202f%" in sentences
    assert "these are too few, or show too few people, to promise it" in sentences
    _, tables = told(made_evaluation(knows=False, error=0.7))
    (sentence,) = refusal_sentences(tables["refusals"], "svm")
    assert "5\u202f%, 10\u202f% or 20\u202f%" in sentence and "Not even the surest" in sentence


def test_a_broken_promise_is_told():
    """Faces of the test part on which the model is far worse than in cross-validation."""
    evaluation = held_out(made_evaluation(n=3000), 1000)
    _, tables = told(evaluation)
    assert "more than was promised" not in " ".join(refusal_sentences(tables["refusals"], "svm"))
    run, tables = told(evaluation)
    assert "No promise is seen to be broken" in " ".join(set_sentences(tables["label_sets"], "svm"))
    test = evaluation.fold == -1
    target = np.where(test, (evaluation.target + 1) % 3, evaluation.target)
    _, tables = told(replace(evaluation, target=target))
    assert "That is more than was promised" in " ".join(refusal_sentences(tables["refusals"], "svm"))
    sentences = " ".join(set_sentences(tables["label_sets"], "svm"))
    assert "missed by more than chance for all faces at 80\u202f%" in sentences and "No promise" not in sentences


def test_a_curve_of_few_faces_is_not_drawn():
    assert curves_picture(told(made_evaluation(n=20))[1], "svm") is None
    picture = curves_picture(told(made_evaluation(n=3000))[1], "svm")
    assert "of the faces at 5\u202f%" in picture.alt and figures.png(picture.display, figures.LIGHT)
    assert picture.display.frame()["coverage"].max() == 1


def test_too_few_faces_of_a_label_are_told():
    evaluation = made_evaluation()
    run, tables = told(evaluation)
    assert few_sentences(run, tables["label_sets"], "svm") == []
    rare = (evaluation.target == 2) & (np.cumsum(evaluation.target == 2) > 12)
    kept = np.flatnonzero(~rare)
    run, tables = told(evaluation.take(kept))
    at_90, at_95 = few_sentences(run, tables["label_sets"], "svm")[-2:]
    assert "takes 9 independent faces" in at_90 or "takes 19" in at_95
    assert "takes 19 independent faces of a label" in at_95 and "“sad”" in at_95 and "every set holds it" in at_95
