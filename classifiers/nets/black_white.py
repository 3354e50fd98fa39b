"""A convolutional network that sees the face in black and white."""

import torch
from torch import nn

LEVELS = 256


class BlackWhite(nn.Sequential):
    """350 thousand parameters: (b, 1, 48, 48) to class scores (b, k).

    Convolutions with ReLU, dropout and a dense layer on a thresholded face, as its source tells (61.9 % accuracy); how
    many and how wide is not told there and ours. With `gray` it sees the face as it is.
    """

    def __init__(self, n_classes, gray=False):
        super().__init__(
            nn.Identity() if gray else Otsu(),
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),  # (b, 32, 24, 24)
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),  # (b, 64, 12, 12)
            nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),  # (b, 64, 6, 6)
            nn.Flatten(), nn.Linear(64 * 36, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, n_classes),
        )  # fmt: skip


class Otsu(nn.Module):
    """Pictures (b, 1, h, w) in -1 … 1 to 1 above each one's own threshold and -1 elsewhere.

    The threshold parts the levels of gray into the two groups whose means lie farthest apart, weighed by their sizes
    (Otsu 1979).
    """

    def forward(self, x):
        level = ((x + 1) * ((LEVELS - 1) / 2)).round().long().clamp(0, LEVELS - 1)
        threshold = otsu_thresholds(level.flatten(1))[:, None, None, None]
        return torch.where(level > threshold, 1.0, -1.0).to(x.dtype)


def otsu_thresholds(level: torch.Tensor) -> torch.Tensor:
    """Otsu's threshold (b,) of levels (b, n) in 0 … 255; levels up to it are the dark group."""
    counts = torch.zeros(len(level), LEVELS, dtype=torch.float64)
    counts.scatter_add_(1, level, torch.ones_like(level, dtype=torch.float64))
    below = counts.cumsum(dim=1)  # pixels up to each level
    total = (counts * torch.arange(LEVELS)).cumsum(dim=1)  # their sum of levels
    n, whole = below[:, -1:], total[:, -1:]
    between = (whole * below - n * total) ** 2 / (below * (n - below)).clamp(min=1)
    return between.argmax(dim=1)
