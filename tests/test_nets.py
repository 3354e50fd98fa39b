"""Every network of the registry, on pictures so few that nothing is learned from them."""

import functools

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError

torch = pytest.importorskip("torch", reason="the cnn extra is not installed")
import lineament.classifiers.nets.training as training  # noqa: E402
from lineament.classifiers import ClassifierOptions, Protocol, evaluate, make_folds  # noqa: E402
from lineament.classifiers.evaluate import Execution  # noqa: E402
from lineament.classifiers.nets import ARCHITECTURES  # noqa: E402
from lineament.classifiers.nets.black_white import BlackWhite, otsu_thresholds  # noqa: E402
from lineament.classifiers.nets.estimator import CNNClassifier  # noqa: E402
from lineament.classifiers.nets.mini_xception import MiniXception  # noqa: E402
from lineament.classifiers.nets.resnet18 import ResNet18  # noqa: E402
from lineament.classifiers.nets.weights import load_known  # noqa: E402
from lineament.data import LineamentError, find_duplicates  # noqa: E402
from lineament.features import Inputs  # noqa: E402
from made_nets import X, Y, fit, weights_of  # noqa: E402

EVERY = pytest.mark.parametrize("name", ARCHITECTURES)


@pytest.fixture(scope="module")
def fitted():
    """Each network, fitted once."""
    return functools.cache(fit)


# --- Every architecture -----------------------------------------------------------------------------------------------


@EVERY
def test_probabilities_are_those_of_the_face_however_it_is_asked_for(fitted, name):
    net = fitted(name)
    proba = net.predict_proba(X)
    assert proba.shape == (24, 3) and proba.dtype == np.float64
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.concatenate([net.predict_proba(face[None]) for face in X]), proba, atol=1e-5)
    again, about = CNNClassifier.from_bytes(net.to_bytes({"told": 1}))
    np.testing.assert_allclose(again.predict_proba(X), proba, atol=1e-5)
    assert about == {"told": 1} and again.recipe_ == net.recipe_ and again.classes_.tolist() == net.classes_.tolist()


@EVERY
def test_it_is_an_estimator_as_scikit_learns(fitted, name):
    net = fitted(name)
    unfitted = clone(net)
    assert is_classifier(net) and unfitted.get_params() == net.get_params() and not hasattr(unfitted, "classes_")
    with pytest.raises(NotFittedError):
        unfitted.predict_proba(X)
    assert net.classes_.tolist() == ["glad", "sad", "wry"] and set(net.predict(X)) <= set(net.classes_)
    assert 1 <= len(net.history_) <= 2
    assert 0 <= net.score(X, Y) <= 1


@EVERY
@pytest.mark.parametrize("n_classes", [2, 8])
def test_scores_have_one_column_a_class(name, n_classes):
    architecture = ARCHITECTURES[name]
    net = architecture.load()(n_classes, **architecture.options).eval()
    assert net(torch.zeros(3, 1, architecture.side, architecture.side)).shape == (3, n_classes)


@pytest.mark.parametrize(
    "name, most",
    [("cnn", 60_000), ("cnn-small", 1_000_000), ("cnn-nine-conv", 500_000), ("cnn-four-conv", 4_500_000)],
)
def test_they_are_as_large_as_they_say(name, most):
    n = sum(one.numel() for one in ARCHITECTURES[name].load()(7).parameters())
    assert 0.9 * most < n <= most


def test_mini_xception_is_the_published_one():
    """Keras counts 58,423 numbers for 7 classes at any size: weights, and the means and variances of normalisations."""
    state = MiniXception(7).state_dict()
    assert sum(value.numel() for name, value in state.items() if "num_batches" not in name) == 58_423


@EVERY
def test_layer_sizes_are_what_48_pixels_leave(name):
    """A net that takes 48 px reads at least 3 x 3 places in its last map: else most of the face is padding."""
    net, sizes = ARCHITECTURES[name].load()(7).eval(), []
    for layer in net.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda _, inputs, output: sizes.append(output.shape[-1]))
    net(torch.zeros(2, 1, 48, 48))
    assert min(sizes) >= 3


# --- Labels, pictures, seeds ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [[4, 9], [True, False], ["ß", "a"], [-1.0, 3.0]], ids=str)
def test_labels_of_any_kind_come_back(labels):
    y = np.array(labels)[np.arange(24) % 2]
    net = fit(y=y, settings={"max_epochs": 1})
    assert net.classes_.tolist() == sorted(labels) and net.predict(X).dtype == y.dtype


def test_labels_may_be_a_list():
    assert fit(y=Y.tolist()).classes_.tolist() == ["glad", "sad", "wry"]


@pytest.mark.parametrize(
    "X, y, told",
    [
        (X, Y[:-1], "inconsistent numbers"),
        (X, np.linspace(0, 1, 24), "Unknown label type|continuous"),
        (X, np.full(24, "one"), "one class"),
        (X[:0], Y[:0], "shape"),
        (X.astype(float) / 255, Y, "dtype float64"),
        (X[:, :40], Y, "shape"),
    ],
)
def test_what_cannot_be_learned_is_told(X, y, told):
    with pytest.raises(ValueError, match=told):
        fit(X=X, y=y)


