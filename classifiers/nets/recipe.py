"""How a network is trained: numbers that belong to an architecture."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Augmentation:
    """How much a training picture is changed at random, at most.

    `turn_deg` degrees to either side; `scale` and `shift` as shares of the
    picture's size; `mirror`: half of the pictures are mirrored.
    """

    turn_deg: float = 10.0
    scale: float = 0.1
    shift: float = 0.1
    mirror: bool = True


@dataclass(frozen=True)
class TrainingRecipe:
    """Numbers of a training.

    Parameters
    ----------
    max_epochs : int
        Upper bound; training stops when the validation loss has not fallen for `patience` epochs.
    patience : int
    learning_rate : float
        Of Adam, times `plateau_factor` when the validation loss has not fallen for a third of `patience`.
    plateau_factor : float
    batch_size : int
    label_smoothing : float
    validation_share : float
        Share of the training pictures that says when to stop.
    augmentation : Augmentation
    """

    max_epochs: int = 40
    patience: int = 8
    learning_rate: float = 2e-3
    plateau_factor: float = 0.5
    batch_size: int = 64
    label_smoothing: float = 0.05
    validation_share: float = 0.1
    augmentation: Augmentation = field(default_factory=Augmentation)
