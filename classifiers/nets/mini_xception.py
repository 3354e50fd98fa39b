"""mini-Xception: separable convolutions beside shortcuts, small enough for two CPU cores."""

from torch import nn


class SeparableConv(nn.Sequential):
    """Depthwise, then pointwise convolution: (b, c_in, h, w) to (b, c_out, h, w)."""

    def __init__(self, c_in, c_out):
        super().__init__(
            nn.Conv2d(c_in, c_in, 3, padding=1, groups=c_in, bias=False), nn.Conv2d(c_in, c_out, 1, bias=False)
        )


class XceptionBlock(nn.Module):
    """Two separable convolutions beside a strided shortcut; halves height and width."""

    def __init__(self, c_in, c_out):
        super().__init__()
        self.body = nn.Sequential(
            SeparableConv(c_in, c_out),
            nn.BatchNorm2d(c_out),
            nn.ReLU(inplace=True),
            SeparableConv(c_out, c_out),
            nn.BatchNorm2d(c_out),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride=2, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class MiniXception(nn.Module):
    """About 60 thousand parameters: (b, 1, 48, 48) to class scores (b, k).

    Arriaga, Valdenegro-Toro and Plöger, "Real-time Convolutional Neural
    Networks for Emotion and Gender Classification", 2017. As in the authors' code, but for pooling, which here pads on
    both sides, and for the penalty on weights, which is the recipe's `weight_decay` (theirs: .01 of all squares).
    """

    def __init__(self, n_classes):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 8, 3, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.Conv2d(8, 8, 3, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
        )  # (b, 8, 44, 44)
        widths = (8, 16, 32, 64, 128)
        self.blocks = nn.Sequential(*(XceptionBlock(a, b) for a, b in zip(widths, widths[1:])))  # (b, 128, 3, 3)
        self.head = nn.Conv2d(widths[-1], n_classes, 3, padding=1)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x))).mean(dim=(2, 3))
