"""ResNet18, which can begin with weights that were learned on ImageNet."""

from torch import nn

from .blocks import ResidualBlock

MEAN, SPREAD = 0.449, 0.226  # of ImageNet's pixels in 0 … 1, over the three colours


class ResNet18(nn.Module):
    """11.2 million parameters: (b, 1, 48, 48) to class scores (b, k).

    He et al., "Deep Residual Learning for Image Recognition", 2016. Its parts bear torchvision's names, so that a state
    dict of torchvision's resnet18 fits; the first convolution takes the sum of its three colours' weights. The first
    convolution keeps its stride of 2, and the max pooling after it is left out: a face has 48 pixels and not 224.
    """

    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = _layer(64, 64, 1)
        self.layer2 = _layer(64, 128, 2)
        self.layer3 = _layer(128, 256, 2)
        self.layer4 = _layer(256, 512, 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, n_classes)

    def forward(self, x):
        x = ((x + 1) / 2 - MEAN) / SPREAD  # as ImageNet's pictures were scaled
        x = self.relu(self.bn1(self.conv1(x)))  # (b, 64, 24, 24)
        x = self.layer2(self.layer1(x))  # (b, 128, 12, 12)
        x = self.layer4(self.layer3(x))  # (b, 512, 3, 3)
        return self.fc(self.avgpool(x).flatten(1))


def _layer(c_in, c_out, stride):
    return nn.Sequential(ResidualBlock(c_in, c_out, stride), ResidualBlock(c_out, c_out))
