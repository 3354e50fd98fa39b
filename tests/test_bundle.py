"""Models as files: what is loaded answers as what was saved, and nothing else is loaded."""

import json

import numpy as np
import pytest
import skops.io
from sklearn.pipeline import Pipeline

from lineament.classifiers import CLASSIFIERS, SELECTORS
from lineament.classifiers.bundle import load_model, save_model
from lineament.classifiers.model import FaceModel, Recipe
from lineament.classifiers.registry import make_classifier, trusted_types
from lineament.data import LineamentError
from lineament.features import FeatureTable, Inputs

X = np.random.default_rng(0).normal(size=(60, 8))
Y = np.arange(60) % 3
X[:, 0] += Y
NAMES = tuple(f"f{number}" for number in range(8))
RECIPE = Recipe(
    labels=("a", "b", "c"), families=("distances",), detector="hog", on_miss="fallback", training_digest="0",
    versions={"numpy": "2"}, metrics={"cv": {"accuracy": 0.5}},
)  # fmt: skip


def inputs(n_views=1):
    return Inputs(tuple(FeatureTable(X + view, NAMES, ("f",) * 8) for view in range(n_views)))


@pytest.mark.parametrize("views", [("face",), ("face", "mirror")], ids=len)
@pytest.mark.parametrize("name", [name for name, spec in CLASSIFIERS.items() if spec.takes == "features"])
def test_saved_models_answer_the_same(name, views, tmp_path):
    recipe = Recipe.from_dict(RECIPE.to_dict() | {"classifier": name, "views": views})
    model = FaceModel(make_classifier(name, balance="smote").fit(X, Y), recipe)
    loaded = load_model(save_model(tmp_path, model))
    np.testing.assert_allclose(loaded.answer(inputs(len(views))), model.answer(inputs(len(views))), atol=1e-12)
    assert loaded.recipe == recipe


@pytest.mark.parametrize("selector", SELECTORS)
def test_saved_selectors_select_the_same(selector, tmp_path):
    model = make_classifier("lda", selector=selector, n_features=2).fit(X, Y)
    loaded = load_model(save_model(tmp_path, FaceModel(model, Recipe(classifier="lda"))))
    np.testing.assert_allclose(loaded.pipeline.predict_proba(X), model.predict_proba(X))


def test_saved_nets_answer_the_same(tmp_path):
    pytest.importorskip("torch")
    images = np.random.default_rng(0).integers(0, 255, (40, 48, 48), dtype=np.uint8)
    recipe = Recipe(classifier="cnn", labels=("a", "b"), crop=48, training_digest="0")
    model = FaceModel(make_classifier("cnn", max_epochs=1).fit(images, np.arange(40) % 2), recipe)
    loaded = load_model(save_model(tmp_path, model))
    np.testing.assert_allclose(loaded.answer(Inputs(crops=images)), model.answer(Inputs(crops=images)), atol=1e-5)
    assert loaded.recipe == recipe


def test_strange_files_are_refused(tmp_path):
    with pytest.raises(LineamentError, match="Cannot read the model"):
        load_model(tmp_path / "none.skops")
    with pytest.raises(LineamentError, match="kind of model file"):
        load_model(tmp_path / "model.pkl")
    (tmp_path / "bad.skops").write_bytes(b"nonsense")
    with pytest.raises(LineamentError, match="no model of Lineament"):
        load_model(tmp_path / "bad.skops")
    skops.io.dump({"pipeline": np.random.RandomState, "recipe": "{}"}, tmp_path / "evil.skops")
    with pytest.raises(LineamentError):
        load_model(tmp_path / "evil.skops")


def test_types_are_trusted_by_their_entry_alone(tmp_path, monkeypatch):
    model = FaceModel(make_classifier("knn").fit(X, Y), Recipe(classifier="knn"))
    path = save_model(tmp_path, model)
    monkeypatch.delitem(CLASSIFIERS, "knn")
    with pytest.raises(LineamentError, match="not trusted: .*BalancedKNN"):
        load_model(path)
    assert all(
        name.split(".")[0] in ("lineament", "sklearn", "numpy", "imblearn", "functools") for name in trusted_types()
    )


def test_a_model_of_the_version_before_says_what_to_do(tmp_path):
    """Its types lay in modules called classifiers, without the package's name."""
    import sys
    import types

    class Old(Pipeline):
        pass

    module = types.ModuleType("classifiers")
    module.Old = Old
    Old.__module__, Old.__qualname__ = "classifiers.kernel", "Old"
    sys.modules |= {"classifiers": module, "classifiers.kernel": module}
    try:
        skops.io.dump({"pipeline": Old([("a", "passthrough")]), "about": json.dumps({})}, tmp_path / "old.skops")
    finally:
        del sys.modules["classifiers"], sys.modules["classifiers.kernel"]
    with pytest.raises(LineamentError, match="earlier version .* Train it again"):
        load_model(tmp_path / "old.skops")
