import numpy as np
import pytest
import skops.io

from lineament.classifiers import CLASSIFIERS, SELECTORS
from lineament.classifiers.bundle import load_model, save_model
from lineament.classifiers.registry import make_classifier
from lineament.data import LineamentError

X = np.random.default_rng(0).normal(size=(60, 8))
Y = np.arange(60) % 3
X[:, 0] += Y


@pytest.mark.parametrize("name", [name for name, spec in CLASSIFIERS.items() if spec.takes == "features"])
def test_saved_classifiers_predict_the_same(name, tmp_path):
    model = make_classifier(name, balance="smote").fit(X, Y)
    bundle = load_model(save_model(tmp_path, name, model, about={"labels": ["a", "b", "c"]}))
    np.testing.assert_allclose(bundle.pipeline.predict_proba(X), model.predict_proba(X))
    assert bundle.about == {"classifier": name, "takes": "features", "labels": ["a", "b", "c"]}


@pytest.mark.parametrize("selector", SELECTORS)
def test_saved_selectors_select_the_same(selector, tmp_path):
    model = make_classifier("lda", selector=selector, n_features=2).fit(X, Y)
    bundle = load_model(save_model(tmp_path, "lda", model, about={}))
    np.testing.assert_allclose(bundle.pipeline.predict_proba(X), model.predict_proba(X))


def test_saved_nets_predict_the_same(tmp_path):
    pytest.importorskip("torch")
    images = np.random.default_rng(0).integers(0, 255, (40, 48, 48), dtype=np.uint8)
    model = make_classifier("cnn", max_epochs=1).fit(images, np.arange(40) % 2)
    bundle = load_model(save_model(tmp_path, "cnn", model, about={}))
    np.testing.assert_allclose(bundle.pipeline.predict_proba(images), model.predict_proba(images), atol=1e-6)


def test_strange_files_are_refused(tmp_path):
    with pytest.raises(LineamentError, match="Cannot read the model"):
        load_model(tmp_path / "none.skops")
    with pytest.raises(LineamentError, match="kind of model file"):
        load_model(tmp_path / "model.pkl")
    (tmp_path / "bad.skops").write_bytes(b"nonsense")
    with pytest.raises(LineamentError, match="no model of Lineament"):
        load_model(tmp_path / "bad.skops")
    skops.io.dump({"pipeline": np.random.RandomState, "about": "{}"}, tmp_path / "evil.skops")
    with pytest.raises(LineamentError):
        load_model(tmp_path / "evil.skops")
