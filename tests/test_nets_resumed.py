"""Networks that are killed and go on, and losses that are no numbers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the cnn extra is not installed")
import lineament.classifiers.nets.training as training  # noqa: E402
from lineament.data import LineamentError  # noqa: E402
from made_nets import X, Y, fit, weights_of  # noqa: E402

LONGER = {"max_epochs": 4, "average": 0.9, "optimiser": "sgd", "learning_rate": 0.01, "mixup": 0.4, "erase": 0.5}


class Killed(BaseException):
    """What ends a training in its midst."""


@pytest.mark.parametrize("name", ["cnn", "cnn-binary"])
@pytest.mark.parametrize("place", [(1, 0), (2, 1), (3, 2)], ids=str)
@pytest.mark.parametrize("settings", [LONGER, {"max_epochs": 4}], ids=["sgd", "adam"])
def test_a_resumed_training_ends_with_the_same_bits(tmp_path, monkeypatch, name, place, settings):
    """Killed in an epoch, at a batch; started again."""
    whole = fit(name, settings=settings)
    follow, seen = training.Training._follow, []

    def killed(self, step):
        seen.append(len(self.history))
        if seen.count(place[0]) == place[1] + 1 and seen[-1] == place[0]:
            raise Killed
        follow(self, step)

    with monkeypatch.context() as patch:
        patch.setattr(training.Training, "_follow", killed)
        with pytest.raises(Killed):
            fit(name, settings=settings, checkpoints=tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    seen.clear()
    monkeypatch.setattr(
        training.Training, "_follow", lambda self, step: seen.append(len(self.history)) or follow(self, step)
    )
    resumed = fit(name, settings=settings, checkpoints=tmp_path)
    assert min(seen) == place[0], "epochs that were finished are not done again"
    assert torch.equal(weights_of(resumed), weights_of(whole)) and resumed.history_ == whole.history_


def test_a_finished_training_is_read_and_not_repeated(tmp_path, monkeypatch):
    first = fit(checkpoints=tmp_path)
    monkeypatch.setattr(training.Training, "epoch", None)
    again = fit(checkpoints=tmp_path)
    assert torch.equal(weights_of(again), weights_of(first))
    np.testing.assert_array_equal(again.predict_proba(X), first.predict_proba(X))


@pytest.mark.parametrize(
    "changed",
    [{"random_state": 5}, {"X": X[::-1]}, {"y": Y[::-1]}, {"settings": {"learning_rate": 0.5}},
     {"class_weight": "balanced"}, {"settings": {"gray": True}}],
    ids=str,
)  # fmt: skip
def test_the_checkpoint_of_another_training_is_left_alone(tmp_path, changed):
    fit(checkpoints=tmp_path)
    fit(checkpoints=tmp_path, **changed)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_checkpoint_is_told(tmp_path):
    fit(checkpoints=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(LineamentError, match="cannot be read .* Delete it"):
        fit(checkpoints=tmp_path)


def broken(epoch):
    """`cross_entropy` that gives no number from this epoch on."""
    calls = []

    def entropy(scores, target, **kinds):
        calls.append(scores.requires_grad)
        value = original(scores, target, **kinds)
        return value * float("nan") if calls.count(True) > 3 * epoch and scores.requires_grad else value

    original = training.cross_entropy
    return entropy, calls


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_weights(monkeypatch, caplog):
    good = fit(settings={"max_epochs": 1})
    entropy, calls = broken(1)
    monkeypatch.setattr(training, "cross_entropy", entropy)
    stopped = fit(settings={"max_epochs": 5})
    assert "The loss of cnn-binary is not finite in epoch 2" in caplog.text and "epoch 1 are kept" in caplog.text
    assert "--cnn-settings learning_rate=0.0001" in caplog.text
    assert calls.count(True) == 4, "three batches of the first epoch and one of the second"
    assert len(stopped.history_) == 1 and torch.equal(weights_of(stopped), weights_of(good))


def test_a_loss_that_is_never_finite_is_an_error():
    with pytest.raises(LineamentError, match="The loss of cnn-binary is not finite in epoch 1.*learning_rate=1e"):
        fit(settings={"learning_rate": 1e36, "optimiser": "sgd", "max_epochs": 3})
