"""A VGG for small faces."""

from torch import nn

from .blocks import ConvNormReLU

WIDTHS = (64, 128, 256, 512)
DENSE = 4096


class VGG(nn.Sequential):
    """40 million parameters: (b, 1, 48, 48) to class scores (b, k).

    Four pairs of 3x3 convolutions, each pair followed by max pooling; two dense layers of 4096 with dropout.

    Khaireddin and Chen, "Facial Emotion Recognition: State of the Art Performance on FER2013", 2021. They train on
    crops of 40 px for 300 epochs, and average ten crops of a face.
    """

    def __init__(self, n_classes):
        layers, c_in = [], 1
        for c in WIDTHS:  # (b, 64, 24, 24), (b, 128, 12, 12), (b, 256, 6, 6), (b, 512, 3, 3)
            layers += [ConvNormReLU(c_in, c), ConvNormReLU(c, c), nn.MaxPool2d(2)]
            c_in = c
        super().__init__(
            *layers, nn.Flatten(),  # (b, 4608)
            nn.Linear(9 * c_in, DENSE), nn.ReLU(inplace=True), nn.Dropout(0.2),
            nn.Linear(DENSE, DENSE), nn.ReLU(inplace=True), nn.Dropout(0.2),
            nn.Linear(DENSE, n_classes),
        )  # fmt: skip
