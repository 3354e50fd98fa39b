import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from lineament.data import LineamentError

torch = pytest.importorskip("torch", reason="the cnn extra is not installed")
import safetensors.torch  # noqa: E402

from lineament.classifiers import CLASSIFIERS, make_classifier  # noqa: E402
from lineament.classifiers.nets import ARCHITECTURES  # noqa: E402
from lineament.classifiers.nets.estimator import CNNClassifier  # noqa: E402
from lineament.classifiers.nets.mini_xception import MiniXception  # noqa: E402

ONE = {"max_epochs": 1}


@pytest.fixture(scope="module")
def stripes():
    """Upright and lying stripes: nothing that one pixel tells."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 240)
    phase = rng.random(240) * 6
    wave = 127 + 90 * np.sin(np.arange(48)[None] * 0.7 + phase[:, None])
    X = np.where(y[:, None, None] == 1, wave[:, None, :], wave[:, :, None]) + rng.normal(0, 20, (240, 48, 48))
    return X.clip(0, 255).astype(np.uint8), np.array(["lying", "upright"])[y]


def test_it_has_about_60_thousand_parameters():
    assert 50_000 < sum(parameter.numel() for parameter in MiniXception(7).parameters()) < 65_000


def test_it_learns_stops_and_repeats(stripes):
    X, y = stripes
    fits = [
        CNNClassifier(settings={"max_epochs": 8, "batch_size": 32}, random_state=3).fit(X[:200], y[:200])
        for _ in range(2)
    ]
    assert (fits[0].predict(X[200:]) == y[200:]).mean() > 0.8
    np.testing.assert_array_equal(*(fit.predict_proba(X[200:]) for fit in fits))
    assert set(fits[0].history_[0]) == {"epoch", "train_loss", "valid_loss", "train_accuracy", "valid_accuracy"}
    assert len(fits[0].history_) <= 8


def test_validation_keeps_groups_apart(stripes, monkeypatch):
    X, y = stripes
    seen = []
    parts = CNNClassifier._parts
    monkeypatch.setattr(CNNClassifier, "_parts", lambda self, *data: seen.extend(parts(self, *data)) or seen)
    groups = np.arange(len(X)) // 12
    CNNClassifier(settings=ONE).fit(X, y, groups=groups)
    learned, validated = (set(groups[part.rows]) for part in seen)
    assert learned and validated and not learned & validated


def test_a_saved_net_predicts_the_same(stripes):
    X, y = stripes
    net = CNNClassifier(settings=ONE).fit(X, y)
    again, about = CNNClassifier.from_bytes(net.to_bytes({"labels": ["a"]}))
    assert about == {"labels": ["a"]}
    np.testing.assert_allclose(again.predict_proba(X[:9]), net.predict_proba(X[:9]), atol=1e-6)


def test_class_weights_follow_the_counts(stripes):
    X, y = stripes
    net = CNNClassifier(class_weight="balanced")
    net.classes_ = np.array(["lying", "upright"])
    weights = net._class_weights(np.array([0, 0, 0, 1]))
    assert weights[1] == pytest.approx(3 * weights[0])


@pytest.mark.parametrize("shape", [(4, 48), (4, 32, 32)])
def test_wrong_pictures_are_refused(shape):
    with pytest.raises(ValueError, match="gray faces of shape"):
        CNNClassifier().fit(np.zeros(shape, dtype=np.uint8), np.array([0, 1, 0, 1]))


def test_without_torch_the_install_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(LineamentError, match=r"pip install 'lineament\[cnn\]'"):
        make_classifier("cnn")


def test_a_run_without_a_network_does_not_import_torch():
    """Neither the process that evaluates nor those that it starts; nor the other slow libraries."""
    program = """
import sys
import numpy as np
from joblib import Parallel, delayed
from lineament.classifiers import CLASSIFIERS, make_classifier

SLOW = ("torch", "safetensors", "imblearn", "skops", "matplotlib")

def slow(name, X, y):
    make_classifier(name).fit(X, y)
    return [library for library in SLOW if library in sys.modules]

X = np.random.default_rng(0).normal(size=(60, 4))
seen = Parallel(n_jobs=2)(delayed(slow)(name, X, np.arange(60) % 2) for name in ("svm", "lda"))
print([library for library in SLOW if library in sys.modules], *seen)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split("\n")[0] == "[] [] []", done.stderr


def test_every_architecture_is_a_classifier_of_crops():
    for name, architecture in ARCHITECTURES.items():
        assert CLASSIFIERS[name].takes == "crops" and CLASSIFIERS[name].about == architecture.about
        crops = torch.zeros(2, 1, architecture.side, architecture.side)
        assert architecture.load()(5)(crops).shape == (2, 5)


def test_training_begins_with_the_weights_of_a_file(stripes, tmp_path, monkeypatch):
    """A head for other classes is left at random; the body is taken."""
    X, y = stripes
    settings = {"max_epochs": 1, "learning_rate": 0.0, "batch_size": 16}
    first = CNNClassifier(settings=ONE, random_state=1).fit(X[:60], y[:60])
    (tmp_path / "body.safetensors").write_bytes(first.to_bytes({}))
    weighted = replace(ARCHITECTURES["cnn"], weights=tmp_path / "body.safetensors")
    monkeypatch.setitem(ARCHITECTURES, "cnn", weighted)
    again = CNNClassifier(settings=settings).fit(X[:60], np.arange(60) % 3)
    known, taken = first.module_.state_dict(), again.module_.state_dict()
    assert taken["head.weight"].shape[0] == 3 and torch.equal(taken["stem.0.weight"], known["stem.0.weight"])


@pytest.mark.parametrize("damage", [lambda content: content[:40], lambda content: content[8:], lambda content: b""])
def test_damaged_files_are_refused(stripes, damage):
    X, y = stripes
    content = CNNClassifier(settings=ONE).fit(X[:40], y[:40]).to_bytes({})
    with pytest.raises((LineamentError, ValueError, KeyError)):
        CNNClassifier.from_bytes(damage(content))


def test_weights_of_another_number_of_classes_are_refused(stripes):
    X, y = stripes
    net = CNNClassifier(settings=ONE).fit(X[:40], y[:40])
    net.classes_ = np.array(["a", "b", "c"])
    with pytest.raises(LineamentError, match="weights of the architecture 'cnn'"):
        CNNClassifier.from_bytes(net.to_bytes({}))


def test_a_file_of_before_is_read(stripes):
    """Fields of the recipe stood among the parameters, and nothing was set besides."""
    X, y = stripes
    net = CNNClassifier(settings=ONE | {"batch_size": 16}).fit(X[:40], y[:40])
    older = {"architecture": "cnn", "max_epochs": 1, "patience": 8, "learning_rate": 0.002, "batch_size": 16}
    params = older | {"class_weight": None, "random_state": 0}
    header = {"params": params, "classes": ["lying", "upright"], "about": {}}
    weights = {name: value.contiguous() for name, value in net.module_.state_dict().items()}
    content = safetensors.torch.save(weights, metadata={"lineament": json.dumps(header)})
    again, _ = CNNClassifier.from_bytes(content)
    np.testing.assert_allclose(again.predict_proba(X), net.predict_proba(X), atol=1e-6)
    assert again.recipe_.batch_size == 16
