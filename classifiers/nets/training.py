"""A network learns from pictures by a recipe: epoch by epoch, so that it can be stopped and go on."""

import copy
import hashlib
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from ...data.errors import LineamentError
from ...data.files import write_atomically
from .augmentation import augmented, mixed
from .processor import multiplying
from .recipe import TrainingRecipe
from .schedule import is_over, learning_rate, optimiser_of

log = logging.getLogger(__name__)

AT_ONCE = 256  # pictures that are asked about in one batch


@dataclass(frozen=True)
class Pictures:
    """Gray pictures (n, side, side) uint8 and the numbers of their classes (n,); `images` may lie on a disk.

    `rows` are those of them that count; a net takes them `side` px large.
    """

    images: np.ndarray
    target: np.ndarray
    rows: np.ndarray
    side: int

    def __len__(self):
        return len(self.rows)

    def batches(self, size: int, order: np.ndarray | None = None) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Pictures (b, 1, side, side) in -1 … 1 and classes (b,), all rows once; a last one alone is left out."""
        rows = self.rows if order is None else self.rows[order]
        for start in range(0, len(rows), size):
            chosen = rows[start : start + size]
            if len(chosen) > 1 or order is None:
                yield as_input(self.images[chosen], self.side), torch.from_numpy(self.target[chosen])


def as_input(images: np.ndarray, side: int) -> torch.Tensor:
    """Gray pictures (b, h, h) uint8 as float32 (b, 1, side, side) in -1 … 1; larger ones are made smaller."""
    pixels = torch.from_numpy(np.array(images)).unsqueeze(1).float().sub_(127.5).div_(127.5)
    if pixels.shape[-1] == side:
        return pixels
    return nn.functional.interpolate(pixels, (side, side), mode="bilinear", antialias=True, align_corners=False)


class NotFiniteError(ArithmeticError):
    """A loss that is no number any more."""


class Training:
    """One training of a net, an epoch at a time.

    Whatever an epoch draws at random follows from the seed and its number: `state` after an epoch is all that is needed
    to go on as if nothing had been in between.

    Parameters
    ----------
    module : torch.nn.Module
        Changed in place.
    train, valid : Pictures
    recipe : TrainingRecipe
    class_weights : tensor of shape (k,), or None
    seed : int
    """

    def __init__(self, module: nn.Module, train: Pictures, valid: Pictures, recipe: TrainingRecipe, *, seed: int,
                 class_weights: torch.Tensor | None = None):  # fmt: skip
        self.module = module.to(memory_format=torch.channels_last) if recipe.channels_last else module
        self.average = copy.deepcopy(self.module) if recipe.average else None
        self.train, self.valid, self.recipe = train, valid, recipe
        self.class_weights, self.seed = class_weights, seed
        self.optimiser = optimiser_of(self.module, recipe)
        self.history: list[dict] = []
        self.best: dict[str, torch.Tensor] | None = None

    @property
    def losses(self) -> list[float]:
        """Validation losses of the epochs so far."""
        return [epoch["valid_loss"] for epoch in self.history]

    @property
    def is_over(self) -> bool:
        """True if the recipe has no further epoch."""
        return is_over(self.recipe, self.losses)

    @property
    def judged(self) -> nn.Module:
        """The net that is validated and kept: the average where the recipe has one."""
        return self.module if self.average is None else self.average

    def epoch(self) -> dict:
        """Train for one epoch and validate; its row of the history.

        Raises
        ------
        NotFiniteError
            If a loss is not finite; the history and the best weights stay as they were.
        """
        start = time.perf_counter()
        trained = self._learned(np.random.default_rng((self.seed, len(self.history))))
        valid = self._validated()
        row = {
            "epoch": len(self.history) + 1,
            "train_loss": trained[0],
            "valid_loss": valid[0],
            "train_accuracy": trained[1],
            "valid_accuracy": valid[1],
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "seconds": time.perf_counter() - start,
        }
        if valid[0] < min(self.losses, default=math.inf):
            self.best = {name: value.clone() for name, value in self.judged.state_dict().items()}
        self.history.append(row)
        return row

    def _learned(self, random):
        """One pass over the training pictures: mean loss and accuracy on the changed pictures."""
        torch.manual_seed(int(random.integers(2**63)))  # of dropout
        self.module.train()
        sums, size = np.zeros(3), self.recipe.batch_size
        n_batches = math.ceil(len(self.train) / size)
        for number, (images, target) in enumerate(self.train.batches(size, random.permutation(len(self.train)))):
            self._set_rate((len(self.history) + number / n_batches) / self.recipe.max_epochs)
            images = augmented(images, random, self.recipe.augmentation)
            images, other, share = mixed(images, target, random, self.recipe.augmentation)
            loss, scores = self._loss(images, target, other, share)
            if not torch.isfinite(loss):
                raise NotFiniteError
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.optimiser.step()
            self._follow(len(self.history) * n_batches + number)
            sums += _sums(loss, scores, target)
        return tuple((sums[:2] / sums[2]).tolist())

    def _set_rate(self, progress):
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(self.recipe, progress, self.losses)

    def _loss(self, images, target, other, share):
        with multiplying(self.recipe.bfloat16):
            scores = self.module(images)
        scores = scores.float()
        kinds = {"weight": self.class_weights, "label_smoothing": self.recipe.label_smoothing}
        loss = cross_entropy(scores, target, **kinds)
        if share < 1:
            loss = share * loss + (1 - share) * cross_entropy(scores, other, **kinds)
        return loss, scores

    def _follow(self, step):
        """Move the average towards the net; faster at first, or it would remember what was drawn at random."""
        if self.average is None:
            return
        decay = min(self.recipe.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for mean, now in zip(self.average.state_dict().values(), self.module.state_dict().values()):
                mean.lerp_(now, 1 - decay) if mean.is_floating_point() else mean.copy_(now)

    @torch.no_grad()
    def _validated(self):
        """Loss and accuracy on the validation pictures as they are."""
        self.judged.eval()
        sums = np.zeros(3)
        kinds = {"weight": self.class_weights, "label_smoothing": self.recipe.label_smoothing}
        for images, target in self.valid.batches(AT_ONCE):
            scores = self.judged(images)
            sums += _sums(cross_entropy(scores, target, **kinds), scores, target)
        loss, accuracy = (sums[:2] / sums[2]).tolist()
        if not math.isfinite(loss):
            raise NotFiniteError
        return loss, accuracy

    @property
    def state(self) -> dict:
        """All that the epochs so far have left: tensors and plain values."""
        average = None if self.average is None else self.average.state_dict()
        return {
            "history": self.history,
            "best": self.best,
            "module": self.module.state_dict(),
            "average": average,
            "optimiser": self.optimiser.state_dict(),
        }

    @state.setter
    def state(self, state):
        self.history, self.best = state["history"], state["best"]
        self.module.load_state_dict(state["module"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])


def _sums(loss, scores, target):
    """Loss and right answers, each times the number of pictures, and that number."""
    n = len(target)
    return np.array([loss.item() * n, (scores.argmax(dim=1) == target).sum().item(), n])


def train(training: Training, *, name: str, checkpoint: Path | None = None) -> None:
    """Train to the end of the recipe, and put the weights of the best epoch into the net that is judged.

    Parameters
    ----------
    training : Training
    name : str
        Of the net, for messages.
    checkpoint : path or None
        A file that is written after each epoch, and gone on from where it is there.

    Raises
    ------
    LineamentError
        If the loss is not finite in the first epoch.
    """
    if checkpoint and checkpoint.is_file():
        training.state = _read(checkpoint)
        log.info("%s goes on after epoch %d (%s).", name, len(training.history), checkpoint)
    while not training.is_over:
        try:
            row = training.epoch()
        except NotFiniteError:
            _tell_not_finite(training, name)
            break
        log.info("%s", _progress(name, row, training.recipe.max_epochs))
        if checkpoint:
            write_atomically(checkpoint, partial(torch.save, training.state))
    training.judged.load_state_dict(training.best)


def _progress(name, row, most):
    left = (most - row["epoch"]) * row["seconds"]
    return (
        f"{name}: epoch {row['epoch']} of at most {most}, loss {row['train_loss']:.3f}, validation "
        f"{row['valid_loss']:.3f}, accuracy {row['train_accuracy']:.1%}, validation {row['valid_accuracy']:.1%}, "
        f"learning rate {row['learning_rate']:.2g}, {row['seconds']:.1f} s, at most {left / 60:.0f} min left"
    )


def _tell_not_finite(training, name):
    rate, epoch = training.optimiser.param_groups[0]["lr"], len(training.history) + 1
    told = f"The loss of {name} is not finite in epoch {epoch}, at a learning rate of {rate:.2g}"
    cure = f"Try a smaller one: --cnn-settings learning_rate={training.recipe.learning_rate / 10:.2g}."
    if training.best is None:
        raise LineamentError(f"{told}. {cure}")
    kept = training.losses.index(min(training.losses)) + 1
    log.warning("%s: training stopped, and the weights of epoch %d are kept. %s", told, kept, cure)


def _read(checkpoint):
    try:
        return torch.load(checkpoint, weights_only=True)  # tensors and plain values, and no code
    except Exception as error:  # torch raises many types on damaged bytes
        raise LineamentError(f"The checkpoint {checkpoint} cannot be read ({error}). Delete it.") from error


def digest_of(images: np.ndarray, *others: np.ndarray, at_once: int = 4096) -> str:
    """Hexadecimal digest of pictures and of what else a training depends on."""
    digest = hashlib.sha256()
    for values in others:
        digest.update(f"{values.dtype}{values.shape}".encode() + np.ascontiguousarray(values).tobytes())
    for start in range(0, len(images), at_once):
        digest.update(np.ascontiguousarray(images[start : start + at_once]))
    return digest.hexdigest()[:32]
