"""Random changes of training pictures that leave the expression as it is, made on whole batches."""

import numpy as np
import torch
from torch import nn

from .recipe import Augmentation

ERASED = (0.1, 0.4)  # of a picture's side, an erased rectangle's height and width


def augmented(images: torch.Tensor, random: np.random.Generator, amount: Augmentation = Augmentation()) -> torch.Tensor:
    """Each picture (b, 1, h, w) in -1 … 1 moved, lit and partly erased at random, up to the given amounts."""
    return _erased(_lit(_moved(images, random, amount), random, amount), random, amount)


def mixed(
    images: torch.Tensor, target: torch.Tensor, random: np.random.Generator, amount: Augmentation = Augmentation()
) -> tuple[torch.Tensor, torch.Tensor, float]:
    """A batch (b, 1, h, w) mixed with itself in another order: the pictures, the other labels (b,), the own share.

    The own share is .5 or more, and 1 where `mixup` is 0.
    """
    if not amount.mixup:
        return images, target, 1.0
    share = random.beta(amount.mixup, amount.mixup)
    share = max(share, 1 - share)
    other = torch.from_numpy(random.permutation(len(images)))
    return torch.lerp(images[other], images, share), target[other], share


def _moved(images, random, amount):
    """Turned, shifted, zoomed and mirrored or not, by one affine map a picture."""
    if not (amount.turn_deg or amount.scale or amount.shift or amount.mirror):
        return images
    n = len(images)
    uniform = _uniform(random, 5, n)
    angle, scale = uniform[0] * (np.pi * amount.turn_deg / 180), 1 + amount.scale * uniform[1]
    mirror = torch.where((uniform[4] > 0) | (not amount.mirror), 1.0, -1.0)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    x, y = amount.shift * uniform[2], amount.shift * uniform[3]
    theta = torch.stack([cosine * mirror, -sine, x, sine * mirror, cosine, y], dim=1).reshape(n, 2, 3)
    grid = nn.functional.affine_grid(theta, images.shape, align_corners=False)
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _lit(images, random, amount):
    """Brighter or darker, with more or less contrast."""
    if not (amount.brightness or amount.contrast):
        return images
    added, factor = _uniform(random, 2, len(images), 1, 1, 1)
    mean = images.mean(dim=(2, 3), keepdim=True)
    lit = torch.lerp(mean, images, 1 + amount.contrast * factor) + amount.brightness * added
    return lit.clamp(-1, 1)


def _erased(images, random, amount):
    """Some with a gray rectangle."""
    if not amount.erase:
        return images
    n, (height, width) = len(images), images.shape[2:]
    chosen = torch.from_numpy(random.random(n) < amount.erase)[:, None, None]
    rows, columns = (_stripe(random, n, length) for length in (height, width))
    hidden = chosen & rows[:, :, None] & columns[:, None, :]  # (b, h, w)
    return images.masked_fill(hidden[:, None], 0.0)


def _stripe(random, n, length):
    """A stretch of each of n lines, (n, length) bool."""
    size = random.uniform(*ERASED, n) * length
    start = random.random(n) * (length - size)
    place = np.arange(length) + 0.5
    return torch.from_numpy((place >= start[:, None]) & (place < (start + size)[:, None]))


def _uniform(random, *shape):
    """Numbers in -1 … 1."""
    return torch.from_numpy(random.random(shape, dtype=np.float32) * 2 - 1)
