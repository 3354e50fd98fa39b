"""What stays on one side of a split, found by what pictures show and not by the order of a table's rows."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lineament.classifiers import HELD_OUT, UNUSED, Protocol, evaluate, make_folds, resolve_protocol
from lineament.classifiers.audit import audit
from lineament.classifiers.folds import training_part
from lineament.data import Dataset, find_duplicates, fold_groups, image_digests, load_dataset, near_pairs, survey_images
from lineament.data.duplicates import FEWEST_TIED, frames_of, ties
from lineament.data.images import ArrayImages
from lineament.features import FeatureTable, Inputs

SIDE = 48


def scene(seed, size=SIDE):
    """A picture with structure: blurred noise of full contrast."""
    noise = np.random.default_rng(seed).integers(0, 255, (7, 7), dtype=np.uint8)
    return np.array(Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC))


def recompressed(picture, quality=60):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))


def duplicates_of(dataset):
    survey = survey_images(dataset.images)
    return find_duplicates(image_digests(dataset.images), near_pairs(survey.hashes, survey.thumbs))


def named(values):
    return None if values is None else np.array([f"s{value}" for value in values])


def dataset_of(pictures, target, groups=None, sequences=None, split=None):
    n = len(pictures)
    keys, known = np.arange(n).astype(str), {"groups": named(groups), "sequences": named(sequences), "split": split}
    return Dataset("made", ArrayImages(list(pictures)), np.asarray(target), ("a", "b", "c"), keys, **known)


def same_partition(one, other):
    return len(np.unique(one)) == len(np.unique(other)) == len(np.unique(np.stack([one, other]), axis=1).T)


# --- near copies, subjects, sequences --------------------------------------------------------------


def test_a_near_copy_ties_two_subjects_and_is_counted():
    pictures = [scene(seed) for seed in range(12)]
    pictures[7] = recompressed(pictures[0])
    dataset = dataset_of(pictures, np.arange(12) % 3, groups=np.arange(12) // 3)
    found = ties(dataset, duplicates_of(dataset))
    assert same_partition(found.groups, np.array([0, 0, 0, 1, 1, 1, 0, 0, 0, 2, 2, 2]))
    assert (found.subjects, found.apart) == (2, 0)
    apart = replace(dataset, images=ArrayImages([scene(seed) for seed in range(12)]))
    assert ties(apart, duplicates_of(apart)).subjects == 0


def test_near_copies_that_would_tie_everybody_tie_nobody():
    """Every subject has a picture that nearly agrees with one of the next: a chain through all of them."""
    n, each = 40, 5
    subject = np.repeat(np.arange(n), each)
    near = np.array([(each * number + 1, each * (number + 1)) for number in range(n - 1)])
    dataset = dataset_of(np.zeros((n * each, 4, 4), np.uint8), np.arange(n * each) % 3, groups=subject)
    digests = np.arange(n * each).astype(str)
    chained = ties(dataset, find_duplicates(digests, near))
    assert same_partition(chained.groups, subject) and (chained.subjects, chained.apart) == (0, n - 1)
    few = ties(dataset, find_duplicates(digests, near[:2]))
    assert (few.subjects, few.apart, len(np.unique(few.groups))) == (3, 0, n - 2)


def test_a_chain_of_near_copies_is_cut_at_its_weakest_links():
    n = 10 * FEWEST_TIED
    strong = [(row, row + 1) for row in range(0, n, 2)]
    weak = [(row + 1, row + 2) for row in range(0, n - 2, 2)]
    found = find_duplicates(np.arange(n).astype(str), np.array(strong + weak))
    assert np.bincount(found.copy_of).max() <= max(FEWEST_TIED, n // 5) and found.untied >= 4
    assert (found.copy_of[::2] == found.copy_of[1::2]).all()  # what is most alike is tied first
    assert find_duplicates(np.arange(n).astype(str), np.array(strong)).untied == 0


def test_exact_copies_are_tied_however_many_they_are():
    found = find_duplicates(np.array(["same"] * 90 + ["other"] * 10), np.empty((0, 2), dtype=int))
    assert found.count == 98 and found.untied == 0


def test_frames_of_a_sequence_stay_together_and_apart_from_another_persons():
    dataset = dataset_of(np.zeros((6, 4, 4)), np.arange(6) % 3, sequences=[0, 0, 1, 1, 2, 3])
    distinct = find_duplicates(np.arange(6).astype(str))
    assert same_partition(fold_groups(dataset, distinct), np.array([0, 0, 1, 1, 2, 3]))
    two = replace(dataset, groups=named([0, 1, 2, 2, 2, 3]))
    assert same_partition(frames_of(two), np.array([0, 1, 2, 2, 3, 4]))
    assert same_partition(fold_groups(two, distinct), np.array([0, 1, 2, 2, 2, 3]))


def test_what_was_not_looked_for_is_known():
    digests = np.array(["a", "a", "b"])
    assert not find_duplicates(digests).near_searched
    none = find_duplicates(digests, np.empty((0, 2), dtype=int))
    assert none.near_searched and (none.exact, none.near) == (1, 0)
    taken = none.take(np.array([1, 2]))
    assert taken.near_searched and taken.count == 0


# --- held-out pictures without a copy in training --------------------------------------------------


def test_clean_pictures_are_those_that_nobody_trained_on():
    pictures = [scene(seed) for seed in range(9)]
    pictures[6], pictures[7] = recompressed(pictures[0]), pictures[1]  # a near copy, and an exact one
    split = np.array(["train"] * 6 + ["test"] * 3)
    dataset = dataset_of(pictures, np.arange(9) % 3, split=split)
    part = training_part(dataset, duplicates_of(dataset))
    assert part.fold[1] == UNUSED and part.fold[0] == 0 and (part.fold[6:] == HELD_OUT).all()
    # The exact copy was left out of training, so the test picture that it shows is new to every model.
    assert part.clean.tolist() == [False] * 7 + [True] * 2
    assert training_part(dataset, find_duplicates(image_digests(dataset.images))).clean is None


# --- the order of rows -----------------------------------------------------------------------------


def made(n=90, seed=0, **known):
    """Pictures of which some are copies under one label or two, and measurements that tell the labels."""
    rng = np.random.default_rng(seed)
    pictures = np.array([scene(number) for number in range(n)])
    pictures[n // 2] = pictures[0]
    pictures[n // 2 + 1 : n // 2 + 5] = [recompressed(picture) for picture in pictures[1:5]]
    target = np.arange(n) % 3
    target[n // 2] = (target[0] + 1) % 3
    dataset = dataset_of(pictures, target, **known)
    return dataset, rng.normal(size=(n, 8)) + 1.5 * np.eye(3, 8)[target]


@pytest.mark.parametrize("known", [{}, {"groups": np.arange(90) // 5}, {"sequences": np.arange(90) // 3}])
def test_shuffled_rows_are_dealt_alike(known):
    dataset, _ = made(**known)
    order = np.random.default_rng(1).permutation(len(dataset))
    first, second = (make_folds(one, duplicates_of(one), cv=5, seed=0) for one in (dataset, dataset.take(order)))
    np.testing.assert_array_equal(second.fold, first.fold[order])
    np.testing.assert_array_equal(second.groups, first.groups[order])


@pytest.mark.parametrize("classifier", ["lda", "svm", "forest"])
def test_shuffled_rows_are_answered_alike(classifier):
    dataset, X = made()
    order = np.random.default_rng(1).permutation(len(dataset))
    answers = []
    for rows in (np.arange(len(dataset)), order):
        one = dataset.take(rows)
        table = FeatureTable(X[rows], tuple(map(str, range(8))), ("f",) * 8)
        protocol = resolve_protocol(
            d=8, n_classes=3, cv=5, selector="none", n_features=None, balance="none", seed=0, grouped_by=None
        )
        folds = make_folds(one, duplicates_of(one), cv=5, seed=0)
        (result,), _ = evaluate([classifier], Inputs((table,)), one.target, folds=folds, protocol=protocol)
        answers.append(result.proba)
    np.testing.assert_allclose(answers[1], answers[0][order], atol=1e-9)


def test_the_audit_draws_and_finds_the_same_of_shuffled_rows(monkeypatch):
    monkeypatch.setattr("lineament.classifiers.audit.LEVELS", {"quick": _level(60)})
    dataset, X = made()
    order = np.random.default_rng(1).permutation(len(dataset))
    results = []
    for rows in (np.arange(len(dataset)), order):
        one, found = dataset.take(rows), np.ones(len(rows), dtype=bool)
        protocol = Protocol(cv=3)
        kept = audit(one, duplicates_of(one), X[rows], found=found, protocol=protocol, classifiers=("lda",))
        results.append((kept, set(one.keys[kept.rows])))
    (first, drawn), (second, drawn_again) = results
    assert len(drawn) <= 60 and drawn == drawn_again
    assert first.learning == second.learning and first.features == second.features
    np.testing.assert_allclose(np.sort(first.repeats), np.sort(second.repeats))


def _level(most_rows):
    from lineament.classifiers.audit import AuditLevel

    return AuditLevel("made", most_rows=most_rows, repeats=2)


def test_a_shuffled_table_is_dealt_alike(tmp_path):
    """The same pixels in another order of lines, whose keys are line numbers."""
    fold_by_picture = []
    for place, order in enumerate([np.arange(60), np.random.default_rng(0).permutation(60)]):
        path = tmp_path / str(place) / "fer2013.csv"
        path.parent.mkdir()
        with path.open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["emotion", "pixels"])
            lines.writerows([row % 3, " ".join(map(str, scene(row).ravel()))] for row in order.tolist())
        dataset = load_dataset("fer2013", path)
        digests = image_digests(dataset.images)
        folds = make_folds(dataset, duplicates_of(dataset), cv=3, seed=0)
        fold_by_picture.append(dict(zip(digests.tolist(), folds.fold.tolist())))
    assert fold_by_picture[0] == fold_by_picture[1] and len(fold_by_picture[0]) == 60


def test_a_folder_whose_files_are_renamed_is_dealt_alike(tmp_path):
    fold_by_picture = []
    for place, order in enumerate([np.arange(40), np.random.default_rng(0).permutation(40)]):
        for name, row in enumerate(order):
            folder = tmp_path / str(place) / "ab"[row % 2]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(scene(row)).save(folder / f"{name:02}.png")
        dataset = load_dataset("folder", tmp_path / str(place))
        digests = image_digests(dataset.images)
        folds = make_folds(dataset, duplicates_of(dataset), cv=4, seed=0)
        fold_by_picture.append(dict(zip(digests.tolist(), folds.fold.tolist())))
    assert fold_by_picture[0] == fold_by_picture[1]


def test_pairs_do_not_hang_on_the_order_of_the_pictures():
    """Many pictures of one hash: which of them stands for all is told by its pixels."""
    base = scene(3)
    pictures = np.array([np.clip(base.astype(int) + shade, 0, 255) for shade in range(-40, 40, 8)], dtype=np.uint8)
    order = np.random.default_rng(2).permutation(len(pictures))
    pairs = []
    for rows in (np.arange(len(pictures)), order):
        survey = survey_images(ArrayImages(pictures[rows]))
        pairs.append({tuple(sorted(rows[pair].tolist())) for pair in near_pairs(survey.hashes, survey.thumbs)})
    assert pairs[0] == pairs[1] and pairs[0]


# --- what readers know -----------------------------------------------------------------------------


def test_ck48_tells_its_sequences(tmp_path):
    for name in ("S010_004_00000017", "S010_004_00000018", "S010_006_00000015", "S011_001_00000014"):
        folder = tmp_path / "CK+48" / ("anger" if name.startswith("S010") else "fear")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(scene(len(name))).save(folder / f"{name}.png")
    dataset = load_dataset("ck48", tmp_path)
    assert dataset.sequences.tolist() == ["S010_004", "S010_004", "S010_006", "S011_001"]
    assert load_dataset("folder", tmp_path).sequences is None


def test_a_table_may_name_sequences(tmp_path):
    for name in "abc":
        Image.fromarray(scene(ord(name))).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("image,label,video\na.png,x,v1\nb.png,y,v1\nc.png,x,\n")
    dataset = load_dataset("csv", tmp_path)
    assert dataset.sequences.tolist()[:2] == ["v1", "v1"] and dataset.sequences[2] != "v1"
    assert dataset.groups is None
