"""What the page claims of a run: each test builds the opposite situation and sees the sentence change.

Claims of intervals, slices, doubts, copies, labels and the audit have their tests beside those of their numbers.
"""

from collections import ChainMap
from dataclasses import replace

import numpy as np
import pytest
from claim_runs import answering, plain, text_of, with_groups

from lineament.classifiers import UNUSED
from lineament.data.duplicates import find_duplicates
from lineament.reports import tables_of
from lineament.reports.baselines import BASELINE
from lineament.reports.blocks import Notice, Terms
from lineament.reports.formats import THIN
from lineament.reports.narrative import (
    FEW_SUBJECTS,
    against_baseline,
    facts,
    lead,
    limits,
    repeated_pictures,
    rest_of_ranking,
    warnings,
)
from lineament.reports.page import page_of
from lineament.reports.run import Failure
from lineament.reports.sections import (
    card,
    certainty,
    data,
    leakage,
    models,
    protocol,
    ranking,
)
from lineament.reports.uncertainty import NO_DIFFERENCE, pairs_table
from made_runs import N, relabelled

# --- the head and the ranking ----------------------------------------------------------------------


def test_the_model_that_is_right_more_often_came_first():
    for shares, first, second in (((0.9, 0.4), "svm", "forest"), ((0.4, 0.9), "forest", "svm")):
        run = answering(plain(), *shares)
        tables = tables_of(run)
        assert f"folds {first} came first: it named" in lead(run, tables)[1]
        assert f"accuracy of {first}, the first," in facts(run, tables)[0][1]
        assert rest_of_ranking(run, tables)[0].startswith(f"{second} came second")
        assert card.purpose(run, first).count("the first of 2 in this run") == 1


def test_a_model_alone_came_first_of_nothing():
    run = plain(n_models=1)
    tables = tables_of(run)
    assert "came first" not in " ".join(lead(run, tables)) and "first" not in facts(run, tables)[0][1]
    assert not rest_of_ranking(run, tables) and "first" not in card.purpose(run, "svm")


def test_level_models_are_level_and_others_so_many_points_behind():
    level, apart = answering(plain(), 0.6, 0.6), answering(plain(), 0.95, 0.2)
    assert "came second, level with it: no difference shown" in rest_of_ranking(level, tables_of(level))[0]
    (sentence,) = rest_of_ranking(apart, tables_of(apart))
    assert "points behind; the folds show the difference (p" in sentence and "level" not in sentence


def test_a_small_difference_that_is_shown_is_not_called_level():
    run = answering(plain(), 0.6, 0.6)
    tables = tables_of(run)
    cv = tables["cv"].copy()
    cv.loc[(cv["model"] == "svm") & (cv["metric"] == "accuracy"), "value"] += 0.0003
    shown = tables["pairs"].assign(verdict="svm is better", p_folds_holm=0.001)
    (sentence,) = rest_of_ranking(run, ChainMap({"cv": cv, "pairs": shown}, tables))
    assert "less than 0.1 points behind; the folds show" in sentence and "level" not in sentence


def test_folds_that_lean_to_the_second_do_not_show_the_first_better():
    run = answering(plain(), 0.95, 0.2)
    tables = tables_of(run)
    assert tables["pairs"]["verdict"].tolist() == ["svm is better"]
    folds = tables["folds"].copy()
    folds.loc[folds["model"] == "svm", "accuracy"] = [0.1, 0.11, 0.1]
    folds.loc[folds["model"] == "forest", "accuracy"] = [0.9, 0.91, 0.92]
    assert pairs_table(run, folds)["verdict"].tolist() == [NO_DIFFERENCE]


def test_friedmans_verdict_follows_the_ranks():
    ranks = tables_of(plain(n_models=3))["ranks"]
    said = [ranking.rank_sentence(ranks.assign(friedman_p=p)) for p in (0.01, 0.4)]
    assert "the models differ (p = 0.010)" in said[0] and NO_DIFFERENCE not in said[0]
    assert f"{NO_DIFFERENCE} among them (p = 0.400)" in said[1] and "differ (" not in said[1]


