"""Networks trained on so few pictures that nothing is learned from them."""

import numpy as np
import torch

from lineament.classifiers.nets.estimator import CNNClassifier

SHORT = {"max_epochs": 2, "batch_size": 8}
X = np.random.default_rng(0).integers(0, 255, (24, 48, 48), dtype=np.uint8)
Y = np.array(["glad", "sad", "wry"])[np.arange(24) % 3]


def fit(name="cnn-binary", X=X, y=Y, **given):
    """A network after two epochs, or as its settings say."""
    settings = SHORT | given.pop("settings", {})
    return CNNClassifier(name, settings=settings, **given).fit(X, y)


def weights_of(net):
    """All numbers of a network as one vector."""
    return torch.cat([value.flatten().double() for value in net.module_.state_dict().values()])
