"""Models as files: what is loaded answers as what was saved, and nothing else is loaded."""

import io
import json
import tracemalloc
import zipfile

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


# --- files from anywhere ---------------------------------------------------------------------------


def saved(tmp_path, name="forest", **recipe):
    recipe = Recipe(**{"classifier": name, "labels": ("a", "b", "c"), "training_digest": "0"} | recipe)
    few = {"forest": {"n_estimators": 5}, "gboost": {"max_iter": 5}}.get(name, {})
    pipeline = make_classifier(name).set_params(**{f"classify__{key}": value for key, value in few.items()})
    return save_model(tmp_path, FaceModel(pipeline.fit(X, Y), recipe))


def repacked(path, change, **settings):
    """The archive again with `change(name, content)` of each member; the path of it."""
    with zipfile.ZipFile(path) as archive:
        members = {name: change(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", **settings) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def test_an_archive_that_expands_without_measure_is_refused_unread(tmp_path):
    path = repacked(
        saved(tmp_path, "lda"), lambda name, content: npy(np.zeros(2**20)) if name.endswith("npy") else content,
        compression=zipfile.ZIP_DEFLATED,
    )  # fmt: skip
    tracemalloc.start()
    with pytest.raises(LineamentError, match="would unpack to"):
        load_model(path)
    assert tracemalloc.get_traced_memory()[1] < 2 * path.stat().st_size + 2**22
    tracemalloc.stop()


def test_an_array_that_claims_more_than_it_has_is_refused(tmp_path):
    def claims(name, content):
        return (
            content.replace(b"'shape': (8,), ", b"'shape': (2**40,)")[: len(content)]
            if name.endswith("npy")
            else content
        )

    def longer(name, content):
        return content + bytes(8) if name.endswith("npy") else content

    for change in (claims, longer):
        with pytest.raises(LineamentError):
            load_model(repacked(saved(tmp_path, "lda"), change))


def test_an_array_mentioned_over_and_over_is_refused(tmp_path):
    """One array of 4 MB, 200 times."""
    path = save_model(tmp_path, FaceModel(make_classifier("lda").fit(X, Y), Recipe(classifier="lda")))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("big.npy", npy(np.zeros(2**19)))

    def change(name, content):
        if name != "schema.json":
            return content
        schema = json.loads(content)
        node = {"__class__": "ndarray", "__module__": "numpy", "__loader__": "NdArrayNode", "type": "numpy"}
        many = [node | {"file": "big.npy", "__id__": 10 + number} for number in range(200)]
        schema["content"]["more"] = {
            "__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "__id__": 9, "content": many,
        }  # fmt: skip
        schema["key_types"]["content"].append(schema["key_types"]["content"][0])
        return json.dumps(schema)

    with pytest.raises(LineamentError, match="over and over"):
        load_model(repacked(path, change))


@pytest.mark.parametrize(
    "planted, message",
    [
        ({"pipeline": [1, 2]}, "pipeline is none"),
        ({"pipeline": Pipeline([("classify", "passthrough")])}, "pipeline is none"),
        ({"recipe": json.dumps(3)}, "recipe is no mapping"),
        ({"recipe": 3}, "no pipeline and recipe"),
        ({"recipe": json.dumps({"classifier": "svm"})}, "Its classifier is no svm"),
        ({"recipe": json.dumps({"classifier": "lda", "labels": "abc"})}, "labels is of the kind str"),
        ({"recipe": json.dumps({"classifier": "lda", "labels": ["a", 3]})}, "labels are not all text"),
        ({"recipe": json.dumps({"classifier": "lda", "labels": ["a", "b"]})}, "not among its 2 labels"),
        ({"recipe": json.dumps({"classifier": "lda", "crop": True})}, "crop is of the kind bool"),
        ({"recipe": json.dumps({"classifier": "lda", "metrics": []})}, "metrics is of the kind list"),
        ({"recipe": json.dumps({"classifier": "../lda"})}, "Unknown classifier"),
    ],
)
def test_kinds_are_held_against_the_recipe(tmp_path, planted, message):
    sound = {"pipeline": make_classifier("lda").fit(X, Y), "recipe": json.dumps({"classifier": "lda"})}
    skops.io.dump(sound, tmp_path / "sound.skops")
    load_model(tmp_path / "sound.skops")
    skops.io.dump(sound | planted, tmp_path / "planted.skops")
    with pytest.raises(LineamentError, match=message):
        load_model(tmp_path / "planted.skops")


@pytest.mark.parametrize("field", ["left_child", "right_child", "feature"])
@pytest.mark.parametrize("value", [2**40, -5, 0])
def test_a_tree_that_points_outside_of_itself_is_refused(tmp_path, field, value):
    if field == "feature" and value == 0:
        value = 8  # one more than there are

    def change(name, content):
        if not name.endswith("npy") or b"left_child" not in content[:200]:
            return content
        nodes = np.load(io.BytesIO(content))
        nodes[field][0] = value
        return npy(nodes)

    with pytest.raises(LineamentError, match="point outside of it"):
        load_model(repacked(saved(tmp_path, "forest"), change))


@pytest.mark.parametrize("field", ["left", "right", "feature_idx"])
def test_a_boosted_tree_that_points_outside_of_itself_is_refused(tmp_path, field):
    def change(name, content):
        if not name.endswith("npy") or b"feature_idx" not in content[:400]:
            return content
        nodes = np.load(io.BytesIO(content))
        nodes[field][0] = 10**6
        return npy(nodes)

    with pytest.raises(LineamentError, match="point outside of it"):
        load_model(repacked(saved(tmp_path, "gboost"), change))


@pytest.mark.parametrize("name", ["lda", "svm"])
def test_loading_takes_at_most_three_times_the_file(tmp_path, name):
    rng = np.random.default_rng(0)
    fitted = make_classifier(name).fit(rng.normal(size=(1500, 300)), np.arange(1500) % 3)
    path = save_model(tmp_path, FaceModel(fitted, Recipe(classifier=name)))
    load_model(path)  # what is imported and kept for all models
    tracemalloc.start()
    load_model(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * path.stat().st_size + 2**20


def test_files_of_before_which_are_packed_are_read(tmp_path):
    path = repacked(saved(tmp_path), lambda name, content: content, compression=zipfile.ZIP_DEFLATED)
    assert load_model(path).recipe.classifier == "forest"


def test_a_net_of_a_million_classes_is_refused_before_it_is_built(tmp_path):
    pytest.importorskip("torch")
    images = np.random.default_rng(0).integers(0, 255, (40, 48, 48), dtype=np.uint8)
    net = make_classifier("cnn", max_epochs=1).fit(images, np.arange(40) % 2)
    net[-1].classes_ = np.arange(3_000_000)
    (tmp_path / "cnn.safetensors").write_bytes(net[-1].to_bytes({"classifier": "cnn", "training_digest": "0"}))
    with pytest.raises(LineamentError, match="weights of the architecture"):
        load_model(tmp_path / "cnn.safetensors")
