"""Four wide convolutions and two dense layers, as behind many a web page."""

from torch import nn

from .blocks import ConvNormReLU

DROPPED = 0.2


class FourConv(nn.Sequential):
    """4.5 million parameters: (b, 1, 48, 48) to class scores (b, k).

    64 at 3x3, 128 at 5x5, 512 at 3x3, 512 at 3x3, each with batch normalisation, ReLU, max pooling and dropout; two
    dense layers of 256 and 512. Its source reports 66 % on FER2013's test part, 67 % with augmentation.
    """

    def __init__(self, n_classes):
        super().__init__(
            ConvNormReLU(1, 64), nn.MaxPool2d(2), nn.Dropout(DROPPED),  # (b, 64, 24, 24)
            ConvNormReLU(64, 128, side=5), nn.MaxPool2d(2), nn.Dropout(DROPPED),  # (b, 128, 12, 12)
            ConvNormReLU(128, 512), nn.MaxPool2d(2), nn.Dropout(DROPPED),  # (b, 512, 6, 6)
            ConvNormReLU(512, 512), nn.MaxPool2d(2), nn.Dropout(DROPPED),  # (b, 512, 3, 3)
            nn.Flatten(),  # (b, 4608)
            _Dense(512 * 9, 256), _Dense(256, 512), nn.Linear(512, n_classes),
        )  # fmt: skip


class _Dense(nn.Sequential):
    """(b, n_in) to (b, n_out)."""

    def __init__(self, n_in, n_out):
        super().__init__(nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.ReLU(inplace=True), nn.Dropout(DROPPED))
