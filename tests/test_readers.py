"""Every reader on a small tree in the exact layout of its dataset, traps included; as folder, zip and tar."""

import pickle
import tracemalloc

import numpy as np
import pytest
from made_files import POINT_CELLS, POINT_COLUMNS, csv, numbers, pictures, write
from reader_cases import CASES

from lineament.data import LineamentError, image_digests, load_dataset
from lineament.data.images import UnreadableImage
from lineament.data.sources import DATASETS, READERS, recognise_dataset

KINDS = ("folder", "zip", "tar", "tar.gz")
case_of = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def rows_of(dataset):
    return sorted(
        (
            str(key),
            dataset.label_names[dataset.target[row]],
            None if dataset.groups is None else str(dataset.groups[row]),
            None if dataset.split is None else str(dataset.split[row]),
        )
        for row, key in enumerate(dataset.keys)
    )


@pytest.mark.parametrize("kind", KINDS)
@case_of
def test_layout(case, kind, tmp_path):
    path = write(kind, tmp_path, case.files)
    dataset = load_dataset(case.reader, path, options=case.options)
    assert dataset.name == case.reader
    assert rows_of(dataset) == sorted(case.rows)
    assert sorted(item.key for item in dataset.skipped) == sorted(case.skipped)
    assert all(item.reason for item in dataset.skipped)
    assert len(set(image_digests(dataset.images))) >= min(2, len(dataset)) - (case.reader in ("openface", "pyfeat"))
    pickle.loads(pickle.dumps(dataset.images))


@case_of
def test_auto_takes_the_right_reader_and_says_why(case, tmp_path):
    name, why = recognise_dataset(write("folder", tmp_path, case.files))
    assert name == case.reader
    assert len(why) > 15


def test_every_reader_has_a_case_and_a_card():
    assert {case.reader for case in CASES.values()} == set(READERS)
    for source in READERS.values():
        assert source.layout and source.licence and source.images and source.subjects and source.split
        assert source.sentence.endswith(".")


@pytest.mark.parametrize("name", READERS)
def test_what_does_not_fit_is_an_error_that_says_what_was_seen(name, tmp_path):
    path = write("folder", tmp_path, {"notes/diary.txt": b"dear diary", "song.mp3": b"la"})
    with pytest.raises(LineamentError, match="notes/diary.txt"):
        load_dataset(name, path)


def test_auto_says_what_it_saw_and_looked_for(tmp_path):
    path = write("folder", tmp_path, {"song.mp3": b"la", "archive.zip": b"PK"})
    with pytest.raises(LineamentError) as error:
        load_dataset("auto", path)
    for words in ("song.mp3", "1 .zip", "unpack archive.zip", *READERS):
        assert words in str(error.value)


def test_tables_without_labels_are_refused(tmp_path):
    path = write("folder", tmp_path, {"test.csv": csv("pixels", numbers(1))})
    with pytest.raises(LineamentError, match="no labels"):
        load_dataset("auto", path)
    bare = csv(",".join(["FaceScore", *POINT_COLUMNS, "input"]), ",".join(["1", *POINT_CELLS, "a.jpg"]))
    with pytest.raises(LineamentError, match="`label` column is needed"):
        load_dataset("auto", write("zip", tmp_path, {"f.csv": bare}))


@pytest.mark.parametrize("case", ["fer2013.csv", "csv"])
def test_a_table_may_be_given_alone(case, tmp_path):
    files = CASES[case].files
    path = write("folder", tmp_path, files) / next(name for name in files if name.endswith(".csv"))
    assert recognise_dataset(path)[0] == CASES[case].reader
    assert rows_of(load_dataset("auto", path)) == sorted(CASES[case].rows)


