"""Nine convolutions, with max pooling after each third."""

from torch import nn

from .blocks import ConvNormReLU

WIDTHS = (32, 64, 128)


class NineConv(nn.Sequential):
    """480 thousand parameters: (b, 1, 48, 48) to class scores (b, k).

    The other net of a live demonstration beside mini-Xception. Its source tells the number of convolutions and where it
    pools, not how wide they are: WIDTHS, batch normalisation and dropout are ours.
    """

    def __init__(self, n_classes):
        layers, c_in = [], 1
        for c in WIDTHS:  # (b, 32, 24, 24), (b, 64, 12, 12), (b, 128, 6, 6)
            layers += [ConvNormReLU(c_in, c), ConvNormReLU(c, c), ConvNormReLU(c, c), nn.MaxPool2d(2), nn.Dropout(0.2)]
            c_in = c
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c_in, n_classes))
