"""What single sections claim, from the explanation to runs beside each other: each sentence meets its opposite."""

from dataclasses import replace

import numpy as np
import pytest
from claim_runs import answering, plain, text_of, with_groups

from lineament.classifiers import HELD_OUT
from lineament.classifiers.ablation import OWN, Ablated, Stability
from lineament.classifiers.clusters import Cluster
from lineament.classifiers.explanation import Explanation, FaceExplained, Importance, Move
from lineament.reports import portraits, tables_of
from lineament.reports.comparison import compare
from lineament.reports.comparison_page import comparison_page, sentences
from lineament.reports.doubt import refusals_table, share_interval
from lineament.reports.markdown import markdown
from lineament.reports.matrix import Transfer, _synthetic, _what_was_scored
from lineament.reports.sections import (
    card,
    cost,
    data,
    doubt,
    explanation,
    faces,
    families,
    features,
    growth,
    leakage,
    protocol,
)
from lineament.reports.slices import slices_of
from lineament.reports.uncertainty import NO_DIFFERENCE, score_intervals
from made_runs import N, made_audit, with_excerpt

# --- what the answers rest on ----------------------------------------------------------------------


def made_explanation(drops=(0.2, 0.1), low=0.05, single=0.02, n_train=32, n_folds=3, moves=(), flips=(None, None)):
    """An explanation of two clusters with these losses."""
    clusters = (Cluster("dist_mouth_width", ("dist_mouth_width", "dist_mouth_height"), (1.0, 0.9)),
                Cluster("dist_nose_length", ("dist_nose_length",), (1.0,)))  # fmt: skip
    related = tuple(
        Importance(one.name, len(one.members), (drop,), low, drop + 0.1) for one, drop in zip(clusters, drops)
    )
    face = FaceExplained(0, 0, 0.8, moves, *flips)
    return Explanation(
        "svm", n_train, n_folds, np.arange(12), 0.6, 20, clusters,
        (Importance("dist_mouth_width", 1, (single,), 0, 1),), related, (), (), (), (), (face,) if moves else (), 1.0,
    )  # fmt: skip


def missed(**made):
    run = replace(plain(), explanation=made_explanation(**made))
    return " ".join(explanation.most_missed(run, tables_of(run)["importance"]))


def test_a_loss_is_claimed_only_where_something_is_lost():
    lost = missed()
    assert "hurt most by shuffling mouth width (distance) and the 1 that go with it: \u221220.0 points" in lost
    assert "the single measurement that is missed most costs 2.0" in lost
    nothing = missed(drops=(-0.01, -0.02), low=-0.1, single=-0.01)
    assert "nothing is lost even there" in nothing and "no single measurement is missed" in nothing
    assert "points" not in nothing


def test_clusters_that_are_missed_are_counted_beside_what_chance_gives():
    assert "For 2 of the 2 clusters the interval of the loss lies above zero; by chance alone" in missed()
    none = missed(low=-0.1)
    assert "For none of the 2 clusters" in none and "by chance" not in none


def test_a_part_of_the_faces_is_said_to_be_one():
    for n_train, drawn in ((32, False), (10, True)):
        run = replace(plain(), explanation=made_explanation(n_train=n_train))
        assert ("That is a part of them" in " ".join(explanation.asked(run))) == drawn
    alone = replace(plain(), explanation=made_explanation(n_folds=1))
    assert "pictures of one fold" in explanation.asked(alone)[0]
    assert "each of 3 folds" in explanation.asked(replace(plain(), explanation=made_explanation()))[0]


def portrait(value=1.0, predicted=0, flips=(None, None)):
    run = replace(
        plain(), explanation=made_explanation(moves=(Move("dist_mouth_width", value, 0.5, 0.3),), flips=flips)
    )
    face = replace(run.explanation.faces[0], predicted=predicted)
    run = with_excerpt(replace(run, explanation=replace(run.explanation, faces=(face,)), excerpt=None))
    ((example, (note,), words),) = portraits.portraits(run)
    return example.caption, note.text, words


def test_a_face_is_named_rightly_or_taken_for_another():
    assert portrait()[0].startswith("angry, rightly:") and portrait(predicted=2)[0].startswith("angry, taken for sad:")


@pytest.mark.parametrize("value, side", [(1.0, "above"), (0.1, "below"), (0.5, "at")])
def test_a_measurement_lies_on_its_side_of_the_median(value, side):
    assert f", {side} the median" in portrait(value)[1]


