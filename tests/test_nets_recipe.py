"""Every field of the training recipe of networks is used, and wrong values are told."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the cnn extra is not installed")
from dataclasses import fields  # noqa: E402

from lineament.classifiers import make_classifier  # noqa: E402
from lineament.classifiers.nets import ARCHITECTURES, check_settings  # noqa: E402
from lineament.classifiers.nets.recipe import OPTIMISERS, SCHEDULES, SETTINGS, TrainingRecipe  # noqa: E402
from lineament.classifiers.nets.schedule import BUILDERS, FACTORS, is_over, learning_rate  # noqa: E402
from lineament.data import LineamentError  # noqa: E402
from made_nets import X, fit, weights_of  # noqa: E402

# Another value of every field, and what has to be set besides for the field to have a say.
OTHERS = {
    "max_epochs": 1, "optimiser": "sgd", "learning_rate": 0.01, "weight_decay": 0.5, "batch_size": 6,
    "label_smoothing": 0.3, "average": 0.9, "validation_share": 0.5, "turn_deg": 40.0, "scale": 0.4, "shift": 0.4,
    "mirror": False, "brightness": 0.5, "contrast": 0.5, "erase": 1.0, "mixup": 1.0, "schedule": "cosine",
    "momentum": ({"optimiser": "sgd"}, 0.1), "warm_up": ({"schedule": "one-cycle"}, 0.6),
    "patience": ({"max_epochs": 6, "learning_rate": 0.0}, 1),
    "plateau_factor": ({"max_epochs": 5, "patience": 2, "learning_rate": 0.01}, 0.1),
    "test_flip": True, "channels_last": ("cnn", False), "bfloat16": ("cnn", True),
}  # fmt: skip


def test_every_field_has_a_case():
    assert OTHERS.keys() == SETTINGS.keys()


@pytest.mark.parametrize("field", OTHERS)
def test_every_field_of_the_recipe_changes_something(field, monkeypatch):
    monkeypatch.setattr("lineament.classifiers.nets.processor.has_bfloat16", lambda: True)
    besides, value = OTHERS[field] if isinstance(OTHERS[field], tuple) else ({}, OTHERS[field])
    name, besides = (besides, {}) if isinstance(besides, str) else ("cnn-binary", besides)
    one, other = (fit(name, settings=besides | given) for given in ({}, {field: value}))
    assert getattr(other.recipe_, field, None) == value or getattr(other.recipe_.augmentation, field) == value
    if field == "channels_last":  # the same net, in another order of its memory
        orders = [net.module_.stem[3].weight.is_contiguous(memory_format=torch.channels_last) for net in (one, other)]
        assert orders == [True, False]
    else:
        assert one.history_ != other.history_ or not np.array_equal(one.predict_proba(X), other.predict_proba(X))


def test_bfloat16_is_for_processors_that_have_it(monkeypatch):
    monkeypatch.setattr("lineament.classifiers.nets.processor.has_bfloat16", lambda: False)
    one, other = (fit("cnn", settings={"bfloat16": wanted}) for wanted in (False, True))
    assert torch.equal(weights_of(one), weights_of(other))


def test_what_is_chosen_by_name_is_there():
    assert BUILDERS.keys() == OPTIMISERS.keys() and FACTORS.keys() == SCHEDULES.keys()


@pytest.mark.parametrize(
    "optimiser, schedule", [*((name, "plateau") for name in OPTIMISERS), ("sgd", "cosine"), ("sgd", "one-cycle")]
)
def test_stripes_are_learned_by_every_way(optimiser, schedule):
    rng = np.random.default_rng(0)
    y = np.arange(96) % 2
    wave = 127 + 90 * np.sin(np.arange(48) * 0.7 + 6 * rng.random((96, 1)))
    stripes = np.where(y[:, None, None] == 1, wave[:, None, :], wave[:, :, None]) + rng.normal(0, 20, (96, 48, 48))
    stripes = stripes.clip(0, 255).astype(np.uint8)
    rate = 0.05 if optimiser == "sgd" else 2e-3
    settings = {"optimiser": optimiser, "schedule": schedule, "max_epochs": 8, "learning_rate": rate, "turn_deg": 5}
    net = fit("cnn-binary", X=stripes, y=y, settings=settings)
    assert net.score(stripes, y) > 0.9


@pytest.mark.parametrize(
    "schedule, rates",
    [("cosine", [1, 0.5, 0]), ("one-cycle", [0.04, (1 + np.cos(np.pi / 3)) / 2, 0])],
)
def test_schedules_follow_their_formulas(schedule, rates):
    recipe = TrainingRecipe(schedule=schedule, learning_rate=1.0)
    np.testing.assert_allclose([learning_rate(recipe, progress, []) for progress in (0, 0.5, 1)], rates, atol=1e-9)
    if schedule == "one-cycle":
        assert learning_rate(recipe, 0.25, []) == pytest.approx(1)


def test_the_plateau_is_torchs():
    """Against `ReduceLROnPlateau`, on losses that rise and fall."""
    recipe = TrainingRecipe(learning_rate=1.0, patience=6, plateau_factor=0.5)
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=2)
    losses = np.random.default_rng(3).random(60).round(2)
    for n, loss in enumerate(losses, start=1):
        theirs.step(loss)
        assert learning_rate(recipe, 0.5, losses[:n].tolist()) == pytest.approx(optimiser.param_groups[0]["lr"])


def test_training_ends_after_patience_on_a_plateau_alone():
    losses = [3.0, 2.0, 2.5, 2.5]
    assert is_over(TrainingRecipe(patience=2), losses) and not is_over(TrainingRecipe(patience=3), losses)
    assert not is_over(TrainingRecipe(patience=2, schedule="cosine"), losses)
    assert is_over(TrainingRecipe(max_epochs=4, schedule="cosine"), losses)


@pytest.mark.parametrize(
    "settings, told",
    [
        ({"optimizer": "sgd"}, "Did you mean 'optimiser'"),
        ({"optimiser": "sdg"}, "Unknown optimiser 'sdg'. Did you mean 'sgd'"),
        ({"schedule": "step"}, "Unknown schedule 'step'"),
        ({"learning_rate": "fast"}, "learning_rate of a network is 'fast': give a number"),
        ({"learning_rate": "nan"}, "give 0 or more"),
        ({"batch_size": "1"}, "give 2 or more"),
        ({"batch_size": "8.5"}, "give a whole number"),
        ({"momentum": "1"}, "less than 1"),
        ({"mirror": "perhaps"}, "give true or false"),
        ({"gray": "perhaps"}, "give true or false"),
    ],
)
def test_wrong_settings_are_told(settings, told):
    with pytest.raises(LineamentError, match=told):
        check_settings(settings)


def test_settings_as_text_are_those_as_values():
    texts = {"max_epochs": "1", "learning_rate": "5e-3", "mirror": "no", "optimiser": "sgd", "gray": "true"}
    values = {"max_epochs": 1, "learning_rate": 0.005, "mirror": False, "optimiser": "sgd", "gray": True}
    one, other = (ARCHITECTURES["cnn-binary"].settled(given) for given in (texts, values))
    assert one == other and one[1] == {"gray": True} and one[0].augmentation.mirror is False


def test_a_setting_of_another_network_is_left_out():
    assert ARCHITECTURES["cnn"].settled({"gray": True}) == (ARCHITECTURES["cnn"].recipe, {})


def test_flags_reach_the_network():
    net = make_classifier(
        "cnn-binary", max_epochs=3, settings={"gray": "true", "patience": "2"}, balance="class-weight"
    )
    recipe, options = net[-1]._settled()
    assert (recipe.max_epochs, recipe.patience, options, net[-1].class_weight) == (3, 2, {"gray": True}, "balanced")


def test_registries_say_what_they_are_trained_with():
    told = fit().recipe_params_
    assert told.keys() == {*SETTINGS, "gray"} and told["max_epochs"] == 2
    assert {one.name for one in fields(TrainingRecipe)} - told.keys() == {"augmentation"}
