"""Architectures by name, and the classifiers that are made of them. Nothing here needs torch."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path

from ...data.errors import LineamentError
from ..spec import CROPS, ClassifierSpec
from .recipe import TrainingRecipe


@dataclass(frozen=True)
class Architecture:
    """One network that can be asked for by name.

    Parameters
    ----------
    about : str
    module : str
        Where its `torch.nn.Module` is, as "module:Class" in this folder; built as `Class(n_classes)`. It takes
        float32 (b, 1, side, side) in -1 … 1 and gives class scores (b, k).
    side : int
        Of the square gray crop that it takes, px.
    recipe : TrainingRecipe
    weights : path or None
        A safetensors file that training begins with, of whose weights those with known names and shapes are taken;
        None for weights at random.
    """

    about: str
    module: str
    side: int = 48
    recipe: TrainingRecipe = field(default_factory=TrainingRecipe)
    weights: Path | None = None

    def load(self) -> Callable:
        """The class of the network; imports torch."""
        module, _, name = self.module.partition(":")
        return getattr(import_module(f".{module}", __package__), name)


ARCHITECTURES = {
    "cnn": Architecture("mini-Xception on the 48x48 gray face; not tuned", "mini_xception:MiniXception"),
}


def check_torch(name: str = "cnn") -> None:
    """Raise `LineamentError` with the install line where torch or skorch is missing."""
    try:
        import safetensors  # noqa: F401
        import skorch  # noqa: F401
        import torch  # noqa: F401
    except ModuleNotFoundError as missing:
        raise LineamentError(
            f"The classifier '{name}' needs PyTorch and skorch ({missing}). Run: pip install 'lineament[cnn]' "
            f"(from a clone: pip install -e '.[cnn]'), or leave {name} out of --classifiers."
        ) from missing


def _build(name, *, random_state, class_weight, max_epochs=None):
    check_torch(name)
    from .estimator import CNNClassifier

    recipe = ARCHITECTURES[name].recipe
    return CNNClassifier(
        architecture=name,
        max_epochs=recipe.max_epochs if max_epochs is None else max_epochs,
        patience=recipe.patience,
        learning_rate=recipe.learning_rate,
        batch_size=recipe.batch_size,
        class_weight=class_weight,
        random_state=random_state,
    )


CLASSIFIERS = {
    name: ClassifierSpec(partial(_build, name), CROPS, architecture.about, options=("max_epochs",))
    for name, architecture in ARCHITECTURES.items()
}