def test_what_would_change_an_answer_is_told():
    assert portrait()[2] == "With all that speak for it at the median it would still say so."
    assert portrait(flips=(1, 2))[2] == "With the strongest at the median it would say sad."
    assert "the 3 strongest" in portrait(flips=(3, 2))[2]


def test_families_are_spoken_of_where_they_were_asked():
    kinds = (Ablated("all", "", 20, (0.5, 0.6)), Ablated("alone", "distances", 10, (0.4, 0.5)))
    counts = tuple(Stability("anova", kept, 2, 0.5, (0.4, 0.5)) for kept in (2.0, 5.0))
    said = []
    for ablation, stability in ((kinds, counts), ((), counts), (kinds, ())):
        told = replace(made_explanation(), ablation=ablation, stability=stability)
        run = replace(plain(), explanation=told)
        said.append(next(families.content(run, tables_of(run))).text)
    assert "Families" in said[0] and "best few" in said[0]
    assert "Families" not in said[1] and "best few" not in said[2]


def test_what_the_selector_kept_is_told_where_there_was_one():
    def said(selector, stability):
        run = replace(plain(), protocol=replace(plain().protocol, selector=selector))
        run = replace(run, explanation=replace(made_explanation(), stability=stability))
        return " ".join(families.how_stable(run, tables_of(run)["stability"]))

    own = Stability(OWN, 30.0, 12, 0.8)
    assert "anova, kept 30 a fold, 12 of them in every fold: stability 0.80" in said("anova", (own,))
    assert "kept all of them" in said("none", ()) and "kept all of them" not in said("anova", (own,))


def test_a_drawn_part_and_principal_components_are_told(monkeypatch):
    narrow, wide = (replace(made_explanation(), ablation=(Ablated("all", "", n, (0.5,)),)) for n in (20, 5000))
    said = [families.how_ablated(replace(plain(), explanation=one)) for one in (narrow, wide)]
    assert "principal components" not in said[0] and "principal components" in said[1]
    assert "were drawn" not in said[0]
    monkeypatch.setattr(families, "MOST_ROWS", 10)
    drawn = families.how_ablated(replace(plain(), explanation=narrow))
    assert "10 of the training pictures were drawn for it" in drawn


def test_what_models_saw_follows_the_selector():
    def said(run, selector="anova"):
        run = replace(run, protocol=replace(run.protocol, selector=selector))
        return " ".join(features.selection_sentences(run, tables_of(run)["selected"]))

    none = replace(plain(), evaluations=tuple(replace(one, selected=()) for one in plain().evaluations))
    mixed = tuple(replace(one, selected=(("pca0", "pca1"),) * 3) for one in plain().evaluations)
    assert "each sees the picture itself" in said(none) and "each sees" not in said(plain())
    assert "models saw all of them" in said(plain(), "none") and "saw all" not in said(plain())
    assert "It makes components" in said(replace(plain(), evaluations=mixed)) and "components" not in said(plain())
    assert "30 features were kept in every fold" in said(plain())


# --- growth, the audit -----------------------------------------------------------------------------


def test_a_learning_curve_is_described_where_there_is_one():
    run = plain(audited=True)
    short = replace(run, audit=replace(run.audit, learning=run.audit.learning[-1:]))
    said = [next(growth.content(one, tables_of(one))).text for one in (run, short, with_groups(short, 6))]
    assert "Each point of the learning curve" in said[0] and "Each point" not in said[1]
    assert "too few different pictures" in said[1] and "too few subjects" in said[2]
    drawn = next(growth.content(with_groups(run, 6), tables_of(run))).text
    assert "whole subjects at a time" in drawn and "at random" in said[0]


def test_the_audit_says_how_many_pictures_it_saw():
    run = plain(audited=True)
    audit = replace(run.audit, rows=np.arange(N))
    assert leakage.audited_pictures(run) == f"35 of the {N} pictures"
    assert leakage.audited_pictures(replace(run, audit=audit)) == f"all {N} pictures"
    split = plain(split=True, audited=True)
    assert leakage.audited_pictures(split) == "all 35 training pictures"


def test_the_audit_says_where_it_takes_another_model_than_the_first():
    first = answering(plain(audited=True), 0.9, 0.4)
    second = answering(plain(audited=True), 0.4, 0.9)
    assert leakage.audited_model(first, tables_of(first)) == "svm"
    assert leakage.audited_model(second, tables_of(second)) == "svm, not forest,"


def test_an_audit_that_was_not_made_is_told():
    for run, told in ((plain(), True), (plain(audited=True), False)):
        assert ("was not asked in this run" in text_of(leakage.content(run, tables_of(run)))) == told