def test_the_fold_of_pairs_counts_the_differences_that_are_shown():
    hints = {}
    for name, run in (("apart", answering(plain(), 0.95, 0.2)), ("level", answering(plain(), 0.6, 0.6))):
        hints[name] = ranking.pairs_fold(run, tables_of(run)).hint
    assert hints == {"apart": "a difference shown in 1 of 1 pairs", "level": "a difference shown in 0 of 1 pairs"}


def test_a_held_out_part_is_spoken_of_where_there_is_one():
    split, whole = plain(split=True), plain()
    assert "On the test part, 12 pictures that took no part" in " ".join(rest_of_ranking(split, tables_of(split)))
    assert "part" not in " ".join(rest_of_ranking(whole, tables_of(whole)))
    said = [text_of(list(models.content(run, tables_of(run)))[:1]) for run in (split, whole)]
    assert "Scores of the test part" in said[0] and "There is no held-out part" in said[1]
    assert "every score comes from cross-validation" in " ".join(data.data_sentences(whole))
    assert "every score comes from cross-validation" not in " ".join(data.data_sentences(split))
    assert "the ranking is the cross-validation's" in " ".join(protocol.rules(split))
    assert "the ranking is the cross-validation's" not in " ".join(protocol.rules(whole))


# --- against no model ------------------------------------------------------------------------------


def test_a_model_is_better_than_none_only_where_that_is_shown():
    better, blind = answering(plain(), 0.9, 0.5), answering(plain(), 0.4, 0.3)
    said = [against_baseline(run, tables_of(run)) for run in (better, blind)]
    assert "svm gains" in said[0] and "not clearly better" not in said[0]
    assert said[1].startswith("svm is not clearly better than no model at all: always answering")
    few = with_groups(better, 4)  # the same answers, of four people
    assert "not clearly better" in against_baseline(few, tables_of(few))


def test_of_several_models_the_gain_holds_for_all_at_once():
    one = answering(plain(n_models=1), 0.9)
    three = answering(plain(n_models=3), 0.9, 0.5, 0.5)
    said = [against_baseline(run, tables_of(run)) for run in (one, three)]
    assert "at once" not in said[0] and "holds for all 3 models at once" in said[1]
    bounds = [sentence.split("former (+")[1].split(" ")[0] for sentence in said]
    assert float(bounds[1]) < float(bounds[0])


def test_how_frequent_the_baselines_label_is_follows_the_counts():
    often = relabelled(plain(), np.where(np.arange(N) % 4 < 2, 1, np.arange(N) % 3), ("a", "b", "c"))
    rules = np.arange(N) % 3
    balanced = relabelled(plain(), rules, ("a", "b", "c"))
    fold = np.where(np.arange(N) < 6, 0, np.where(np.arange(N) % 2, 1, 2))
    fold[:6:3] = 1  # fold 0 holds none of label a, so the others hold more of it than of b and c
    uneven = replace(balanced, evaluations=tuple(replace(one, fold=fold) for one in balanced.evaluations))
    said = [against_baseline(run, tables_of(run)) for run in (often, balanced, uneven)]
    assert "“b” (the most frequent label)" in said[0] and "“a” (as frequent a label as any)" in said[1]
    assert "the label that is most frequent in training is right" in said[2] and "“" not in said[2]
    assert "for always answering “b”" in facts(often, tables_of(often))[-2][1]
    assert "the label that is most frequent in training" in facts(uneven, tables_of(uneven))[-2][1]


