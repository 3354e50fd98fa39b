"""Random changes of training pictures that leave the expression as it is."""

import numpy as np
import torch
from torch import nn

from .recipe import Augmentation


def augmented(images: torch.Tensor, generator: torch.Generator, amount: Augmentation = Augmentation()) -> torch.Tensor:
    """Each picture (b, 1, h, w) turned, shifted, scaled and mirrored or not, at random up to the given amounts."""
    n = len(images)
    uniform = torch.rand(5, n, generator=generator) * 2 - 1  # in -1 … 1
    angle, scale = uniform[0] * (np.pi * amount.turn_deg / 180), 1 + amount.scale * uniform[1]
    mirror = torch.where((uniform[4] > 0) | (not amount.mirror), 1.0, -1.0)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    x, y = amount.shift * uniform[2], amount.shift * uniform[3]
    theta = torch.stack([cosine * mirror, -sine, x, sine * mirror, cosine, y], dim=1).reshape(n, 2, 3)
    grid = nn.functional.affine_grid(theta, images.shape, align_corners=False)
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
