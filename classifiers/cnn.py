"""Networks on pictures of faces, as scikit-learn estimators. The only module that imports torch.

torch and skorch are an extra: without them this module imports, and asking
for a network says what to install.
"""

import contextlib
import json

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted

from ..data.errors import LineamentError, check_choice

try:
    import safetensors.torch as safetensors
    import torch
    from skorch import NeuralNet
    from skorch.callbacks import EarlyStopping, LRScheduler, PassthroughScoring
    from skorch.dataset import Dataset as SkorchDataset
    from skorch.helper import predefined_split
    from torch import nn
except ModuleNotFoundError as error:
    torch, missing = None, error

SIDE = 48  # px of the gray square that every network here takes
VALIDATION_SHARE = 0.1


def check_torch() -> None:
    """Raise `LineamentError` with the install line where torch or skorch is missing."""
    if torch is None:
        raise LineamentError(
            f"The classifier 'cnn' needs PyTorch and skorch ({missing}). Run: pip install 'lineament[cnn]' "
            "(from a clone: pip install -e '.[cnn]'), or leave cnn out of --classifiers."
        )


def make_cnn(*, random_state, weights, max_epochs=None):
    """An unfitted `CNNClassifier`; `weights` weighs rare classes up."""
    check_torch()
    epochs = {} if max_epochs is None else {"max_epochs": max_epochs}
    return CNNClassifier(class_weight="balanced" if weights else None, random_state=random_state, **epochs)


if torch is not None:

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
                nn.ReLU(),
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
        Networks for Emotion and Gender Classification", 2017.
        """

        def __init__(self, n_classes):
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(1, 8, 3, bias=False),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.Conv2d(8, 8, 3, bias=False),
                nn.BatchNorm2d(8),
                nn.ReLU(),
            )  # (b, 8, 44, 44)
            widths = (8, 16, 32, 64, 128)
            self.blocks = nn.Sequential(*(XceptionBlock(a, b) for a, b in zip(widths, widths[1:])))  # (b, 128, 3, 3)
            self.head = nn.Conv2d(widths[-1], n_classes, 3, padding=1)

        def forward(self, x):
            return self.head(self.blocks(self.stem(x))).mean(dim=(2, 3))

    ARCHITECTURES = {"mini_xception": MiniXception}

    def augmented(images: "torch.Tensor", generator: "torch.Generator") -> "torch.Tensor":
        """Each picture (b, 1, h, w) mirrored or not, turned by up to 10°, shifted and scaled by up to 10 %."""
        n = len(images)
        uniform = torch.rand(5, n, generator=generator) * 2 - 1  # in -1 … 1
        angle, scale = uniform[0] * (np.pi / 18), 1 + 0.1 * uniform[1]
        mirror = torch.where(uniform[4] > 0, 1.0, -1.0)
        cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
        rows = [cosine * mirror, -sine, 0.1 * uniform[2], sine * mirror, cosine, 0.1 * uniform[3]]
        theta = torch.stack(rows, dim=1).reshape(n, 2, 3)
        grid = nn.functional.affine_grid(theta, images.shape, align_corners=False)
        return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)

    class _Net(NeuralNet):
        """skorch's net with augmented training batches and accuracies in its history."""

        def train_step(self, batch, **fit_params):
            X, y = batch
            step = super().train_step((augmented(X, self.generator), y), **fit_params)
            self.history.record_batch("train_accuracy", _accuracy(step, y))
            return step

        def validation_step(self, batch, **fit_params):
            step = super().validation_step(batch, **fit_params)
            self.history.record_batch("valid_accuracy", _accuracy(step, batch[1]))
            return step

    def _accuracy(step, y) -> float:
        return float((step["y_pred"].argmax(dim=1) == y).float().mean())