def test_the_choice_of_folds_is_said_to_move_the_mean_where_it_does():
    run = plain(audited=True)
    level = replace(run, audit=replace(made_audit(), repeats=np.tile([0.4, 0.5, 0.6], (3, 1))))
    moved, still = map(leakage.refolding_sentence, (run, level))
    assert "moved the mean between" in moved and "did not move the mean" in still and "moved" not in still


# --- pictures, faces, cost, protocol, card ----------------------------------------------------------


def test_subjects_are_counted_where_they_are_known():
    said = [" ".join(data.data_sentences(run)) for run in (plain(), with_groups(plain(), 5), with_groups(plain(), 1))]
    assert "Who is shown is not known." in said[0] and "show 5 subjects." in said[1] and "one subject" in said[2]
    assert "not known" not in said[1]
    assert card.pictures_and_people(plain()).endswith("an unknown number of subjects.")
    assert card.pictures_and_people(with_groups(plain(), 5)).endswith("5 subjects.")


def test_missed_and_unreadable_pictures_are_told():
    def said(n_missed, n_unreadable=0):
        problems = ("broken",) * n_unreadable + ("",) * (N - n_unreadable)
        landmarks = replace(plain().landmarks, found=np.arange(N) >= n_missed, problems=problems)
        return " ".join(faces.found_sentences(replace(plain(), landmarks=landmarks)))

    assert "flatter" not in said(0) and "The other one stays" in said(1) and "The other 4 stay" in said(4, 2)
    assert "could not be read" not in said(1) and "1 picture could" in said(1, 1) and "2 pictures could" in said(4, 2)


def test_examples_are_ordered_by_score_only_where_there_is_one():
    run = plain()
    unscored = replace(run, landmarks=replace(run.landmarks, score=np.full(N, np.nan)))
    for one, ordered in ((run, True), (unscored, False)):
        assert ("the detector was sure of" in text_of(faces.content(one, tables_of(one)))) == ordered


def test_the_cost_of_landmarks_is_told_where_it_was_measured():
    said = [" ".join(cost.cost_sentences(replace(plain(), landmark_seconds=s, peak_memory=m)))
            for s, m in ((None, None), (0.0203, 5 * 10**8))]  # fmt: skip
    assert "not measured" in said[0] and "memory" not in said[0]
    assert "took 20.3\u202fms on one core" in said[1] and "not measured" not in said[1] and "500.0\u202fMB" in said[1]


def test_tuning_is_told_where_there_was_some():
    assert "none was tuned on these pictures" in protocol.tuning_rule("none")
    assert "searched by successive halving (--tune small" in protocol.tuning_rule("small")


def test_rules_name_what_was_kept_together():
    kept = replace(plain(), protocol=replace(plain().protocol, grouped_by="subjects", reference="Faces less neutral."))
    assert "side of every fold: subjects." in protocol.rules(kept)[1] and "Faces less neutral." in protocol.rules(kept)
    assert "side of every fold: identical pictures." in protocol.rules(plain())[1]
    assert "Kept on one side of every fold: subjects." in card.protocol(kept)


def test_limits_that_no_run_has_are_not_listed():
    found = replace(plain().landmarks, found=np.ones(N, dtype=bool))
    without = with_groups(replace(plain(), landmarks=found), N)
    assert card.NO_LIMIT in text_of(card.content(without, tables_of(without)))
    assert card.NO_LIMIT not in text_of(card.content(plain(), tables_of(plain())))
    assert card.left_out(plain()) == [] and "1 training picture was left out" in card.left_out(plain(split=True))[0]


def test_a_licence_is_known_or_not():
    known = replace(plain(), dataset=replace(plain().dataset, name="jaffe"))
    assert "is not known to Lineament" in card.licence(plain()) and card.licence(known).startswith("Pictures: ")


# --- parts, doubts ---------------------------------------------------------------------------------


def test_a_third_is_called_so_where_it_is_one():
    values = {"even": np.arange(N) + 1.0, "ties": np.where(np.arange(N) < 30, 30.0, np.arange(N) + 1.0)}
    run = replace(plain(), excerpt=replace(plain().excerpt, conditions=values))
    words = [(name, part) for name, part, *_ in slices_of(run)]
    assert ("even", "lowest third, 1.0 to 17.0") in words
    tied = [part for name, part in words if name == "ties"]
    assert tied[0] == "lowest, 30" and tied[1].startswith("middle, ") and tied[2].startswith("highest third, ")


