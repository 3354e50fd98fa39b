"""Optimisers, and how fast they learn when."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from .recipe import TrainingRecipe

START = 0.04  # of the largest learning rate, where one cycle begins
FALLEN = 1 - 1e-4  # of the smallest loss so far; what is above has not fallen
BUILDERS = {
    "adam": lambda groups, recipe: torch.optim.Adam(groups, lr=recipe.learning_rate),
    "adamw": lambda groups, recipe: torch.optim.AdamW(groups, lr=recipe.learning_rate),
    "sgd": lambda groups, recipe: torch.optim.SGD(
        groups, lr=recipe.learning_rate, momentum=recipe.momentum, nesterov=recipe.momentum > 0
    ),
}


def optimiser_of(module: nn.Module, recipe: TrainingRecipe) -> torch.optim.Optimizer:
    """The optimiser of a recipe; weights with two axes or more decay, biases and normalisations do not."""
    parameters = [one for one in module.parameters() if one.requires_grad]
    groups = [
        {"params": [one for one in parameters if one.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [one for one in parameters if one.ndim <= 1], "weight_decay": 0.0},
    ]
    return BUILDERS[recipe.optimiser](groups, recipe)


def learning_rate(recipe: TrainingRecipe, progress: float, losses: Sequence[float]) -> float:
    """The learning rate at `progress` in 0 … 1 of all epochs, after epochs with these validation losses.

    >>> learning_rate(TrainingRecipe(schedule="cosine", learning_rate=0.1), 0.5, [])
    0.05
    """
    return recipe.learning_rate * FACTORS[recipe.schedule](recipe, progress, losses)


def _plateau(recipe, progress, losses):
    factor, best, waited = 1.0, math.inf, 0
    for loss in losses:
        waited = 0 if loss < best * FALLEN else waited + 1
        best = min(best, loss)
        if waited > recipe.patience // 3:
            factor, waited = factor * recipe.plateau_factor, 0
    return factor


def _cosine(recipe, progress, losses):
    return round((1 + math.cos(math.pi * progress)) / 2, 12)


def _one_cycle(recipe, progress, losses):
    if progress < recipe.warm_up:
        return START + (1 - START) * progress / recipe.warm_up
    return _cosine(recipe, (progress - recipe.warm_up) / (1 - recipe.warm_up), losses)


FACTORS = {"plateau": _plateau, "cosine": _cosine, "one-cycle": _one_cycle}


def is_over(recipe: TrainingRecipe, losses: Sequence[float]) -> bool:
    """True after epochs with these validation losses, if training ends there."""
    if len(losses) >= recipe.max_epochs:
        return True
    waited = len(losses) - 1 - losses.index(min(losses)) if losses else 0
    return recipe.schedule == "plateau" and waited >= recipe.patience
