"""`FaceModel` and `Recipe`: the answer over views, and plain values that come back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lineament.classifiers import (
    CLASSIFIERS,
    Evaluation,
    FaceModel,
    Protocol,
    Recipe,
    evaluate,
    make_classifier,
    make_folds,
    resolve_protocol,
)
from lineament.classifiers.fit_metadata import fit_params, rows_of_faces
from lineament.classifiers.registry import trusted_types
from lineament.data import find_duplicates
from lineament.features import FeatureTable, Inputs

NAMES, FAMILY = ("a_0", "a_1", "b_0", "b_1"), ("a", "a", "b", "b")


@pytest.fixture
def faces(toy):
    """The toy dataset in two views, whose measurements tell its labels."""
    X = np.random.default_rng(0).normal(size=(len(toy), 4)) + toy.target[:, None]
    return Inputs(tuple(FeatureTable(view, NAMES, FAMILY) for view in (X, X + 0.1)))


def folds_of(toy):
    return make_folds(toy, find_duplicates(toy.keys), cv=3, seed=0)


def evaluated(toy, faces, name, **protocol):
    settings = {"selector": "none", "n_features": None, "balance": "none", "seed": 0, "cv": 3} | protocol
    return evaluate(
        [name],
        faces,
        toy.target,
        folds=folds_of(toy),
        protocol=resolve_protocol(d=4, n_classes=3, **settings),
        recipe=Recipe(labels=toy.label_names, detector="hog"),
    )


def test_an_answer_is_the_mean_over_the_views(toy, faces):
    _, models = evaluated(toy, faces, "lda", augment="mirror")
    model = models["lda"]
    one, other = (model.pipeline.predict_proba(table.X) for table in faces.views)
    np.testing.assert_array_equal(model.answer(faces), (one + other) / 2)
    np.testing.assert_array_equal(model.with_recipe(views=("face",)).answer(faces), one)
    assert model.answer(faces.take([])).shape == (0, 3)


def test_what_is_scored_is_what_the_model_answers(toy, faces):
    """A model fitted on the training rows of a fold answers its test rows as the evaluation says."""
    faces = Inputs(tuple(FeatureTable(view.X, NAMES, ["one"] * len(NAMES)) for view in faces.views))
    (result,), _ = evaluated(toy, faces, "svm", augment="mirror")
    train, test = folds_of(toy).fits[0]
    assert (result.fold[test] == 0).all() and len(train) + len(test) == len(toy)
    X, y = np.concatenate([table.X[train] for table in faces.views]), np.tile(toy.target[train], 2)
    pipeline = make_classifier("svm")
    groups = make_folds(toy, find_duplicates(toy.keys), cv=3, seed=0).groups[train]
    pipeline.fit(X, y, **fit_params(pipeline, faces=np.tile(train, 2), groups=np.tile(groups, 2)))
    model = FaceModel(pipeline, Recipe(labels=toy.label_names, views=("face", "mirror")))
    np.testing.assert_allclose(model.answer(faces.take(test)), result.proba[test], atol=1e-12)


def test_labels_that_the_model_was_not_shown_have_no_chance(toy, faces):
    two = toy.target < 2
    pipeline = make_classifier("lda").fit(faces.table.X[two], toy.target[two])
    assert FaceModel(pipeline).answer(faces).shape == (60, 2)
    proba = FaceModel(pipeline, Recipe(labels=toy.label_names)).answer(faces)
    assert (proba[:, 2] == 0).all() and np.allclose(proba.sum(axis=1), 1)


def test_what_inputs_lack_is_said(toy, faces):
    model = FaceModel(make_classifier("lda").fit(faces.table.X, toy.target))
    with pytest.raises(ValueError, match="takes 2 views of a face, not 1"):
        model.with_recipe(views=("face", "mirror")).answer(Inputs(faces.views[:1]))
    with pytest.raises(ValueError, match="takes crops"):
        model.with_recipe(crop=48).answer(faces)
    with pytest.raises(ValueError, match="takes 2 views of a face, not 1"):
        evaluated(toy, Inputs(faces.views[:1]), "lda", augment="mirror")
    with pytest.raises(ValueError, match="takes crops"):
        evaluated(toy, faces, "cnn")


def test_a_recipe_says_what_was_made_and_how_good_it_was(toy, faces):
    (result,), models = evaluated(toy, faces, "lda", augment="mirror")
    recipe = models["lda"].recipe
    assert (recipe.classifier, recipe.detector, recipe.crop) == ("lda", "hog", None)
    assert recipe.families == ("a", "b") and recipe.views == ("face", "mirror") and len(recipe.training_digest) == 64
    right = result.predicted == toy.target
    means = np.mean([right[result.fold == fold].mean() for fold in range(3)])
    assert recipe.metrics["cv"]["accuracy"] == pytest.approx(means) and recipe.metrics["cv"]["n"] == 60
    assert recipe.calibration["cv"]["confidence"] == pytest.approx(result.proba.max(axis=1).mean())
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert Recipe.from_dict({"labels": ["a"], "of_another_version": 1}) == Recipe(labels=("a",))
    other = evaluated(replace(toy, target=np.roll(toy.target, 1)), faces, "lda", augment="mirror")[1]["lda"]
    assert other.recipe.training_digest != recipe.training_digest


@pytest.mark.slow
def test_results_come_back_from_json(toy, faces):
    (result,), _ = evaluated(toy, faces, "svm", tune="quick")
    arrays = {name: getattr(result, name) for name in ("target", "predicted", "proba", "fold")}
    assert Evaluation.from_dict(json.loads(json.dumps(result.to_dict())), **arrays).to_dict() == result.to_dict()
    protocol = Protocol(cv=3, selector="anova", n_features=7)
    assert Protocol.from_dict(json.loads(json.dumps(protocol.to_dict()))) == protocol


def test_rows_of_faces_are_views_in_their_order():
    np.testing.assert_array_equal(rows_of_faces(None, 3), [[0, 1, 2]])
    np.testing.assert_array_equal(rows_of_faces(np.tile([9, 4, 6], 2), 6), [[0, 1, 2], [3, 4, 5]])
    with pytest.raises(ValueError, match="as many views"):
        rows_of_faces([0, 0, 1], 3)
    with pytest.raises(ValueError, match="faces has 2 rows for 3"):
        rows_of_faces([0, 0], 3)


def test_each_family_is_one_block_of_lssvm(toy, faces):
    """Columns that share no prefix are one family where the table says so."""
    table = FeatureTable(faces.table.X, ("au1", "au2", "au4", "dist_0"), ("aus",) * 3 + ("distances",))
    _, models = evaluated(toy, Inputs((table,)), "lssvm")
    assert [len(columns) for columns, _ in models["lssvm"].pipeline[-1].estimator_.whiten_.axes_] == [3, 1]


def test_only_types_of_registry_entries_are_trusted():
    trusted = trusted_types()
    assert "lineament.classifiers.calibration.PairwiseCoupled" in trusted and trusted == sorted(set(trusted))
    ours = {name for name in trusted if name.startswith("lineament.")}
    assert all(name.startswith("lineament.classifiers.") for name in ours)
    assert CLASSIFIERS["svm"].trusted