@pytest.mark.slow
def test_a_table_of_pixels_is_not_held_as_text(tmp_path):
    n = 1000
    row = " ".join(str(200 + i % 50) for i in range(48 * 48))
    path = tmp_path / "fer2013.csv"
    path.write_text("emotion,pixels,Usage\n" + f"3,{row},Training\n" * n)
    tracemalloc.start()
    dataset = load_dataset("fer2013", path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(dataset) == n and peak < 2.6 * n * 48 * 48 + 2**20


def test_a_table_alone_says_that_its_folder_may_be_needed(tmp_path):
    path = write("folder", tmp_path, CASES["ferplus beside fer2013.csv"].files) / "fer2013new.csv"
    with pytest.raises(LineamentError, match="give the folder"):
        load_dataset("auto", path)


def test_kdef_angles(tmp_path):
    path = write("folder", tmp_path, CASES["kdef"].files)
    assert len(load_dataset("kdef", path, options={"angles": "all"})) == 6
    assert "3 pictures at other angles" in load_dataset("kdef", path).about
    with pytest.raises(LineamentError, match="Unknown angle 'X'"):
        load_dataset("kdef", path, options={"angles": "S+X"})
    with pytest.raises(LineamentError, match="Did you mean 'angles'"):
        load_dataset("kdef", path, options={"angle": "S"})
    with pytest.raises(LineamentError, match="takes no options"):
        load_dataset("jaffe", path, options={"angle": "S"})


def test_what_is_known_of_the_faces_comes_with_them(tmp_path):
    """Sex and angle in KDEF's names, votes of FER+, attributes of RAF-DB, strength of AffectNet, columns of a table."""
    kdef = load_dataset("kdef", write("folder", tmp_path / "kdef", CASES["kdef"].files), options={"angles": "all"})
    assert dict(zip(kdef.keys, kdef.traits["sex"]))[kdef.keys[0]] in ("female", "male")
    assert {"straight"} < set(kdef.traits["angle"]) and len(kdef.traits["sex"]) == len(kdef)
    ferplus = load_dataset("ferplus", write("folder", tmp_path / "fp", CASES["ferplus beside fer2013.csv"].files))
    assert ferplus.traits["agreement"] == pytest.approx(ferplus.votes.max(axis=1) / 10)
    files = {
        **CASES["rafdb"].files,
        "Annotation/manual/train_00001_manu_attri.txt": b"1 2\n" * 5 + b"1\n2\n3\n",
        "Annotation/manual/test_0001_manu_attri.txt": b"1 2\n" * 5 + b"2\n0\n9\n",
    }
    rafdb = load_dataset("rafdb", write("folder", tmp_path / "raf", files))
    row = next(row for row, key in enumerate(rafdb.keys) if "train_00001" in key)
    assert [rafdb.traits[name][row] for name in ("sex", "race", "age")] == ["female", "Asian", "40 to 69"]
    unsure = next(row for row, key in enumerate(rafdb.keys) if "test_0001" in key)
    assert [rafdb.traits[name][unsure] for name in ("sex", "race", "age")] == ["", "Caucasian", ""]
    table = {
        **pictures("a.png", "b.png", "c.png"),
        "labels.csv": b"image,label,sex,age\na.png,x,f,31\nb.png,y,,12\nc.png,x,m,\n",
    }
    listed = load_dataset("csv", write("folder", tmp_path / "csv", table))
    assert listed.traits["sex"].tolist() == ["f", "", "m"]
    assert listed.traits["age"] == pytest.approx([31, 12, np.nan], nan_ok=True)


def test_traits_are_taken_on_request_and_a_wrong_name_is_refused(tmp_path):
    dataset = load_dataset("kdef", write("folder", tmp_path, CASES["kdef"].files), options={"angles": "all"})
    assert dataset.with_traits(()).traits == {} and set(dataset.with_traits(("all",)).traits) == {"sex", "angle"}
    some = dataset.with_traits(("sex",)).take([2, 0])
    assert some.traits["sex"].tolist() == dataset.traits["sex"][[2, 0]].tolist()
    with pytest.raises(LineamentError, match="Choose from angle, sex"):
        dataset.with_traits(("age",))
    with pytest.raises(LineamentError, match="nothing is known besides their labels"):
        dataset.with_traits(()).with_traits(("age",))


def test_ferplus_keeps_votes_and_its_threshold(tmp_path):
    path = write("folder", tmp_path, CASES["ferplus beside fer2013.csv"].files)
    dataset = load_dataset("ferplus", path)
    happiness = dataset.label_names.index("happiness")
    assert dataset.votes.shape == (2, 8) and dataset.votes[0, happiness] == 9
    assert [str(key) for key in load_dataset("ferplus", path, options={"majority": "0.8"}).keys] == ["fer0000000.png"]
    assert (dataset.images[1] == 3).all()
    with pytest.raises(LineamentError, match="not a share"):
        load_dataset("ferplus", path, options={"majority": "most"})


def test_ferplus_out_of_step_is_refused(tmp_path):
    files = dict(CASES["ferplus beside fer2013.csv"].files)
    files["fer2013.csv"] = files["fer2013.csv"].replace(b",Training\n", b",PublicTest\n", 1)
    with pytest.raises(LineamentError, match="out of step at row 1"):
        load_dataset("ferplus", write("folder", tmp_path, files))


def test_affectnet_points_in_arrays(tmp_path):
    path = write("folder", tmp_path, CASES["affectnet, new release"].files)
    dataset = load_dataset("affectnet", path, options={"landmarks": "yes"})
    assert [str(key) for key in dataset.keys] == ["train_set/images/0.jpg"]  # the other has none: listed
    assert (dataset.landmarks[0, 5] == (10, 11)).all()


@pytest.mark.parametrize("case", ["ckplus", "affectnet, validation without header"])
def test_own_landmarks_when_asked(case, tmp_path):
    path = write("folder", tmp_path, CASES[case].files)
    assert load_dataset(CASES[case].reader, path).landmarks is None
    dataset = load_dataset(CASES[case].reader, path, options={"landmarks": "yes"})
    known = ~np.isnan(dataset.landmarks).any(axis=(1, 2))
    assert known.any() and dataset.landmarks.shape == (len(dataset), 68, 2)
    assert (dataset.landmarks[known][0, 5] == (15, 25)).all()


def test_landmarks_without_pictures(tmp_path):
    dataset = load_dataset("auto", write("zip", tmp_path, CASES["openface"].files))
    assert (dataset.landmarks[0, 3] == (13, 23)).all()
    assert np.isnan(dataset.landmarks[1]).all()  # not seen by OpenFace: the row stays
    with pytest.raises(UnreadableImage, match="landmarks only"):
        dataset.images[0]
    assert len(dataset.take([0, 2]).landmarks) == 2
    joined = load_dataset("auto", write("tar", tmp_path, CASES["pyfeat"].files))
    assert joined.images[0].shape == (48, 48)
    assert joined.images.take([0])[0].shape == (48, 48)


def test_the_registry_lists_the_particular_before_the_general():
    assert list(DATASETS)[-2:] == ["csv", "folder"]
