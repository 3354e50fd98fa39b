"""Sentences and tables on intervals, pairs and parts: each claim beside the situation in which it is not made."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lineament.classifiers import HELD_OUT, UNUSED
from lineament.data.duplicates import find_duplicates
from lineament.reports import load_run, tables_of
from lineament.reports.comparison import compare
from lineament.reports.comparison_page import sentences
from lineament.reports.intervals import FEWEST
from lineament.reports.narrative import facts, lead, rest_of_ranking
from lineament.reports.sections.card import groups_of_people
from lineament.reports.sections.models import per_class_block
from lineament.reports.sections.ranking import pairs_block
from lineament.reports.slices import FEWEST_CLUSTERS, FEWEST_PICTURES, TOO_FEW, WHOLE, served_worse, slices_table
from lineament.reports.store import save_run
from lineament.reports.terms import INTERVAL
from lineament.reports.uncertainty import NO_DIFFERENCE, pairs_table, units_of
from made_runs import LABELS, N, made_run, relabelled, with_excerpt

MANY = 300


def many(run=None, n_models=2, right=0.7, groups=None):
    """A run of MANY pictures, made of copies of a small one's rows; right in so many cases, by a number or a mask."""
    run = with_excerpt(run or made_run(split=False, n_models=n_models))
    rows = np.arange(MANY) % N
    target, rng = np.arange(MANY) % len(LABELS), np.random.default_rng(0)
    chance = np.broadcast_to(right, (n_models, MANY))

    def answered(evaluation, share):
        predicted = np.where(rng.random(MANY) < share, target, (target + 1) % len(LABELS))
        proba = np.eye(len(LABELS))[predicted] * 0.7 + 0.1
        fold = np.arange(MANY) // len(LABELS) % 3
        return replace(evaluation, target=target, predicted=predicted, proba=proba, fold=fold)

    dataset = replace(run.dataset.take(rows), target=target, groups=groups, keys=np.arange(MANY).astype(str))
    return replace(
        run,
        dataset=dataset,
        landmarks=run.landmarks.take(rows),
        duplicates=find_duplicates(np.arange(MANY).astype(str)),
        table=replace(run.table, X=run.table.X[rows]),
        evaluations=tuple(answered(one, share) for one, share in zip(run.evaluations, chance)),
        excerpt=replace(run.excerpt, conditions={"yaw": np.arange(MANY) % 30 + 0.5}),
    )


def sliced(run):
    return slices_table(run).query("model == 'svm'")


# --- clusters --------------------------------------------------------------------------------------