def test_few_clusters_break_no_promise():
    """One person gives all answers: how often they are wrong says nothing of a promise."""
    rows = {"model": "svm", "risk": 0.05, "kind": "guaranteed", "answered": 0.5, "n": 20, "measured": 0.5}
    for low, high, said in ((0.3, 0.7, True), (0.01, 0.7, False), (np.nan, np.nan, False)):
        frame = refusals_table(plain(n_models=1)).head(1).assign(**rows, low=low, high=high)
        (sentence,) = doubt.refusal_sentences(frame, "svm")
        assert ("more than was promised" in sentence) == said and "nan" not in sentence and "–" not in sentence


def test_a_model_that_is_always_wrong_has_no_order():
    for share, said in ((0.0, "always wrong here"), (1.0, "made no error here")):
        run = answering(plain(n_models=1), share)
        assert said in doubt.sorting_sentence(tables_of(run), "svm")


def test_where_thresholds_were_learned_is_told():
    assert "answers to the other folds" in doubt._learned(plain())
    assert "measured on the test part, apart from it" in doubt._learned(plain(split=True))


def test_risks_have_the_intervals_of_scores():
    rng = np.random.default_rng(0)
    target, predicted, units = rng.integers(0, 3, 90), rng.integers(0, 3, 90), np.arange(90) // 3
    scores = score_intervals(target, predicted, 3, units).query("metric == 'accuracy'").iloc[0]
    assert share_interval(predicted == target, units) == (scores["low"], scores["high"])
    assert np.isnan(share_interval(predicted == target, np.arange(90) % 4)).all()


# --- runs and datasets beside each other -----------------------------------------------------------


def test_a_run_is_called_better_worse_or_neither():
    low, high = answering(plain(), 0.2, 0.2), answering(plain(), 0.95, 0.95)
    assert any("svm: +75.0 points" in one and ", better (p" in one for one in sentences(compare({"a": low, "b": high})))
    assert any(", worse (p" in one for one in sentences(compare({"a": high, "b": low})))
    assert all(f", {NO_DIFFERENCE} (p" in one for one in sentences(compare({"a": low, "b": low}))[1:])


def test_runs_without_a_model_in_common_are_not_compared():
    other = replace(plain(n_models=1), evaluations=(replace(plain().evaluations[1], name="knn"),))
    assert "nothing can be compared" in sentences(compare({"a": plain(n_models=1), "b": other}))[0]
    assert "nothing can be compared" not in " ".join(sentences(compare({"a": plain(), "b": plain()})))


def test_models_over_datasets_differ_only_where_ranks_show_it():
    def over(*shares):
        run = answering(plain(n_models=3), *shares)
        return {str(place): replace(run, dataset=replace(run.dataset, name=str(place))) for place in range(5)}

    assert "Over 5 datasets: the models differ" in sentences(compare(over(0.9, 0.5, 0.2)))[-1]
    assert f"Over 5 datasets: {NO_DIFFERENCE} among the models" in sentences(compare(over(0.5, 0.5, 0.5)))[-1]
    assert "datasets:" not in " ".join(sentences(compare({"a": plain(), "b": plain()})))


def test_settings_are_shown_where_they_differ():
    other = replace(plain(), config={**plain().config, "cv": 10})
    assert "Settings in which the runs differ" in markdown(comparison_page(compare({"a": plain(), "b": other})))
    assert "Settings in which the runs differ" not in markdown(comparison_page(compare({"a": plain(), "b": plain()})))


def test_what_is_said_of_copies_between_datasets_follows_the_search(tmp_path):
    run = plain(split=True)
    held_out = run.evaluations[0].fold == HELD_OUT
    known = {"none": held_out, "all": np.zeros(N, dtype=bool), "some": held_out & (np.arange(N) > 40), "unknown": None}
    said = {
        name: _what_was_scored(
            Transfer(run.dataset, run.dataset, run.landmarks.found, run.evaluations, tmp_path, clean)
        )
        for name, clean in known.items()
    }
    assert "No near copy of a training picture lies there." in said["none"] and "All have a copy" in said["all"]
    assert "without a copy in training: svm" in said["some"] and "were not looked for" in said["unknown"]
    folds = Transfer(plain().dataset, plain().dataset, plain().landmarks.found, plain().evaluations, tmp_path)
    assert "copy" not in _what_was_scored(folds) and "cross-validation" in _what_was_scored(folds)
    synthetic = replace(run.dataset, synthetic=True)
    assert _synthetic([Transfer(synthetic, run.dataset, run.landmarks.found, run.evaluations, tmp_path)])
    assert not _synthetic([folds])
