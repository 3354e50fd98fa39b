"""How a network is trained: numbers that belong to an architecture, each of which a user may set otherwise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from ...data.errors import LineamentError, check_choice

OPTIMISERS = {
    "adam": "Adam (Kingma and Ba 2015)",
    "adamw": "Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
    "sgd": "stochastic gradient descent with Nesterov's momentum",
}
SCHEDULES = {
    "plateau": "smaller by plateau_factor where the validation loss has not fallen for a third of patience",
    "cosine": "falls along half a cosine to zero over all epochs (Loshchilov and Hutter 2017)",
    "one-cycle": "climbs for the share warm_up of all epochs, then falls along half a cosine (Smith 2018)",
}
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Augmentation:
    """How much a training picture is changed at random, at most.

    Parameters
    ----------
    turn_deg : float
        Degrees to either side.
    scale : float
        Zoom in or out, as a share of the picture's size.
    shift : float
        Share of half the picture's size, along either axis.
    mirror : bool
        Half of the pictures are mirrored.
    brightness : float
        Added or taken away, as a share of half the range of gray.
    contrast : float
        Differences from the picture's mean grow or shrink by up to this share.
    erase : float
        Share of the pictures of which a rectangle of .1 to .4 of either side is made gray (Zhong et al. 2020).
    mixup : float
        Every batch is mixed with itself in another order, in a proportion drawn from Beta(mixup, mixup), its labels
        alike (Zhang et al. 2018); 0 for not at all.
    """

    turn_deg: float = 10.0
    scale: float = 0.1
    shift: float = 0.1
    mirror: bool = True
    brightness: float = 0.0
    contrast: float = 0.0
    erase: float = 0.0
    mixup: float = 0.0

    def __post_init__(self):
        _check(self)


@dataclass(frozen=True)
class TrainingRecipe:
    """Numbers of a training.

    Parameters
    ----------
    max_epochs : int
        How long training takes at most; the schedules "cosine" and "one-cycle" end there.
    patience : int
        With the schedule "plateau", training stops when the validation loss has not fallen for so many epochs. The
        weights of the epoch with the smallest validation loss are kept, whatever the schedule.
    optimiser : key of `OPTIMISERS`
    learning_rate : float
        The largest one.
    momentum : float
        Of "sgd".
    weight_decay : float
        Of weights, not of biases and normalisations.
    schedule : key of `SCHEDULES`
    plateau_factor, warm_up : float
        Of schedules.
    batch_size : int
    label_smoothing : float
        Share of every label that is spread over all labels.
    average : float
        Decay of an exponential moving average of the weights, which is validated and kept in their place; 0 for none.
    test_flip : bool
        An answer is the mean of those about the picture and its mirror image.
    channels_last : bool
        Channels of a pixel lie together in memory: faster on a CPU, the same net.
    bfloat16 : bool
        Training multiplies in bfloat16 where the processor has instructions for it; answers are given in float32.
    validation_share : float
        Share of the training pictures that says which epoch is best.
    augmentation : Augmentation
    """

    max_epochs: int = 40
    patience: int = 8
    optimiser: str = "adam"
    learning_rate: float = 2e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    schedule: str = "plateau"
    plateau_factor: float = 0.5
    warm_up: float = 0.25
    batch_size: int = 64
    label_smoothing: float = 0.05
    average: float = 0.0
    test_flip: bool = False
    channels_last: bool = True
    bfloat16: bool = False
    validation_share: float = 0.1
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self):
        check_choice("optimiser", self.optimiser, OPTIMISERS)
        check_choice("schedule", self.schedule, SCHEDULES)
        _check(self)

    def changed(self, settings: Mapping[str, object]) -> "TrainingRecipe":
        """The recipe with other values of its fields, or of its augmentation's, by name; values may be text.

        >>> TrainingRecipe().changed({"optimiser": "sgd", "mixup": "0.2"}).augmentation.mixup
        0.2

        Raises
        ------
        LineamentError
            For an unknown name, or a value that its field does not take.
        """
        own, amounts = {}, {}
        for name, value in settings.items():
            check_choice("setting of a network", name, SETTINGS)
            into = amounts if hasattr(self.augmentation, name) else own
            into[name] = parsed(name, value, SETTINGS[name])
        return replace(self, **own, augmentation=replace(self.augmentation, **amounts))


SETTINGS: dict[str, type] = {
    one.name: type(one.default)
    for of in (TrainingRecipe, Augmentation)
    for one in fields(of)
    if one.name != "augmentation"
}
# Batch normalisation cannot learn from a batch of one.
LEAST = {"max_epochs": 1, "patience": 1, "validation_share": 0.01, "batch_size": 2}
BELOW_ONE = ("momentum", "warm_up", "label_smoothing", "average", "validation_share", "scale", "shift", "contrast")


def parsed(name: str, value, kind: type):
    """A setting of the kind of its field, from itself or from text.

    Raises
    ------
    LineamentError
        If it is none.
    """
    if kind is bool and isinstance(value, str) and value.lower() in TRUTHS:
        return TRUTHS[value.lower()]
    number = kind is float and isinstance(value, int) and not isinstance(value, bool)
    if type(value) is kind or number:
        return kind(value)
    try:
        if isinstance(value, str) and kind is not bool:
            return kind(value)
    except ValueError:
        pass
    asked = {bool: "true or false", int: "a whole number", float: "a number"}.get(kind, "text")
    raise LineamentError(f"The setting {name} of a network is {value!r}: give {asked}.")


def _check(numbers):
    """Raise `LineamentError` where a number of a recipe is out of its range."""
    for one in fields(numbers):
        value = getattr(numbers, one.name)
        if not isinstance(value, int | float):
            continue
        least = LEAST.get(one.name, 0)
        if not least <= value < math.inf or (one.name in BELOW_ONE and value >= 1):
            most = ", less than 1" if one.name in BELOW_ONE else ""
            raise LineamentError(f"The setting {one.name} of a network is {value}: give {least} or more{most}.")
