"""A residual network for a CPU: dense 3x3 convolutions, which processors do best, on few pixels."""

from torch import nn

from .blocks import ConvNormReLU, ResidualBlock


class Small(nn.Sequential):
    """990 thousand parameters, 62 million multiplications: (b, 1, 48, 48) to class scores (b, k).

    The first convolution halves the picture already: a face's 48 pixels are mostly smooth, and three quarters of the
    work lie in what is left out. Depthwise convolutions would need fewer multiplications and take longer.
    """

    def __init__(self, n_classes):
        super().__init__(
            ConvNormReLU(1, 32, stride=2),  # (b, 32, 24, 24)
            ResidualBlock(32, 32), ResidualBlock(32, 32),
            ResidualBlock(32, 64, stride=2), ResidualBlock(64, 64),  # (b, 64, 12, 12)
            ResidualBlock(64, 128, stride=2), ResidualBlock(128, 128),  # (b, 128, 6, 6)
            nn.MaxPool2d(2),  # (b, 128, 3, 3)
            ResidualBlock(128, 128),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(128, n_classes),
        )  # fmt: skip
