"""Spellings of one label are one label, and labels too rare for the folds are told before anything is measured."""

import re
import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from lineament import run_pipeline
from lineament.apps import cli
from lineament.data import Dataset, LineamentError, load_dataset, relabel
from lineament.data.describe import describe
from lineament.data.images import ArrayImages
from lineament.data.labels import check_enough, fold_spellings, leave_out_rare, units_to_train_on, usual_folds
from lineament.data.vocabulary import spelling
from lineament.reports import load_run, rewrite_report, write_report
from lineament.reports.sections.data import data_sentences
from made_runs import made_run

MUXSPACE = {"HAPPINESS": 3, "happiness": 6, "anger": 5}


def labelled(counts, **known):
    """A dataset of so many pictures of each label."""
    names = sorted(counts)
    target = np.repeat(np.arange(len(names)), [counts[name] for name in names])
    n = len(target)
    images = ArrayImages(np.random.default_rng(0).integers(0, 255, (n, 48, 48), dtype=np.uint8))
    return Dataset("made", images, target, tuple(names), np.array([f"k{row}" for row in range(n)]), **known)


# --- spellings -------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["HAPPINESS", " happiness ", "Happiness", "ｈａｐｐｉｎｅｓｓ", "happy", "Happy"])
def test_spellings_of_a_label_are_folded(written):
    folded = fold_spellings(labelled({"happiness": 6, written: 3, "anger": 5}))
    assert folded.label_counts() == {"anger": 5, "happiness": 9}


@pytest.mark.parametrize("other", ["joy", "happiness2", "unhappy", "an", "happinéss"])
def test_what_may_be_another_label_is_not_folded(other):
    dataset = labelled({"happiness": 6, other: 3, "anger": 5})
    assert fold_spellings(dataset) is dataset


def test_separators_are_one():
    assert len({spelling(text) for text in ("very_happy", "very-happy", "Very  Happy", " very - happy")}) == 1
    assert spelling("_") == "_" != spelling("-")  # nothing else is left of them


def test_the_most_frequent_spelling_names_the_label_and_the_fold_is_told():
    folded = fold_spellings(labelled({"HAPPINESS": 6, "happiness": 3, "anger": 5}))
    assert folded.label_names == ("HAPPINESS", "anger")
    assert folded.notes == ("HAPPINESS 6 and happiness 3 are taken as one label, 'HAPPINESS'.",)


def test_rows_and_votes_follow_their_label():
    dataset = labelled(MUXSPACE, votes=np.tile([1.0, 2.0, 4.0], (14, 1)))  # HAPPINESS, anger, happiness
    folded = fold_spellings(dataset)
    assert [folded.label_names[one] for one in folded.target] == ["happiness"] * 3 + ["anger"] * 5 + ["happiness"] * 6
    assert (folded.votes == [2, 5]).all() and (folded.keys == dataset.keys).all()


@pytest.mark.parametrize("asked", [["anger", "happiness"], ["ANGER", "Happiness"], ["angry", "happy"]])
def test_a_list_of_labels_loses_no_row_to_a_spelling(asked):
    chosen = relabel(fold_spellings(labelled(MUXSPACE)), asked)
    assert len(chosen) == 14 and chosen.skipped == ()
    with pytest.raises(LineamentError, match="Unknown label of 'made' 'angr'. Did you mean 'anger'"):
        relabel(labelled(MUXSPACE), ["angr", "happiness"])


def test_labels_as_written_stay_apart():
    kept = relabel(labelled(MUXSPACE), ["HAPPINESS", "happiness"], as_written=True)
    assert kept.label_counts() == {"HAPPINESS": 3, "happiness": 6}


def test_the_page_tells_the_fold_and_a_folder_keeps_it(tmp_path, monkeypatch):
    monkeypatch.setattr("lineament.reports.write.draw", lambda picture: {"light": b"light", "dark": b"dark"})
    note = fold_spellings(labelled(MUXSPACE)).notes[0]
    run = made_run()
    assert note not in data_sentences(run)
    write_report(replace(run, dataset=replace(run.dataset, notes=(note,))), tmp_path)
    rewrite_report(tmp_path)
    assert load_run(tmp_path).dataset.notes == (note,)
    assert "happiness 6 and HAPPINESS 3 are taken as one label" in (tmp_path / "report.html").read_text()


# --- rare labels -----------------------------------------------------------------------------------


def refusal(dataset, cv, **known):
    with pytest.raises(LineamentError) as caught:
        check_enough(dataset, cv, **known)
    return str(caught.value)


def test_a_rare_label_is_told_with_what_cures_it():
    told = refusal(labelled({"anger": 3, "fear": 9, "joy": 9}), 5)
    assert "The label 'anger' has 3 pictures to train on, fewer than the 5 folds." in told
    assert "Leave it (3 pictures) out by --labels fear,joy or --min-count 5, or lower --cv to 3." in told
    check_enough(labelled({"anger": 3, "fear": 9, "joy": 9}), 3)


