"""Networks as scikit-learn estimators, through skorch. Imports torch: imported where a network is asked for."""

import contextlib
import json

import numpy as np
import safetensors.torch as safetensors
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping, LRScheduler, PassthroughScoring
from skorch.dataset import Dataset as SkorchDataset
from skorch.helper import predefined_split
from torch import nn

from ...data.errors import LineamentError, check_choice
from .augmentation import augmented
from .registry import ARCHITECTURES

METADATA = "lineament"  # of the safetensors file: parameters, classes and what is told about the model


class _Net(NeuralNet):
    """skorch's net with augmented training batches and accuracies in its history; needs `generator` to be trained."""

    def train_step(self, batch, **fit_params):
        X, y = batch
        step = super().train_step((augmented(X, self.generator, self.augmentation), y), **fit_params)
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
    max_epochs, patience, learning_rate, batch_size : as of `TrainingRecipe`; None for what the architecture's says
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
        architecture="cnn",
        max_epochs=None,
        patience=None,
        learning_rate=None,
        batch_size=None,
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
        """Train on gray crops (n, side, side) uint8; a share, apart by `groups` (n,), says when to stop."""
        recipe = self._architecture.recipe
        self.classes_, target = np.unique(y, return_inverse=True)
        groups = np.arange(len(y)) if groups is None else groups
        split = GroupShuffleSplit(1, test_size=recipe.validation_share, random_state=self.random_state)
        train, valid = next(split.split(X, target, groups))
        images = self._as_input(X)
        with _one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            parts = (SkorchDataset(images[rows], target[rows]) for rows in (train, valid))
            self.net_ = self._net(self._training(*parts)).initialize()
            self._load_known(self._architecture.weights)
            self.net_.module_.to(memory_format=torch.channels_last)  # 2.8 times faster on a CPU
            self.net_.generator = torch.Generator().manual_seed(self.random_state)
            self.net_.augmentation = recipe.augmentation
            self.net_.partial_fit(images[train], target[train])
        kept = ("epoch", "train_loss", "valid_loss", "train_accuracy", "valid_accuracy")
        self.history_ = [{key: _plain(epoch[key]) for key in kept} for epoch in self.net_.history]
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k) of gray crops (n, side, side) uint8."""
        check_is_fitted(self)
        with _one_thread():
            return self.net_.forward(self._as_input(X)).softmax(dim=1).double().numpy()

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def to_bytes(self, about: dict) -> bytes:
        """Weights and parameters in the safetensors format, with `about` in its header."""
        check_is_fitted(self)
        header = {"params": self.get_params(), "classes": self.classes_.tolist(), "about": about}
        weights = {name: value.contiguous() for name, value in self.net_.module_.state_dict().items()}
        return safetensors.save(weights, metadata={METADATA: json.dumps(header)})

    @classmethod
    def from_bytes(cls, content: bytes) -> tuple["CNNClassifier", dict]:
        """The fitted network and what was told `about` it, from `to_bytes`.

        Raises
        ------
        LineamentError
            If the header is not one of `to_bytes`, or the weights are not those of its architecture.
        """
        header, shapes = _header(content)
        net = cls(**header["params"])
        net.classes_ = np.array(header["classes"])
        if net.classes_.ndim != 1 or len(net.classes_) < 2:
            raise LineamentError("The model file names no two classes.")
        with torch.device("meta"):  # shapes alone: a crafted file may name millions of classes
            wanted = net._architecture.load()(len(net.classes_)).state_dict()
        if shapes != {name: list(value.shape) for name, value in wanted.items()}:
            raise LineamentError(f"The model file does not hold the weights of the architecture '{net.architecture}'.")
        net.net_ = net._net().initialize()
        net.net_.module_.load_state_dict(safetensors.load(content))
        return net, header["about"]

    @property
    def _architecture(self):
        return ARCHITECTURES[check_choice("architecture", self.architecture, ARCHITECTURES)]

    def _setting(self, name):
        """A parameter of this estimator, or the recipe's where it is None."""
        given = getattr(self, name)
        return getattr(self._architecture.recipe, name) if given is None else given

    def _as_input(self, X) -> np.ndarray:
        """Gray crops (n, side, side) uint8 as float32 (n, 1, side, side) in -1 … 1."""
        X, side = np.asarray(X), self._architecture.side
        if X.ndim != 3 or X.shape[1:] != (side, side):
            raise ValueError(f"X has shape {X.shape}; networks take gray faces of shape (n, {side}, {side}).")
        return (X[:, None].astype(np.float32) - 127.5) / 127.5

    def _net(self, training=None):
        """An untrained net; `training` adds what only fitting needs: batches, weights, callbacks."""
        return _Net(
            self._architecture.load(),
            module__n_classes=len(self.classes_),
            criterion=nn.CrossEntropyLoss,
            optimizer=torch.optim.Adam,
            verbose=0,
            **(training or {}),
        )

    def _load_known(self, path):
        """Take those weights of a file whose names and shapes the network has: a head for other classes stays."""
        if path is None:
            return
        module = self.net_.module_
        shapes = {name: value.shape for name, value in module.state_dict().items()}
        stored = safetensors.load_file(path).items()
        module.load_state_dict({name: value for name, value in stored if value.shape == shapes.get(name)}, strict=False)

    def _training(self, train, valid):
        recipe, patience, batch_size = self._architecture.recipe, self._setting("patience"), self._setting("batch_size")
        return {
            "criterion__weight": self._class_weights(train.y),
            "criterion__label_smoothing": recipe.label_smoothing,
            "lr": self._setting("learning_rate"),
            "max_epochs": self._setting("max_epochs"),
            "batch_size": batch_size,
            "iterator_train__shuffle": True,
            # Batch normalisation cannot learn from a batch of one.
            "iterator_train__drop_last": len(train) > batch_size,
            "iterator_valid__batch_size": 512,
            "train_split": predefined_split(valid),
            "callbacks": [
                PassthroughScoring("train_accuracy", on_train=True),
                PassthroughScoring("valid_accuracy"),
                LRScheduler(
                    "ReduceLROnPlateau", monitor="valid_loss", factor=recipe.plateau_factor, patience=patience // 3
                ),
                EarlyStopping(monitor="valid_loss", patience=patience, load_best=True, sink=_ignore),
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


def _header(content):
    """Parameters, classes and what is told about a network, and the shapes of its weights, from its file's head."""
    length = int.from_bytes(content[:8], "little")  # the format begins with the length of its JSON header
    if not 0 < length <= len(content) - 8:
        raise LineamentError("The model file is cut off, or no safetensors file.")
    head = json.loads(content[8 : 8 + length])
    header = json.loads(head.pop("__metadata__")[METADATA])
    return header, {name: value["shape"] for name, value in head.items()}


@contextlib.contextmanager
def _one_thread():
    """One thread a net: sums come in the same order, whatever the number of jobs, and folds run side by side."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
