"""A loaded model answers about held-out pictures, from their files alone, what the evaluation stored."""

import shutil
import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest

from lineament import load, run_pipeline
from lineament.apps.options import options_of
from lineament.classifiers import CLASSIFIERS
from lineament.data import LineamentError
from lineament.data.images import TreeImages
from lineament.data.packed import open_tree
from lineament.reports import load_run

LABELS = ("angry", "happy", "surprise")


@pytest.fixture(scope="module")
def pictures(sample, tmp_path_factory):
    """FER2013's layout from drawn faces: 24 of each of three labels to train on, 8 to test, one without a face."""
    folder = tmp_path_factory.mktemp("pictures")
    for label in LABELS:
        rows = np.flatnonzero(sample.target == sample.label_names.index(label))[:32]
        for number, row in enumerate(rows):
            part, name = ("train", "Training") if number < 24 else ("test", "PublicTest")
            path = folder / part / label / f"{name}_{row}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), sample.images[row])
    cv2.imwrite(str(folder / "test" / "happy" / "PublicTest_999.png"), np.full(sample.images[0].shape, 90, np.uint8))
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


def trained(pictures, out, cache, classifiers, **flags):
    flags = {"audit": "none", "explain": "none", "cv": 2, "cnn_epochs": 1, "n_jobs": 1} | flags
    options = {"dataset": "fer2013", "data": str(pictures), "out": str(out), "cache": str(cache)}
    run_pipeline.run(options_of(classifiers=classifiers, **options, **flags))
    return load_run(out)


def held_out(run, pictures, name):
    (evaluation,) = [one for one in run.evaluations if one.name == name]
    rows = np.flatnonzero(evaluation.fold == -1)
    return TreeImages(open_tree(pictures), [str(run.dataset.keys[row]) for row in rows]), evaluation.proba[rows]


@pytest.fixture(scope="module", params=[("none", "distances,angles,ellipses"), ("mirror", "shape,aus,furrows")])
def everything(request, pictures, cache, tmp_path_factory):
    """A run of every classifier, and its folder."""
    out, (augment, features) = tmp_path_factory.mktemp("run"), request.param
    members = ["lda", "forest"]
    return trained(pictures, out, cache, list(CLASSIFIERS), augment=augment, features=features, members=members), out


def loaded(out, name):
    return load(next((out / "models").glob(f"{name}.*")))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_every_loaded_model_gives_the_stored_probabilities(everything, pictures, name):
    run, out = everything
    model = loaded(out, name)
    images, stored = held_out(run, pictures, name)
    proba = model.predict_proba(model.look_at(images))
    assert proba.shape == (25, len(run.dataset.label_names))
    # A perceptron adds up in float32, which a batch of another size does in another order.
    exact = 1e-5 if model.recipe.crop else 1e-6 if name == "mlp" else 1e-9
    np.testing.assert_allclose(proba, stored, atol=exact, err_msg=name)
    assert model.recipe.labels == run.dataset.label_names and model.recipe.detector == "hog"
    mirrored = run.protocol.augment == "mirror" and not model.recipe.crop
    assert model.recipe.views == (("face", "mirror") if mirrored else ("face",))


@pytest.fixture(scope="module")
def ways(pictures, tmp_path_factory):
    """The same seven pictures, the last without a face, as everything that models are asked about."""
    place = tmp_path_factory.mktemp("ways")
    names = sorted((pictures / "test").rglob("*.png"), key=lambda path: (path.stem.endswith("999"), path.stem))
    names = [*names[:24:4], names[-1]]
    shots = [cv2.imread(str(name), cv2.IMREAD_GRAYSCALE) for name in names]
    lossless, size = cv2.VideoWriter_fourcc(*"FFV1"), shots[0].shape[::-1]
    video = cv2.VideoWriter(str(place / "all.mkv"), cv2.CAP_FFMPEG, lossless, 5.0, size)
    (place / "folder").mkdir()
    with zipfile.ZipFile(place / "all.zip", "w") as archive:
        for number, (name, shot) in enumerate(zip(names, shots)):
            shutil.copy(name, place / "folder" / f"{number}.png")
            archive.write(name, f"deep/{number}.png")
            video.write(cv2.cvtColor(shot, cv2.COLOR_GRAY2BGR))
    video.release()
    gathered = {
        "alone": names, "list": [[str(name) for name in names]], "arrays": [shots], "folder": [place / "folder"],
        "archive": [place / "all.zip"], "pattern": [str(place / "folder" / "*.png")], "video": [place / "all.mkv"],
        "colour": [np.stack(shots)[..., None].repeat(3, axis=3)],
    }  # fmt: skip
    return [name.relative_to(pictures).as_posix() for name in names], gathered


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_picture_gets_the_stored_answer_however_it_comes(everything, ways, name):
    """Alone, in a batch, a folder, an archive, or as a frame of a video, with a face or without."""
    (run, out), (keys, gathered) = everything, ways
    model = loaded(out, name)
    (evaluation,) = [one for one in run.evaluations if one.name == name]
    rows = [list(run.dataset.keys).index(key) for key in keys]
    stored = evaluation.proba[rows]
    columns = [f"p_{label}" for label in run.dataset.label_names]
    for way, things in gathered.items():
        table = pd.concat([model.predict(one, answer_missed=True, follow=False) for one in things])
        exact = 1e-5 if model.recipe.crop else 1e-6
        np.testing.assert_allclose(table[columns], stored, atol=exact, err_msg=way)
        assert list(table["found"]) == list(run.landmarks.found[rows]) and not table["found"].iloc[-1], way
        assert list(table["label"]) == [run.dataset.label_names[one] for one in stored.argmax(axis=1)], way


def test_the_recipe_says_what_the_model_was_worth(pictures, cache, tmp_path):
    run = trained(pictures, tmp_path, cache, ["lda"])
    recipe = load(tmp_path / "models" / "lda.skops").recipe
    right = (run.evaluations[0].predicted == run.evaluations[0].target)[run.evaluations[0].fold == -1]
    assert recipe.metrics["test"]["accuracy"] == pytest.approx(right.mean())
    assert recipe.training_digest and recipe.families == ("distances", "angles", "ellipses")


def test_differences_from_a_neutral_face_need_one(tmp_path, cache):
    options = options_of(
        classifiers=["lda"], reference="neutral", audit="none", explain="none", out=str(tmp_path), cache=str(cache)
    )
    run_pipeline.run(options)
    model = load(tmp_path / "models" / "lda.skops")
    with pytest.raises(LineamentError, match="neutral face of the same person"):
        model.predict_proba(model.look_at([]))