def test_the_most_frequent_label_is_that_of_the_training_part():
    target = np.where(np.arange(N) < 36, np.where(np.arange(N) % 3 == 0, 1, 0), 1)
    run = relabelled(plain(split=True), target, ("few", "many"))
    assert np.bincount(target).argmax() == 0 and np.bincount(target[36:], minlength=2).argmax() == 1
    assert "“few” (the most frequent label)" in against_baseline(run, tables_of(run))
    turned = relabelled(run, 1 - np.where(np.arange(N) < 36, target, 1 - target), ("few", "many"))
    assert "“many” (the most frequent label)" in against_baseline(turned, tables_of(turned))


def test_what_hangs_on_no_picture_has_no_interval():
    cv = tables_of(plain())["cv"].set_index(["model", "metric"])
    assert np.isnan(cv.loc[(BASELINE, "recall_macro"), "low"]) and np.isfinite(cv.loc[(BASELINE, "accuracy"), "low"])
    assert np.isfinite(cv.loc[("svm", "recall_macro"), "low"])


# --- what must be known first, and limits ----------------------------------------------------------


@pytest.mark.parametrize("reason", ["ValueError: planted", "too few pictures."])
def test_a_failure_is_told_with_one_full_stop(reason):
    run = replace(plain(), failures=(Failure("audit", reason),))
    (said,) = warnings(run)
    assert said.startswith(f"The audit is missing: {reason.rstrip('.')}. All else") and ".." not in said
    page, _ = page_of(plain(), tables_of(plain()), ())
    (notice,) = [block for block in page.with_failures(run.failures).head if isinstance(block, Notice)]
    assert notice.text == said
    assert warnings(plain()) == []


@pytest.mark.parametrize("n, few", [(1, "Only 1 subject:"), (FEW_SUBJECTS - 1, "Only 29 subjects:"), (30, "")])
def test_few_subjects_are_told(n, few):
    said = " ".join(limits(with_groups(plain(), n)))
    assert (few in said) if few else ("Only" not in said)
    assert "Who is shown is not known" not in said and "Who is shown is not known" in " ".join(limits(plain()))


def test_missed_faces_are_counted():
    found = np.ones(N, dtype=bool)
    runs = [replace(plain(), landmarks=replace(plain().landmarks, found=one)) for one in (found, ~found)]
    some = replace(plain(), landmarks=replace(plain().landmarks, found=np.arange(N) > 2))
    said = [" ".join(limits(run)) for run in (*runs, some)]
    assert "face" not in said[0] and "saw no face at all" in said[1] and "in 3 of the pictures (6.2" in said[2]
    assert warnings(runs[0]) == [] and "No face was found" in warnings(runs[1])[0] and warnings(some) == []


def test_a_label_that_a_part_lacks_is_named():
    target = np.where((np.arange(N) >= 36) & (np.arange(N) % 3 == 2), 0, np.arange(N) % 3)
    lacking = relabelled(plain(split=True), target, ("a", "b", "c"))
    assert "No picture of the test part bears: c." in limits(lacking)
    assert "The test part holds no picture of: c." in warnings(lacking)
    whole = plain(split=True)
    assert not any("part" in sentence for sentence in [*limits(whole), *warnings(whole)][1:])


def test_a_label_alone_leaves_nothing_to_tell_apart():
    alone = relabelled(plain(), np.zeros(N, dtype=int), ("a",))
    assert "nothing to tell apart" in limits(alone)[0] and "nothing to tell apart" in warnings(alone)[0]
    assert "nothing to tell apart" in lead(alone, tables_of(alone))[0]
    assert not any(
        "tell apart" in one for one in [*limits(plain()), *warnings(plain()), *lead(plain(), tables_of(plain()))]
    )
    assert not list(leakage.doubts(alone, tables_of(alone)))[0].startswith("Always")


def test_training_pictures_of_the_held_out_part_are_counted():
    def said(digests=None, near=None):
        digests = np.arange(N).astype(str) if digests is None else digests
        return " ".join(repeated_pictures(replace(plain(split=True), duplicates=find_duplicates(digests, near))))

    digests = np.arange(N).astype(str)
    digests[40] = digests[3]
    assert "1 training picture lies in a held-out part too; 1 left out of training" in said(digests)
    assert "nearly" not in said(digests).split("repeats")[0]
    near = said(near=np.array([[0, 40], [1, 41]]))
    assert "2 training pictures nearly lie in a held-out part too" in near and "may be remembered" in near
    assert "held-out" not in " ".join(repeated_pictures(plain()))