def test_larger_crops_are_made_smaller():
    large = np.kron(X, np.ones((2, 2), dtype=np.uint8))
    small = training.as_input(large, 48)
    assert small.shape == (24, 1, 48, 48)
    assert (small - training.as_input(X, 48)).abs().mean() < 0.3 < (small - small[torch.randperm(24)]).abs().mean()
    assert fit(X=large).predict_proba(large).shape == (24, 3)


def test_pictures_may_lie_on_a_disk(tmp_path):
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    np.testing.assert_array_equal(fit(X=mapped).predict_proba(mapped), fit().predict_proba(X))


def test_the_seed_alone_decides():
    torch.manual_seed(1)
    before = torch.rand(1)
    torch.manual_seed(1)
    first, second, other = fit(), fit(), fit(random_state=1)
    assert torch.equal(torch.rand(1), before), "the random numbers of others are left alone"
    assert torch.equal(weights_of(first), weights_of(second)) and not torch.equal(weights_of(first), weights_of(other))


def test_the_number_of_threads_before_changes_nothing():
    before, nets = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            nets.append(fit("cnn"))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*map(weights_of, nets))


def test_the_number_of_jobs_changes_nothing(toy):
    inputs = Inputs(crops=np.stack(list(toy.images)))
    folds = make_folds(toy, find_duplicates(toy.keys), cv=2, seed=0)
    answers = []
    for n_jobs in (1, 2):
        (one,), models = evaluate(
            ["cnn-binary"], inputs, toy.target, folds=folds, protocol=Protocol(cv=2),
            execution=Execution(n_jobs=n_jobs), options=ClassifierOptions(max_epochs=1),
        )  # fmt: skip
        answers.append((one.proba, weights_of(models["cnn-binary"].pipeline[-1])))
    np.testing.assert_array_equal(*(proba for proba, _ in answers))
    assert torch.equal(*(weights for _, weights in answers))


# --- Black and white --------------------------------------------------------------------------------------------------


def test_otsus_threshold_is_opencvs():
    import cv2

    levels = torch.from_numpy(X).flatten(1).long()
    theirs = [cv2.threshold(face, 0, 255, cv2.THRESH_OTSU)[0] for face in X]
    np.testing.assert_array_equal(otsu_thresholds(levels), theirs)


def test_black_and_white_sees_no_brightness_and_gray_does():
    faces = X // 2
    sees = {}
    for gray in (False, True):
        net = fit(X=faces, settings={"gray": gray})
        sees[gray] = not np.allclose(net.predict_proba(faces), net.predict_proba(faces + 60), atol=1e-6)
    assert sees == {False: False, True: True}
    assert len(BlackWhite(7)) == len(BlackWhite(7, gray=True))


# --- Weights of others ------------------------------------------------------------------------------------------------


@pytest.fixture
def imagenet(tmp_path):
    """A state dict as torchvision's: three colours, a thousand classes."""
    state = ResNet18(1000).state_dict()
    state["conv1.weight"] = torch.rand(64, 3, 7, 7)
    torch.save(state, tmp_path / "resnet18.pth")
    return tmp_path / "resnet18.pth"


def test_resnet18_takes_what_torchvision_hands_out(imagenet):
    net, stored = ResNet18(7), torch.load(imagenet)
    head = net.fc.weight.clone()
    assert load_known(net, imagenet) == len(stored) - 2
    assert torch.equal(net.layer4[1].conv2.weight, stored["layer4.1.conv2.weight"])
    torch.testing.assert_close(net.conv1.weight[:, 0], stored["conv1.weight"].sum(dim=1))
    assert torch.equal(net.fc.weight, head) and net.fc.weight.shape == (7, 512)


def test_its_names_are_torchvisions():
    names = ResNet18(7).state_dict().keys()
    assert {"conv1.weight", "bn1.running_var", "layer2.0.downsample.1.bias", "layer4.1.bn2.weight", "fc.bias"} <= names
    assert len(names) == 122


def test_training_begins_with_weights_of_a_file(imagenet):
    given = {"settings": {"max_epochs": 1, "learning_rate": 0.0}}
    begun, other = fit("cnn-resnet18", weights=imagenet, **given), fit("cnn-resnet18", **given)
    stored = torch.load(imagenet)["layer1.0.conv1.weight"]
    assert torch.equal(begun.module_.layer1[0].conv1.weight, stored)
    assert not torch.equal(other.module_.layer1[0].conv1.weight, stored)
    assert CNNClassifier.from_bytes(begun.to_bytes({}))[0].weights is None


@pytest.mark.parametrize(
    "content, told", [(b"", "no weights"), (b"PK\3\4 and so on", "no weights"), (None, "Cannot read")]
)
def test_files_without_weights_are_told(tmp_path, content, told):
    if content is not None:
        (tmp_path / "w.pth").write_bytes(content)
    with pytest.raises(LineamentError, match=told):
        load_known(MiniXception(7), tmp_path / "w.pth")


def test_weights_of_something_else_are_told(imagenet):
    with pytest.raises(LineamentError, match="Nothing in .* fits MiniXception"):
        load_known(MiniXception(7), imagenet)


class Evil:
    def __reduce__(self):
        return (print, ("this is code",))


def test_code_in_a_file_of_weights_is_not_run(tmp_path, capsys):
    torch.save({"stem.0.weight": Evil()}, tmp_path / "w.pth")
    with pytest.raises(LineamentError, match="no weights that can be read"):
        load_known(MiniXception(7), tmp_path / "w.pth")
    assert "this is code" not in capsys.readouterr().out
