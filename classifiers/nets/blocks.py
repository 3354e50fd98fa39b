"""What several networks are made of."""

from torch import nn


class ConvNormReLU(nn.Sequential):
    """Convolution, batch normalisation, ReLU: (b, c_in, h, w) to (b, c_out, h / stride, w / stride), rounded up."""

    def __init__(self, c_in, c_out, side=3, stride=1):
        super().__init__(
            nn.Conv2d(c_in, c_out, side, stride=stride, padding=side // 2, bias=False),
            nn.BatchNorm2d(c_out),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut: (b, c_in, h, w) to (b, c_out, h / stride, w / stride), rounded up.

    He et al., "Deep Residual Learning for Image Recognition", 2016; the names of its parts are torchvision's.
    """

    def __init__(self, c_in, c_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(c_out)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(c_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride > 1 or c_in != c_out:
            self.downsample = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride=stride, bias=False), nn.BatchNorm2d(c_out))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + shortcut)