@pytest.mark.parametrize("flag, expected", [("fear,joy", ["fear", "happiness"]), (5, ["fear", "joy"])])
def test_the_cure_cures(flag, expected):
    dataset = labelled({"anger": 3, "fear": 9, "joy": 9})
    cured = relabel(dataset, flag.split(",")) if isinstance(flag, str) else leave_out_rare(dataset, flag)
    check_enough(cured, 5)
    assert list(cured.label_names) == expected and len(cured.skipped) == 3


def test_names_that_a_list_cannot_hold_are_not_offered():
    told = refusal(labelled({"a": 1, "b, c": 9, "d": 9}), 5)
    assert "--labels" not in told and "--min-count 5" in told
    assert "--labels 'c c,d'" in refusal(labelled({"a": 1, "c c": 9, "d": 9}), 5)


def test_one_picture_is_no_reason_to_lower_the_folds():
    told = refusal(labelled({"a": 1, "b": 9, "c": 9}), 5)
    assert "'a' has 1 picture to train on" in told and "--cv" not in told
    told = refusal(labelled({"a": 1, "b": 2, "c": 9}), 5)
    assert "than the 5 folds need: 'a' (1 picture), 'b' (2 pictures)." in told
    assert "Fewer than two labels have enough: add pictures." in told


def test_subjects_are_counted_where_they_are_known():
    groups = np.array(["p"] * 6 + [f"q{row}" for row in range(12)])
    dataset = labelled({"a": 6, "b": 6, "c": 6}, groups=groups)
    assert units_to_train_on(dataset) == {"a": 1, "b": 6, "c": 6}
    assert "'a' has 1 subject to train on" in refusal(dataset, 5)
    assert leave_out_rare(dataset, 2).notes == (
        "Label 'a' is left out with its 6 pictures: 1 subject to train on, fewer than the 2 of --min-count.",
    )


def test_only_the_training_part_counts():
    split = np.array(["train", "test", "test", "test"] + ["train"] * 8)
    dataset = labelled({"a": 4, "b": 4, "c": 4}, split=split)
    assert units_to_train_on(dataset) == {"a": 1, "b": 4, "c": 4}
    split[0] = "test"  # a label that is nowhere trained on is no fold's business
    assert units_to_train_on(replace(dataset, split=split)) == {"b": 4, "c": 4}


def test_more_than_all_cannot_be_left_out():
    with pytest.raises(LineamentError, match="leaves 1 of 3 labels; a classifier needs two. Try --min-count 5 or less"):
        leave_out_rare(labelled({"a": 3, "b": 5, "c": 9}), 6)


def test_small_datasets_get_fewer_folds_and_large_ones_do_not():
    assert usual_folds({"a": 2, "b": 3}, 10) == 2 and usual_folds({"a": 4, "b": 30}, 34) == 4
    assert usual_folds({"a": 1, "b": 3}, 10) == 2  # and is refused
    assert usual_folds({"a": 2, "b": 9000}, 9002) == usual_folds({"a": 9, "b": 9}, 18) == 5


# --- from the command line -------------------------------------------------------------------------


@pytest.fixture
def folders(tmp_path, sample):
    """Six faces of each of two labels, and what a test asks for besides."""

    def write(**more):
        for label, number in {"anger": 6, "joy": 6, **more}.items():
            (tmp_path / "faces" / label).mkdir(parents=True)
            for row in np.flatnonzero(sample.target == len(label) % 7)[:number]:
                cv2.imwrite(str(tmp_path / "faces" / label / f"{sample.keys[row]}.png"), sample.images[row])
        return tmp_path / "faces"

    return write


def test_a_label_with_one_picture_is_told_at_once(folders, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("lineament.apps.steps.look", lambda *_: pytest.fail("landmarks were looked for"))
    start = time.monotonic()
    flags = ["--data", str(folders(bored=1)), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    assert run_pipeline.main(flags) == 2
    assert time.monotonic() - start < 5
    assert "'bored' has 1 picture to train on" in capsys.readouterr().err


def test_describe_tells_spellings_and_rare_labels(folders):
    text = describe(load_dataset("folder", folders(Anger=2, bored=1))).as_text()
    assert "anger 6 and Anger 2 are taken as one label, 'anger'." in text
    assert re.search(r"'bored' has 1 picture to train on.*--labels anger,joy or --min-count 5", text)
    assert "taken as one" not in describe(labelled({"a": 5, "b": 5})).as_text()
    assert "fewer than" not in describe(labelled({"a": 5, "b": 5})).as_text()


def test_flags_reach_the_dataset(folders, tmp_path, monkeypatch, caplog):
    seen = []
    monkeypatch.setattr("lineament.run_pipeline.prepare", lambda dataset, *_: seen.append(dataset) or 1 / 0)
    path = str(folders(Anger=2, bored=1))
    base = ["run", "--data", path, "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]
    for flags in (["--min-count", "5"], ["--spellings", "apart", "--min-count", "2"], ["--labels", "ANGER,Joy"]):
        with pytest.raises(ZeroDivisionError):
            cli.main([*base, *flags])
    assert [one.label_counts() for one in seen] == [
        {"anger": 8, "joy": 6}, {"Anger": 2, "anger": 6, "joy": 6}, {"anger": 8, "happiness": 6},
    ]  # fmt: skip
    assert "taken as one label, 'anger'" in caplog.text and "left out with its 1 picture: 1 picture" in caplog.text
