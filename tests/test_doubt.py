"""When a model should not answer: the tables, and the sentences that tell it."""

from dataclasses import replace

import numpy as np
import pytest
from doubting_models import held_out, made_evaluation

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