class CNNClassifier(ClassifierMixin, BaseEstimator):
    """A convolutional network on gray faces.

    Parameters
    ----------
    architecture : name in `ARCHITECTURES`
    max_epochs : upper bound; training stops when the validation loss has not fallen for `patience` epochs
    patience : int
    learning_rate : float, of Adam; halved when the validation loss stalls
    batch_size : int
    class_weight : None or "balanced"
    random_state : int

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
    history_ : list of dict
        One an epoch: `epoch`, `train_loss`, `valid_loss`, `train_accuracy`, `valid_accuracy`.
    net_ : the fitted skorch net, with the weights of its best epoch
    """

    def __init__(
        self,
        architecture="mini_xception",
        max_epochs=40,
        patience=8,
        learning_rate=2e-3,
        batch_size=64,
        class_weight=None,
        random_state=0,
    ):
        self.architecture = architecture
        self.max_epochs = max_epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X, y, groups=None):
        """Train on pictures (n, 48, 48) uint8; a tenth, apart by `groups` (n,), says when to stop."""
        check_torch()
        check_choice("architecture", self.architecture, ARCHITECTURES)
        self.classes_, target = np.unique(y, return_inverse=True)
        groups = np.arange(len(y)) if groups is None else groups
        split = GroupShuffleSplit(1, test_size=VALIDATION_SHARE, random_state=self.random_state)
        train, valid = next(split.split(X, target, groups))
        images = _as_input(X)
        with _one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            parts = (SkorchDataset(images[rows], target[rows]) for rows in (train, valid))
            self.net_ = self._net(self._training(*parts)).initialize()
            self.net_.module_.to(memory_format=torch.channels_last)  # 2.8 times faster on a CPU
            self.net_.generator = torch.Generator().manual_seed(self.random_state)
            self.net_.partial_fit(images[train], target[train])
        kept = ("epoch", "train_loss", "valid_loss", "train_accuracy", "valid_accuracy")
        self.history_ = [{key: _plain(epoch[key]) for key in kept} for epoch in self.net_.history]
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k) of pictures (n, 48, 48) uint8."""
        check_is_fitted(self)
        with _one_thread():
            return self.net_.forward(_as_input(X)).softmax(dim=1).double().numpy()

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def to_bytes(self, about: dict) -> bytes:
        """Weights and parameters in the safetensors format, with `about` in its header."""
        check_is_fitted(self)
        header = {"params": self.get_params(), "classes": self.classes_.tolist(), "about": about}
        weights = {name: value.contiguous() for name, value in self.net_.module_.state_dict().items()}
        return safetensors.save(weights, metadata={"lineament": json.dumps(header)})

    @classmethod
    def from_bytes(cls, content: bytes) -> tuple["CNNClassifier", dict]:
        """The fitted network and what was told `about` it, from `to_bytes`."""
        check_torch()
        length = int.from_bytes(content[:8], "little")  # the format begins with the length of its JSON header
        header = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["lineament"])
        net = cls(**header["params"])
        net.classes_ = np.array(header["classes"])
        net.net_ = net._net(None).initialize()
        net.net_.module_.load_state_dict(safetensors.load(content))
        return net, header["about"]

    def _net(self, training=None):
        """An untrained net; `training` adds what only fitting needs: batches, weights, callbacks."""
        return _Net(
            ARCHITECTURES[self.architecture],
            module__n_classes=len(self.classes_),
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            verbose=0,
            **(training or {}),
        )

    def _training(self, train, valid):
        return {
            "criterion__weight": self._class_weights(train.y),
            "criterion__label_smoothing": 0.05,
            "lr": self.learning_rate,
            "max_epochs": self.max_epochs,
            "batch_size": self.batch_size,
            "iterator_train__shuffle": True,
            # Batch normalisation cannot learn from a batch of one.
            "iterator_train__drop_last": len(train) > self.batch_size,
            "iterator_valid__batch_size": 512,
            "train_split": predefined_split(valid),
            "callbacks": [
                PassthroughScoring("train_accuracy", on_train=True),
                PassthroughScoring("valid_accuracy"),
                LRScheduler("ReduceLROnPlateau", monitor="valid_loss", factor=0.5, patience=self.patience // 3),
                EarlyStopping(monitor="valid_loss", patience=self.patience, load_best=True, sink=_ignore),
            ],
        }

    def _class_weights(self, target):
        if self.class_weight is None:
            return None
        check_choice("class_weight", self.class_weight, ["balanced"])
        present = np.unique(target)
        weights = torch.ones(len(self.classes_))
        weights[present] = torch.as_tensor(compute_class_weight("balanced", classes=present, y=target)).float()
        return weights


def _ignore(*args):
    """A sink for skorch's messages."""


def _plain(value):
    return value if isinstance(value, int) else float(value)


def _as_input(X) -> np.ndarray:
    """Pictures (n, 48, 48) uint8 as float32 (n, 1, 48, 48) in -1 … 1."""
    X = np.asarray(X)
    if X.ndim != 3 or X.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"X has shape {X.shape}; networks take gray faces of shape (n, {SIDE}, {SIDE}).")
    return (X[:, None].astype(np.float32) - 127.5) / 127.5


@contextlib.contextmanager
def _one_thread():
    """One thread a net: sums come in the same order, whatever the number of jobs, and folds run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