def test_no_training_picture_in_the_held_out_part_is_said_so():
    run = plain(split=True)
    fold = run.evaluations[0].fold.copy()
    fold[fold == UNUSED] = 0
    run = replace(run, evaluations=tuple(replace(one, fold=fold) for one in run.evaluations))
    said = " ".join(repeated_pictures(run))
    assert "No training picture lies exactly so in a held-out part." in said and "learned by heart" not in said


def test_synthetic_faces_are_doubted_and_others_not():
    for synthetic in (True, False):
        run = replace(plain(), dataset=replace(plain().dataset, synthetic=synthetic))
        assert any("The faces are synthetic" in one for one in leakage.doubts(run, tables_of(run))) == synthetic
        assert ("drawn by a computer" in text_of(card.content(run, tables_of(run)))) == synthetic


def test_a_term_of_the_head_is_not_explained_again():
    page, _ = page_of(plain(), tables_of(plain()), [ranking.SECTION])
    blocks = [*page.head, *(block for chapter in page.chapters for block in chapter.blocks)]
    names = [term.name for block in blocks if isinstance(block, Terms) for term in block.terms]
    assert len(names) == len(set(names)) > 4


# --- certainty, models -----------------------------------------------------------------------------


def sure(confidence):
    """A run whose first model is right in 24 of 48 cases, and as sure as that each time."""
    run = answering(plain(n_models=1), 0.5)
    (one,) = run.evaluations
    rest = (1 - confidence) / 2
    return replace(run, evaluations=(replace(one, proba=np.eye(3)[one.predicted] * (confidence - rest) + rest),))


@pytest.mark.parametrize("confidence, said", [(0.9, "surer than"), (0.4, "less sure than"), (0.5, "as sure as")])
def test_a_model_is_surer_than_right_where_it_is(confidence, said):
    run = sure(confidence)
    assert f"so {said} right" in certainty.calibration_picture(tables_of(run), "svm").alt


def test_areas_are_said_to_be_of_folds_where_there_are_several():
    frame = tables_of(plain())["certainty"]
    assert "over the folds" in certainty.certainty_block(frame, True).caption
    assert "over the folds" not in certainty.certainty_block(frame, False).caption
    for run, over in ((plain(), True), (plain(split=True), False)):
        assert ("and over the folds" in text_of(certainty.content(run, tables_of(run)))) == over


def confusing(*errors):
    """A run whose only errors are these: (true, predicted, how often)."""
    run = plain(n_models=1)
    (one,) = run.evaluations
    predicted = one.target.copy()
    for true, named, n in errors:
        predicted[np.flatnonzero((one.target == true) & (predicted == one.target))[:n]] = named
    return replace(run, evaluations=(replace(one, predicted=predicted, proba=np.eye(3)[predicted]),))


def test_the_most_frequent_error_is_named_and_a_tie_is_told():
    one, tie, none = confusing((0, 2, 3), (1, 2, 1)), confusing((0, 2, 1), (1, 2, 1)), confusing()
    hints = [models.model_hint(run, tables_of(run), "svm") for run in (one, tie, none)]
    assert "most often: angry taken for sad: 3 times" in hints[0]
    assert (
        "among the most frequent errors: angry taken for sad: once" in hints[1] and hints[2] == f"accuracy 100.0{THIN}%"
    )
    alts = [models.confusion_picture(run, tables_of(run), "svm").alt for run in (one, tie, none)]
    assert alts[0].endswith("Most frequent error, 3 times: angry taken for sad.")
    assert alts[1].endswith("Most frequent error, once each: angry taken for sad; happy <b>| taken for sad.")
    assert "error" not in alts[2]
