"""A model put to work: `lineament.load(…).predict(…)`, `lineament predict` and `lineament models`."""

import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import lineament
from lineament.apps import cli
from lineament.classifiers.shelf import DEFAULT, shipped
from lineament.data import LineamentError
from lineament.landmarks import find_faces
from lineament.landmarks.tables import read_faces

CONTRACT = ["input", "frame", "timestamp", "face_id", "label", "unsure"]
P = ["p_angry", "p_disgust", "p_fear", "p_happy", "p_neutral", "p_sad", "p_surprise"]


@pytest.fixture(scope="module")
def model():
    return lineament.load(DEFAULT)


@pytest.fixture(scope="module")
def three(crop):
    """A photo (H, W) of three faces of different sizes."""
    photo = np.full((300, 620), 90, np.uint8)
    for left, side in ((10, 150), (200, 180), (430, 120)):
        photo[50 : 50 + side, left : left + side] = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
    assert len(find_faces(photo)) == 3
    return photo


@pytest.fixture
def command(tmp_path, capsys):
    """Run `lineament predict` and give its code, what it printed, and what it complained of."""

    def run(*arguments):
        code = cli.main(["predict", *map(str, arguments)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


# --- Python -----------------------------------------------------------------------------------------------------------


def test_two_lines_of_python(face_and_none):
    table = lineament.load().predict(str(face_and_none / "face.png"))
    assert [name for name in table if name in CONTRACT] == CONTRACT and [name for name in table if "p_" in name] == P
    (row,) = table.to_dict("records")
    assert row["label"] == max(P, key=row.get).removeprefix("p_") and not row["unsure"] and row["found"]
    assert sum(row[name] for name in P) == pytest.approx(1) and row["left"] < row["right"]


def test_a_picture_without_a_face_keeps_its_row(model, face_and_none):
    table = model.predict(face_and_none)
    assert [Path(name).name for name in table["input"]] == ["face.png", "none.png"]
    empty = table.iloc[1]
    assert empty[["label", "unsure", "left", *P]].isna().all() and not empty["found"]
    answered = model.predict(face_and_none, answer_missed=True).iloc[1]
    assert answered["label"] and not answered["found"] and answered[P].sum() == pytest.approx(1)


def test_faces_of_a_photo_are_rows_and_answered_as_the_photo_is(model, three):
    table = model.predict(three, points=True)
    assert list(table["face_id"]) == [0, 1, 2] and (table["right"] - table["left"]).is_monotonic_decreasing
    for face, row in zip(find_faces(three), table.itertuples()):
        assert np.allclose((row.x_0, row.y_67), (face.points[0, 0], face.points[67, 1]))
    # The evaluation takes the largest alone.
    from lineament.data.images import ArrayImages

    proba = model.predict_proba(model.look_at(ArrayImages([three])))
    assert np.allclose(table.loc[0, P].astype(float), proba[0], atol=1e-6)
    assert not np.allclose(table.loc[0, P].astype(float), table.loc[2, P].astype(float), atol=1e-3)


def test_a_batch_gives_every_face_its_own_answer(model, three, crop):
    blank = np.full((200, 200), 90, np.uint8)
    together = model.predict([crop, blank, three, crop[:, ::-1].copy()])
    assert list(together["face_id"]) == [0, 0, 0, 1, 2, 0] and list(together["found"]) == [True, False, *[True] * 4]
    apart = pd.concat([model.predict(one) for one in (crop, blank, three, crop[:, ::-1].copy())])
    np.testing.assert_allclose(together[P], apart[P], atol=1e-6)


def test_doubt_and_label_sets_are_those_of_the_recipe(model, three):
    table = model.predict([three], risk=0.05, sets=0.9)
    proba = table[P].to_numpy()
    assert list(table["unsure"]) == list(model.answers(proba, risk=0.05) == -1)
    sets = model.label_sets(proba, level=0.9, found=np.ones(3, dtype=bool))
    labels = np.array(model.recipe.labels)
    assert list(table["label_set"]) == ["|".join(labels[row]) for row in sets]
    assert table["unsure"].any()  # at so low a risk most faces are left unanswered
    for wrong, message in (({"risk": 0.3}, "Unknown risk '0.3'"), ({"sets": 0.5}, "Unknown level '0.5'")):
        with pytest.raises(LineamentError, match=message):
            model.predict([three], **wrong)


def test_label_sets_know_whether_the_face_was_seen(model, face_and_none):
    """A recipe that rules every label out for faces that were seen, and none for others."""
    sets = {"0.9": {"level": 0.9, "labels": [-1.0] * len(P), "groups": [-1.0, None]}}
    table = model.with_recipe(sets=sets).predict(face_and_none, sets=0.9, answer_missed=True)
    assert list(table["label_set"]) == ["", "|".join(model.recipe.labels)]


def test_tables_come_one_by_one_and_inputs_are_taken_as_they_go(model, crop):
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield crop

    tables = model.iter_predict(endless())
    first, second = next(tables), next(tables)
    assert len(taken) == 2 and list(second["input"]) == ["array 1"]
    assert first[P].equals(second[P]) and dict(first.dtypes) == dict(model.predict([crop]).dtypes)


def test_what_cannot_be_read_is_listed_beside_what_can(model, face_and_none, tmp_path, caplog):
    shutil.copy(face_and_none / "face.png", tmp_path / "face.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    table = model.predict(tmp_path)
    assert len(table) == 1 and [Path(name).name for name, _ in table.attrs["skipped"]] == ["broken.jpg"]
    assert "broken.jpg: " in caplog.text
    with pytest.raises(LineamentError, match=r"Nothing could be read \(.*broken.jpg: "):
        model.predict(tmp_path / "broken.jpg")
    with pytest.raises(LineamentError, match="Nothing could be read: there is no picture"):
        model.predict([])


def as_bits(crop, mode):
    """The same face as other files hold it."""
    if mode == "16 bits":
        return Image.fromarray(crop.astype(np.uint16) * 257)
    if mode == "alpha":
        return Image.fromarray(np.dstack([crop, crop, crop, np.full_like(crop, 255)]))
    return Image.fromarray(np.rot90(crop).copy())  # lying on its side, and marked so


@pytest.mark.parametrize("mode", ["16 bits", "alpha", "rotated"])
def test_a_face_is_read_from_every_kind_of_picture(mode, model, crop, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6 if mode == "rotated" else 1  # to be turned by 90° clockwise
    as_bits(crop, mode).save(tmp_path / "face.png", exif=exif)
    if mode == "16 bits":  # they are stretched to their own range
        low, high = float(crop.min()), float(crop.max())
        crop = np.round((crop - low) * 255 / (high - low)).astype(np.uint8)
    got, plain = model.predict(tmp_path / "face.png"), model.predict(crop)
    assert np.allclose(got[P], plain[P], atol=0.02 if mode == "16 bits" else 1e-6) and got["found"].all()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (8, 8)])
def test_the_smallest_pictures_are_no_error(size, model):
    assert len(model.predict(np.full(size, 90, np.uint8))) == 1
    assert model.predict(np.full(size, 90, np.uint8), answer_missed=True)[P].notna().all(axis=None)


# --- Models -----------------------------------------------------------------------------------------------------------


def test_shipped_models_say_what_they_are(capsys):
    assert cli.main(["models", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in told] == list(shipped()) and DEFAULT in shipped()
    for one in told:
        assert one["bytes"] == shipped()[one["name"]].stat().st_size < 5e6
        assert 0 < one["accuracy"] < 1 and len(one["labels"]) > 1 and one["kind"] and Path(one["card"]).is_file()
    assert cli.main(["models"]) == 0 and DEFAULT in capsys.readouterr().out


def test_every_shipped_model_has_a_card_that_holds_its_figures():
    for path in shipped().values():
        card, metrics = path.with_suffix(".md").read_text(encoding="utf-8"), lineament.load(path).recipe.metrics
        for part in metrics.values():
            assert f"{100 * part['accuracy']:.1f} %" in card and f"{part['f1_macro']:.3f}" in card


def test_a_model_is_known_by_name_or_file(tmp_path):
    with pytest.raises(LineamentError, match=f"Unknown model 'fer2013-geometri'. Did you mean '{DEFAULT}'.* Or give a"):
        lineament.load("fer2013-geometri")
    with pytest.raises(LineamentError, match=r"Cannot read the model .*none.skops \(No such file"):
        lineament.load(tmp_path / "none.skops")


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_table_is_that_of_python_in_every_format(command, model, face_and_none, tmp_path):
    expected = model.predict(face_and_none, risk=0.1, sets=0.9)
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".jsonl": lambda path: pd.read_json(path, lines=True)}
    for suffix, reader in read.items():
        out = tmp_path / f"deep/answers{suffix}"
        code, printed, _ = command(face_and_none, "--out", out, "--risk", "0.1", "--sets", "0.9")
        assert code == 0 and f"1 face in 2 pictures, 0 files unreadable: {out}" in printed
        table = reader(out)
        assert list(table) == list(expected) and np.allclose(table[P], expected[P], atol=1e-6, equal_nan=True)
        assert (
            list(table["label"].isna()) == [False, True] and table.loc[0, "label_set"] == expected.loc[0, "label_set"]
        )


def test_the_terminal_names_face_label_and_probability(command, model, face_and_none):
    row = model.predict(face_and_none / "face.png").iloc[0]
    _, printed, _ = command(face_and_none)
    (told,) = [line for line in printed.splitlines() if line.startswith("face.png")]
    assert row["label"] in told and f"{100 * row[P].max():.0f} %" in told
    (nothing,) = [line for line in printed.splitlines() if line.startswith("none.png")]
    assert "no face" in nothing and "%" not in nothing


def test_several_models_answer_side_by_side(command, model, face_and_none, tmp_path):
    other = shutil.copy(shipped()[DEFAULT], tmp_path / "other.skops")
    code, printed, _ = command(face_and_none, "--model", f"{DEFAULT},{other}", "--out", tmp_path / "a.csv")
    table = pd.read_csv(tmp_path / "a.csv")
    assert code == 0 and list(table["model"].fillna("")) == [DEFAULT, "other", ""] and "other" in printed
    assert np.allclose(table.loc[0, P].astype(float), table.loc[1, P].astype(float))


def test_models_that_look_otherwise_are_not_mixed(model, tmp_path, command, face_and_none, monkeypatch):
    other = model.with_recipe(detector="haar")
    monkeypatch.setattr("lineament.classifiers.shelf.load", lambda path: other if "other" in str(path) else model)
    (tmp_path / "other.skops").touch()
    code, _, told = command(face_and_none, "--model", DEFAULT, "--model", tmp_path / "other.skops")
    assert code == 2 and "find faces in different ways (fer2013-geometry: hog, other: haar). Ask them one" in told


def test_copies_are_drawn_and_a_video_keeps_its_frames(command, crop, tmp_path):
    big = cv2.cvtColor(cv2.resize(crop, (240, 240)), cv2.COLOR_GRAY2BGR)
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.jpg"), big)
    video = cv2.VideoWriter(str(tmp_path / "in" / "talk.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (240, 240))
    for _ in range(5):
        video.write(big)
    video.release()
    code, printed, _ = command(tmp_path / "in", "--draw", tmp_path / "drawn", "--out", tmp_path / "a.csv")
    assert code == 0 and "5 frames" in printed
    picture = cv2.imread(str(tmp_path / "drawn" / "a.png"))
    assert picture.shape[0] == 640 and picture.shape[1] > 640  # bars beside it
    frames = cv2.VideoCapture(str(tmp_path / "drawn" / "talk.avi"))
    assert frames.get(cv2.CAP_PROP_FRAME_COUNT) == 5 and frames.read()[1].shape == picture.shape
    table = pd.read_csv(tmp_path / "a.csv")
    talk = table[table["input"].str.endswith("avi")]
    assert list(talk["frame"]) == [1, 2, 3, 4, 5] and set(talk["face_id"]) == {0}


@pytest.mark.parametrize("style", ["openface", "pyfeat", "lineament"])
def test_tables_of_other_tools_hold_the_answers_too(style, command, face_and_none, tmp_path, model):
    out = tmp_path / "a.csv"
    assert command(face_and_none, "--out", out, "--style", style)[0] == 0
    assert [row.face is None for row in read_faces(out)] == [False, True]
    table = pd.read_csv(out)
    assert table.loc[0, "label"] == model.predict(face_and_none).loc[0, "label"] and table.loc[1, P].isna().all()


def test_a_mistake_is_one_line_before_any_work(command, face_and_none, tmp_path):
    for arguments, message in (
        (["--model", "fer2013"], "Unknown model 'fer2013'. Did you mean"),
        (["--model", tmp_path / "no.skops"], "Cannot read the model"),
        (["--out", tmp_path / "a.txt"], "ends in none of .csv, .jsonl, .parquet"),
        (["--out", tmp_path], "is a folder. Name a file"),
        (["--out", tmp_path / "a.jsonl", "--style", "openface"], "--style openface is one of CSV"),
        (["--risk", "0.3"], "Unknown --risk '0.3'"),
        (["--draw", face_and_none], "would write over"),
    ):
        code, printed, told = command(face_and_none, *arguments)
        assert code == 2 and message in told and told.count("\n") == 1 and not printed
    assert list(tmp_path.iterdir()) == []


def test_broken_ones_among_good_ones_are_told_and_the_rest_is_kept(command, face_and_none, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.write(face_and_none / "face.png", "face.png")
        archive.writestr("broken.jpg", b"no picture")
    code, printed, told = command(tmp_path / "in.zip", "--out", tmp_path / "a.csv", "--draw", tmp_path / "drawn")
    assert code == 0 and "1 face in 1 picture, 1 file unreadable" in printed
    assert told.count("\n") == 1 and "broken.jpg: " in told
    assert len(pd.read_csv(tmp_path / "a.csv")) == 1 and [one.name for one in (tmp_path / "drawn").iterdir()] == [
        "face.png"
    ]
    (tmp_path / "b.png").write_bytes(b"no picture")
    assert command(tmp_path / "b.png")[0] == 1


def test_a_full_disk_is_one_line_and_drawings_so_far_are_kept(command, face_and_none, tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lineament.apps.answer_table.csv.DictWriter.writerow", full)
    code, _, told = command(face_and_none, "--out", tmp_path / "a.csv", "--draw", tmp_path / "drawn")
    assert code == 2 and told.count("\n") == 1 and "a.csv (No space left on device)" in told
    assert not (tmp_path / "a.csv").exists()


def test_a_model_of_differences_is_refused(model):
    with pytest.raises(LineamentError, match="neutral face of the same person"):
        model.with_recipe(reference="neutral").predict([])