def test_clusters_are_subjects_and_copies():
    run = made_run(split=False)
    assert len(np.unique(units_of(run, slice(None)))) == N
    copies = replace(run, duplicates=find_duplicates((np.arange(N) // 2).astype(str)))
    assert len(np.unique(units_of(copies, slice(None)))) == N // 2
    people = replace(run, dataset=replace(run.dataset, groups=(np.arange(N) // 8).astype(str)))
    assert (
        units_of(people, np.arange(N) < 16).tolist() == [units_of(people, [0])[0]] * 8 + [units_of(people, [8])[0]] * 8
    )


def test_copies_widen_every_interval():
    run = many()
    copied = replace(run, duplicates=find_duplicates((np.arange(MANY) // 6).astype(str)))
    alike = tuple(
        replace(
            one,
            predicted=np.where(
                np.repeat(np.random.default_rng(1).random(50) < 0.7, 6), one.target, (one.target + 1) % 3
            ),
        )
        for one in run.evaluations
    )
    widths = []
    for one in (replace(run, evaluations=alike), replace(copied, evaluations=alike)):
        table = tables_of(one)["intervals"].query("model == 'svm' and faces == 'all' and metric == 'accuracy'")
        widths.append(float((table["high"] - table["low"]).iloc[0]))
    assert widths[1] > 2 * widths[0]


def test_the_interval_is_that_of_the_printed_score():
    cv = tables_of(many())["cv"].query("metric == 'accuracy' and model == 'svm'").iloc[0]
    run = many()
    assert cv["value"] == (run.evaluations[0].predicted == run.evaluations[0].target).mean()
    assert cv["low"] < cv["value"] < cv["high"] and cv["high"] - cv["low"] > 0.08  # 300 pictures cannot say more


def test_equal_folds_do_not_make_an_interval_narrow():
    """Five folds of the same score by luck: a t interval over them would have no width at all."""
    run = many()
    right = np.arange(MANY) // 9 % 10 < 7
    lucky = replace(run.evaluations[0], predicted=np.where(right, run.dataset.target, (run.dataset.target + 1) % 3))
    cv = tables_of(replace(run, evaluations=(lucky,)))["cv"].query("metric == 'accuracy' and model == 'svm'").iloc[0]
    assert cv["std"] < 0.02 and cv["high"] - cv["low"] > 0.08


def test_the_word_says_how_many_clusters_an_interval_needs():
    assert FEWEST == 5 and "Fewer than five clusters get no interval" in INTERVAL.meaning


# --- the head --------------------------------------------------------------------------------------


def test_the_best_of_several_is_said_to_be_chosen():
    several, alone = many(), many(n_models=1)
    assert "chosen as the best of 2 by these very answers" in " ".join(lead(several, tables_of(several)))
    assert "chosen" not in " ".join(lead(alone, tables_of(alone)))


def test_only_pictures_that_were_asked_are_counted():
    run = made_run()
    assert (run.evaluations[0].fold == UNUSED).sum() == 1
    assert f"each of {N - 1} synthetic pictures" in lead(run, tables_of(run))[0]
    whole = made_run(split=False)
    assert f"each of {N} synthetic pictures" in lead(whole, tables_of(whole))[0]


def test_no_difference_says_what_would_have_been_shown():
    level = many()
    (sentence,) = rest_of_ranking(level, tables_of(level))
    assert NO_DIFFERENCE in sentence and "points would have been shown in 80" in sentence
    apart = many(right=np.array([[0.95], [0.3]]))
    (sentence,) = rest_of_ranking(apart, tables_of(apart))
    assert NO_DIFFERENCE not in sentence and "would have been shown" not in sentence
    assert "no difference shown" in dict(facts(level, tables_of(level))).popitem()[1] or any(
        NO_DIFFERENCE in words for _, words in facts(level, tables_of(level))
    )


def test_too_few_pictures_to_show_anything_is_said():
    run = made_run(split=False)
    tables = dict(tables_of(run))
    tables["pairs"] = tables["pairs"].assign(detectable=1.4)
    assert "none would have been shown, however large" in rest_of_ranking(run, tables)[0]


# --- pairs -----------------------------------------------------------------------------------------


def test_the_difference_that_would_have_been_shown_is_larger_than_one_that_was_not():
    pairs = tables_of(many(n_models=3))["pairs"]
    not_shown = pairs[pairs["verdict"] == NO_DIFFERENCE]
    assert len(not_shown) and (not_shown["detectable"] > not_shown["difference"].abs()).all()


def test_folds_that_agree_by_luck_promise_nothing():
    """Equal differences in all folds would let any difference be shown; the answers themselves say otherwise."""
    run = many()
    folds = tables_of(run)["folds"].copy()
    folds.loc[folds["model"] == "svm", "accuracy"] = 0.7001
    folds.loc[folds["model"] == "forest", "accuracy"] = [0.7, 0.70005, 0.7002]
    (pair,) = pairs_table(run, folds).to_dict("records")
    assert pair["detectable"] > 0.1


def test_intervals_of_many_pairs_hold_at_once():
    two, three = many(), many(n_models=3)
    widths = {}
    for name, run in (("two", two), ("three", three)):
        pairs = tables_of(replace(run, evaluations=run.evaluations))["pairs"].set_index(["first", "second"])
        pair = pairs.loc[("svm", "forest")] if ("svm", "forest") in pairs.index else pairs.loc[("forest", "svm")]
        widths[name] = pair["high"] - pair["low"]
    assert widths["three"] > 1.15 * widths["two"]  # 98.3 % instead of 95 %
    of_three, of_two = (
        pairs_block(tables["pairs"], tables["pairs_clean"]).caption for tables in (tables_of(three), tables_of(two))
    )
    assert "all 3 pairs at once (Bonferroni)" in of_three and "at once" not in of_two


def test_runs_that_do_not_differ_say_what_would_have_been_shown():
    run = many()
    level = sentences(compare({"first": run, "again": many(right=0.705)}))
    assert any(NO_DIFFERENCE in one and "would have been shown in 80" in one for one in level)
    apart = sentences(compare({"first": run, "again": many(right=0.99)}))
    assert not any("would have been shown" in one for one in apart) and any("better" in one for one in apart)


# --- parts of the pictures --------------------------------------------------------------------------


def test_a_part_that_is_served_worse_is_named():
    badly = np.where(np.arange(MANY) % 30 < 10, 0.3, 0.9)
    run = many(right=badly)
    (worse, *_), table = served_worse(slices_table(run), "svm"), sliced(run)
    assert worse.startswith("yaw, lowest third") and "of the rest" in worse
    row = table.query("by == 'yaw'").iloc[0]
    assert row["verdict"] == "worse" and row["difference_high"] < 0 and row["p_holm"] < 0.05
    assert row["rest"] == pytest.approx(table.query("by == 'yaw'").iloc[1:]["accuracy"].mean(), abs=0.01)


def test_no_part_shown_is_no_proof_and_says_so():
    found = " ".join(served_worse(slices_table(many()), "svm"))
    assert "No part is shown to be served worse" in found and "no proof" in found and "80" in found
    badly = served_worse(slices_table(many(right=np.where(np.arange(MANY) % 30 < 10, 0.3, 0.9))), "svm")
    assert "No part" not in " ".join(badly)


def test_a_gap_that_many_pictures_show_few_subjects_do_not():
    """Four people make the part: their pictures are many, and still they are four people."""
    badly = np.where(np.arange(MANY) % 30 < 10, 0.3, 0.9)
    people = (np.arange(MANY) % 30 // 3).astype(str)
    found = sliced(many(right=badly, groups=people)).query("by == 'yaw'")
    assert (found["verdict"] == TOO_FEW).all() and found["p"].isna().all()
    assert "No part could be judged" in " ".join(served_worse(found, "svm"))
    some = served_worse(pd.concat([found, sliced(many()).query("by == 'yaw'")]), "svm")
    assert "Too few pictures to judge" in some[-1] and "No part could" not in " ".join(some)


def test_two_faces_that_are_right_are_not_100_percent():
    run = many()
    conditions = {"yaw": np.where(np.arange(MANY) < 2, 1.0, np.where(np.arange(MANY) < 4, 2.0, np.nan))}
    conditions["yaw"][4:6] = 3.0
    found = sliced(replace(run, excerpt=replace(run.excerpt, conditions=conditions))).query("by == 'yaw'")
    assert found["low"].isna().all() and (found["verdict"] == TOO_FEW).all()


def test_thresholds_of_judging():
    run = many()
    for n, verdict in ((FEWEST_PICTURES - 1, TOO_FEW), (FEWEST_PICTURES, NO_DIFFERENCE)):
        traits = {"sex": np.where(np.arange(MANY) < n, "f", "m")}
        found = sliced(replace(run, dataset=replace(run.dataset, traits=traits))).query("by == 'sex'")
        assert found["verdict"].tolist() == [verdict] * 2
    assert FEWEST_CLUSTERS > FEWEST


def test_a_part_that_is_the_whole_is_held_against_nothing():
    run = many()
    everywhere = replace(run, landmarks=replace(run.landmarks, found=np.ones(MANY, dtype=bool)))
    found = sliced(everywhere).query("by == 'detector'")
    assert found["verdict"].tolist() == [WHOLE]
    assert "face found" not in " ".join(served_worse(slices_table(everywhere), "svm"))


def test_what_is_not_known_is_no_rest():
    """Faces whose sex is not known are in neither part."""
    run = many(right=np.where(np.arange(MANY) < 100, 0.9, np.where(np.arange(MANY) < 200, 0.9, 0.1)))
    traits = {"sex": np.where(np.arange(MANY) < 100, "f", np.where(np.arange(MANY) < 200, "m", ""))}
    found = sliced(replace(run, dataset=replace(run.dataset, traits=traits))).query("by == 'sex'")
    assert found["slice"].tolist() == ["f", "m"] and found["n"].tolist() == [100, 100]
    assert (found["rest"] > 0.8).all() and (found["verdict"] == NO_DIFFERENCE).all()


def test_people_told_apart_are_named_in_the_card_and_kept(tmp_path):
    run = many(right=np.where(np.arange(MANY) % 2, 0.3, 0.9))
    assert "nothing on this page says whether the model treats" in groups_of_people(run)
    traits = {
        "sex": np.where(np.arange(MANY) % 2, "female", "male"),
        "age": np.where(np.arange(MANY) < 5, np.nan, 30.0),
    }
    told = replace(run, dataset=replace(run.dataset, traits=traits))
    assert groups_of_people(told).startswith("People are told apart by sex, age")
    assert "sex, female" in " ".join(served_worse(slices_table(told), "svm"))
    save_run(told, tmp_path)
    again = load_run(tmp_path)
    assert again.dataset.traits["sex"].tolist() == traits["sex"].tolist()
    np.testing.assert_array_equal(again.dataset.traits["age"], traits["age"])
    pd.testing.assert_frame_equal(slices_table(again), slices_table(told))


# --- areas -----------------------------------------------------------------------------------------


def test_areas_are_means_over_folds():
    """One fold's model gives far higher numbers than another's: pooled they would spoil an order that is perfect."""
    run = many()
    one = run.evaluations[0]
    shift = np.where(one.fold == 0, 0.5, 0.0)
    proba = np.stack([0.1 + 0.2 * (one.target == 0) + shift] * 3, axis=1)
    shifted = replace(run, evaluations=(replace(one, proba=proba),))
    areas = tables_of(shifted)["areas"].set_index("label")["auc"]
    assert roc_auc_score(one.target == 0, proba[:, 0]) < 0.9 and areas[LABELS[0]] == 1
    assert "the mean over the folds" in per_class_block(tables_of(shifted), "svm", "cv").caption


def test_areas_of_a_held_out_part_are_of_one_model():
    run = made_run()
    one, rows = run.evaluations[0], run.evaluations[0].fold == HELD_OUT
    areas = tables_of(run)["areas"].query("model == 'svm'").set_index("label")["auc"]
    assert areas["sad"] == pytest.approx(roc_auc_score(one.target[rows] == 2, one.proba[rows, 2]))
    assert "mean over the folds" not in per_class_block(tables_of(run), "svm", "test").caption


def test_no_sentence_speaks_of_another_method():
    run = relabelled(many(n_models=1), np.arange(MANY) % 3, LABELS)
    from lineament.reports.sections import protocol

    rules = " ".join(protocol.rules(run))
    assert "Wilson" in rules and "percentile" not in rules and "t interval" not in rules and "bootstrap" not in rules
