"""A loaded model answers about held-out pictures, from their files alone, what the evaluation stored."""

import cv2
import numpy as np
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
    cv2.imwrite(str(folder / "test" / "happy" / "PublicTest_999.png"), np.full((48, 48), 90, np.uint8))
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


@pytest.mark.parametrize("augment, features", [("none", "distances,angles,ellipses"), ("mirror", "shape,aus,furrows")])
def test_every_loaded_model_gives_the_stored_probabilities(pictures, cache, tmp_path, augment, features):
    names = list(CLASSIFIERS)
    run = trained(pictures, tmp_path, cache, names, augment=augment, features=features, members=["lda", "forest"])
    for name in names:
        model = load(next((tmp_path / "models").glob(f"{name}.*")))
        images, stored = held_out(run, pictures, name)
        proba = model.predict_proba(model.look_at(images))
        assert proba.shape == (25, len(run.dataset.label_names))
        # A perceptron adds up in float32, which a batch of another size does in another order.
        exact = 1e-5 if model.recipe.crop else 1e-6 if name == "mlp" else 1e-9
        np.testing.assert_allclose(proba, stored, atol=exact, err_msg=name)
        assert model.recipe.labels == run.dataset.label_names and model.recipe.detector == "hog"
        views = ("face",) if augment == "none" or model.recipe.crop else ("face", "mirror")
        assert model.recipe.views == views


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
