"""Architectures by name, and the classifiers that are made of them. Nothing here needs torch."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path

from ...data.errors import LineamentError, check_choice
from ..spec import CROPS, ClassifierSpec
from .recipe import SETTINGS, Augmentation, TrainingRecipe, parsed


@dataclass(frozen=True)
class Architecture:
    """One network that can be asked for by name.

    Parameters
    ----------
    about : str
    module : str
        Where its `torch.nn.Module` is, as "module:Class" in this folder; built as `Class(n_classes, **options)`. It
        takes float32 (b, 1, side, side) in -1 … 1 and gives class scores (b, k).
    side : int
        Of the square gray crop that it takes, px. A run takes crops as large as the largest of its networks asks for;
        the others make them smaller.
    recipe : TrainingRecipe
    options : mapping
        What its class leaves to choose besides, with the values that it has unless another is set.
    weights : path or None
        A file that training begins with, of whose weights those with known names and shapes are taken; None for weights
        at random.
    """

    about: str
    module: str
    side: int = 48
    recipe: TrainingRecipe = field(default_factory=TrainingRecipe)
    options: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    weights: Path | None = None

    def load(self) -> Callable:
        """The class of the network; imports torch."""
        module, _, name = self.module.partition(":")
        return getattr(import_module(f".{module}", __package__), name)

    def settled(self, settings: Mapping[str, object]) -> tuple[TrainingRecipe, dict]:
        """The recipe and the options of the class under these settings.

        A setting that belongs to another network is left out.

        Raises
        ------
        LineamentError
            For a name that no network knows, or a value that it does not take.
        """
        for name in settings:
            check_choice("setting of a network", name, setting_names())
        own = {name: value for name, value in settings.items() if name in self.options}
        options = {name: parsed(name, own.get(name, value), type(value)) for name, value in self.options.items()}
        return self.recipe.changed({name: settings[name] for name in settings if name in SETTINGS}), options


ARCHITECTURES = {
    "cnn": Architecture("mini-Xception on the 48x48 gray face; not tuned", "mini_xception:MiniXception"),
    "cnn-nine-conv": Architecture(
        "nine convolutions with pooling after each third; not tuned",
        "nine_conv:NineConv",
        recipe=TrainingRecipe(learning_rate=1e-3),
    ),
    "cnn-four-conv": Architecture(
        "four wide convolutions and two dense layers, 4.5 million weights; not tuned",
        "four_conv:FourConv",
        recipe=TrainingRecipe(learning_rate=5e-4, bfloat16=True),
    ),
    "cnn-binary": Architecture(
        "three convolutions on the face in black and white, or with gray=true as it is; not tuned",
        "black_white:BlackWhite",
        recipe=TrainingRecipe(learning_rate=1e-3, label_smoothing=0.0),
        options={"gray": False},
    ),
    "cnn-vgg": Architecture(
        "VGG for small faces (after Khaireddin and Chen 2021), 40 million weights; takes hours on a CPU",
        "vgg:VGG",
        recipe=TrainingRecipe(
            max_epochs=300,
            patience=45,
            optimiser="sgd",
            learning_rate=0.01,
            weight_decay=1e-4,
            plateau_factor=0.75,
            label_smoothing=0.0,
            bfloat16=True,
            test_flip=True,
            augmentation=Augmentation(scale=0.2, shift=0.2, erase=0.5),
        ),
    ),
    "cnn-small": Architecture(
        "residual network made for a CPU, 1 million weights; not tuned",
        "small:Small",
        recipe=TrainingRecipe(
            optimiser="sgd",
            learning_rate=0.1,
            weight_decay=5e-4,
            schedule="one-cycle",
            batch_size=128,
            average=0.998,
            bfloat16=True,
            test_flip=True,
        ),
    ),
    "cnn-resnet18": Architecture(
        "ResNet18, 11 million weights, from those of ImageNet with --cnn-weights FILE; not tuned",
        "resnet18:ResNet18",
        recipe=TrainingRecipe(
            optimiser="sgd",
            learning_rate=0.02,
            weight_decay=1e-4,
            schedule="cosine",
            label_smoothing=0.1,
            bfloat16=True,
            test_flip=True,
            augmentation=Augmentation(scale=0.2, shift=0.2, brightness=0.2, contrast=0.2, mixup=1.0),
        ),
    ),
}


def setting_names() -> list[str]:
    """All that can be set of a network: fields of its training recipe, and options of single networks."""
    return [*SETTINGS, *(name for architecture in ARCHITECTURES.values() for name in architecture.options)]


def check_settings(settings: Mapping[str, object] | None) -> None:
    """Raise `LineamentError` where a network could not be trained with these settings."""
    for architecture in ARCHITECTURES.values():
        architecture.settled(settings or {})


def side_of(name: str) -> int:
    """The side of the crops that a network takes, px."""
    return ARCHITECTURES[check_choice("architecture", name, ARCHITECTURES)].side


def check_torch(name: str = "cnn") -> None:
    """Raise `LineamentError` with the install line where torch is missing."""
    # Threads that wait sleep instead of spinning: on a busy machine two that spin for each other take ten times as
    # long. OpenMP reads this when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
    except ModuleNotFoundError as missing:
        raise LineamentError(
            f"The classifier '{name}' needs PyTorch ({missing}). Run: pip install 'lineament[cnn]' "
            f"(from a clone: pip install -e '.[cnn]'), or leave {name} out of --classifiers."
        ) from missing


def _build(name, *, random_state, class_weight, max_epochs=None, settings=None, weights=None, checkpoints=None):
    check_torch(name)
    from .estimator import CNNClassifier

    given = dict(settings or {}) | ({} if max_epochs is None else {"max_epochs": max_epochs})
    return CNNClassifier(
        architecture=name,
        settings=given or None,
        weights=weights,
        checkpoints=checkpoints,
        class_weight=class_weight,
        random_state=random_state,
    )


OPTIONS = ("max_epochs", "settings", "weights", "checkpoints")
CLASSIFIERS = {
    name: ClassifierSpec(partial(_build, name), CROPS, architecture.about, options=OPTIONS)
    for name, architecture in ARCHITECTURES.items()
}
