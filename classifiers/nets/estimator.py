"""Networks as scikit-learn estimators. Imports torch: imported where a network is asked for."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import safetensors.torch as safetensors
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupShuffleSplit
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from ...data.errors import LineamentError, check_choice
from .processor import all_cores
from .recipe import SETTINGS
from .registry import ARCHITECTURES
from .training import AT_ONCE, Pictures, Training, as_input, digest_of, train
from .weights import load_known

METADATA = "lineament"  # of the safetensors file: parameters, classes and what is told about the model
CURVES = ("epoch", "train_loss", "valid_loss", "train_accuracy", "valid_accuracy")
OF_TRAINING = ("weights", "checkpoints")  # parameters that a trained net needs no more: files of this machine


class CNNClassifier(ClassifierMixin, BaseEstimator):
    """A convolutional network on gray faces.

    Parameters
    ----------
    architecture : name in `ARCHITECTURES`
    settings : mapping, or None
        What is other than in the registry: fields of the training recipe, see `TrainingRecipe` and `Augmentation`, or
        options of the architecture.
    weights : path or None
        A file with weights to begin with, safetensors or a state dict of PyTorch; None for the architecture's.
    checkpoints : folder or None
        Where the state of every training is kept after each epoch. An equal training that finds one goes on from it,
        and ends with the same weights.
    class_weight : None or "balanced"
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
    recipe_ : TrainingRecipe
    history_ : list of dict
        One an epoch: `epoch`, `train_loss`, `valid_loss`, `train_accuracy`, `valid_accuracy`.
    module_ : torch.nn.Module
        With the weights of its best epoch.
    """

    def __init__(
        self,
        architecture="cnn",
        settings=None,
        weights=None,
        checkpoints=None,
        class_weight=None,
        random_state=0,
    ):
        self.architecture = architecture
        self.settings = settings
        self.weights = weights
        self.checkpoints = checkpoints
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X, y, groups=None):
        """Train on gray crops (n, side, side) uint8; a share, apart by `groups` (n,), says which epoch is best."""
        X, y = self._checked(X), column_or_1d(y)
        check_classification_targets(y)
        check_consistent_length(X, y, groups)
        self.classes_, target = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class, {self.classes_[0]!r}; a classifier tells two or more apart.")
        self.recipe_, options = self._settled()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        learned, validated = self._parts(X, target, groups, seed)
        with all_cores(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            module = self._architecture.load()(len(self.classes_), **options)
            if start := self.weights or self._architecture.weights:
                load_known(module, Path(start))
            weights = self._class_weights(target[learned.rows])
            training = Training(module, learned, validated, self.recipe_, seed=seed, class_weights=weights)
            train(training, name=self.architecture, checkpoint=self._checkpoint(learned, validated, options, seed))
        self.module_ = training.judged.eval()
        self.history_ = [{key: epoch[key] for key in CURVES} for epoch in training.history]
        return self

    def predict_proba(self, X):
        """Class probabilities (n, k) of gray crops (n, side, side) uint8."""
        check_is_fitted(self)
        X = self._checked(X)
        proba = np.empty((len(X), len(self.classes_)))
        with all_cores(), torch.no_grad():
            for start in range(0, len(X), AT_ONCE):
                proba[start : start + AT_ONCE] = self._answers(as_input(X[start : start + AT_ONCE], self._side))
        return proba

    def predict(self, X):
        """Labels (n,) of gray crops (n, side, side) uint8."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def to_bytes(self, about: dict) -> bytes:
        """Weights and parameters in the safetensors format, with `about` in its header."""
        check_is_fitted(self)
        params = {name: value for name, value in self.get_params().items() if name not in OF_TRAINING}
        params["settings"] = self.recipe_params_  # as it was trained, whatever later registries say
        header = {"params": params, "classes": self.classes_.tolist(), "about": about}
        weights = {name: value.contiguous() for name, value in self.module_.state_dict().items()}
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
        net = cls(**_params(header["params"]))
        net.classes_ = np.array(header["classes"])
        if net.classes_.ndim != 1 or len(net.classes_) < 2:
            raise LineamentError("The model file names no two classes.")
        net.recipe_, options = net._settled()
        with torch.device("meta"):  # shapes alone: a crafted file may name millions of classes
            module = net._architecture.load()(len(net.classes_), **options)
        if shapes != {name: list(value.shape) for name, value in module.state_dict().items()}:
            raise LineamentError(f"The model file does not hold the weights of the architecture '{net.architecture}'.")
        module.load_state_dict(safetensors.load(content), assign=True)
        net.module_ = module.eval()
        return net, header["about"]

    @property
    def _architecture(self):
        return ARCHITECTURES[check_choice("architecture", self.architecture, ARCHITECTURES)]

    @property
    def _side(self):
        return self._architecture.side

    def _settled(self):
        return self._architecture.settled(self.settings or {})

    @property
    def recipe_params_(self):
        """Every field of the recipe and every option, by name: what was trained with."""
        check_is_fitted(self)
        fields = asdict(self.recipe_)
        return fields.pop("augmentation") | fields | self._settled()[1]

    def _checked(self, X):
        """Gray crops (n, h, h) uint8, no smaller than the architecture takes them."""
        X = np.asarray(X)
        if X.ndim != 3 or X.shape[1] != X.shape[2] or X.shape[1] < self._side or not len(X):
            side = self._side
            raise ValueError(f"X has shape {X.shape}; networks take gray faces of shape (n, {side}, {side}) or larger.")
        if X.dtype != np.uint8:
            raise ValueError(f"X has dtype {X.dtype}; networks take gray faces of dtype uint8, from 0 to 255.")
        return X

    def _parts(self, X, target, groups, seed):
        """The pictures to learn from and those that say which epoch is best."""
        groups = np.arange(len(X)) if groups is None else groups
        split = GroupShuffleSplit(1, test_size=self.recipe_.validation_share, random_state=seed)
        return (Pictures(X, target, rows, self._side) for rows in next(split.split(X, target, groups)))

    def _checkpoint(self, learned, validated, options, seed):
        """The file of a training of just this net on just these pictures."""
        if self.checkpoints is None:
            return None
        settings = [self.architecture, asdict(self.recipe_), options, self.class_weight, str(self.weights), seed]
        told = np.frombuffer(json.dumps(settings, sort_keys=True).encode(), dtype=np.uint8)
        digest = digest_of(learned.images, told, learned.target, learned.rows, validated.rows)
        return Path(self.checkpoints) / f"{self.architecture}-{digest}.pt"

    def _class_weights(self, target):
        if self.class_weight is None:
            return None
        check_choice("class_weight", self.class_weight, ["balanced"])
        present = np.unique(target)
        weights = torch.ones(len(self.classes_))
        weights[present] = torch.as_tensor(compute_class_weight("balanced", classes=present, y=target)).float()
        return weights

    def _answers(self, images):
        """Probabilities of pictures (b, 1, side, side)."""
        proba = self.module_(images).softmax(dim=1)
        if self.recipe_.test_flip:
            proba = (proba + self.module_(images.flip(3)).softmax(dim=1)) / 2
        return proba.double().numpy()


def _params(params):
    """Parameters of a model file; in those of before, fields of the recipe stood among them."""
    older = {name: value for name, value in params.items() if name in SETTINGS and value is not None}
    known = {name: value for name, value in params.items() if name not in SETTINGS}
    return known | {"settings": older} if older else known


def _header(content):
    """Parameters, classes and what is told about a network, and the shapes of its weights, from its file's head."""
    length = int.from_bytes(content[:8], "little")  # the format begins with the length of its JSON header
    if not 0 < length <= len(content) - 8:
        raise LineamentError("The model file is cut off, or no safetensors file.")
    head = json.loads(content[8 : 8 + length])
    header = json.loads(head.pop("__metadata__")[METADATA])
    return header, {name: value["shape"] for name, value in head.items()}
