"""A model as one safe file: skops for scikit-learn, safetensors for networks. Never a pickle.

A file holds a `FaceModel` and nothing else: its pipeline, and its recipe as JSON.
"""

import functools
import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sklearn.pipeline import Pipeline

from ..data.errors import LineamentError, check_choice
from ..data.files import write_atomically
from .model import FaceModel
from .nets import check_torch
from .registry import trusted_types
from .soundness import check_archive, check_pipeline, checked_recipe
from .spec import CROPS, FEATURES

OLDER = ("classifiers.", "data.", "features.", "landmarks.")  # where types lay before the package had one name


@dataclass(frozen=True)
class Format:
    """How models of one kind of input are kept: `dumps(model)` gives bytes, `load(path)` the model again."""

    suffix: str
    dumps: Callable[[FaceModel], bytes]
    load: Callable[[Path], FaceModel]


def save_model(folder: Path, model: FaceModel) -> Path:
    """Write a model to `folder/<classifier>.skops` or `.safetensors` and return the path.

    Raises
    ------
    LineamentError
        If the folder cannot be written.
    """
    return save_model_as(Path(folder) / f"{model.recipe.classifier}{FORMATS[model.recipe.takes].suffix}", model)


def save_model_as(path: Path, model: FaceModel) -> Path:
    """Write a model to a file, whose suffix is that of its kind, and return the path; raises as `save_model`."""
    # Resampling matters to fitting alone.
    steps = [(key, step) for key, step in model.pipeline.steps if key != "resample"]
    content = FORMATS[model.recipe.takes].dumps(replace(model, pipeline=Pipeline(steps)))
    write_atomically(path, lambda file: file.write(content))
    return path


def load_model(path) -> FaceModel:
    """Read a model file.

    Raises
    ------
    LineamentError
        If it is missing, damaged, of another kind, older than this version reads, or holds types that a model of
        Lineament does not have.
    """
    path = Path(path)
    suffixes = {kept.suffix: kept.load for kept in FORMATS.values()}
    check_choice("kind of model file", path.suffix, suffixes)
    try:
        return suffixes[path.suffix](path)
    except OSError as error:
        raise LineamentError(f"Cannot read the model {path} ({error.strerror}).") from error
    except LineamentError as error:
        raise LineamentError(f"{path}: {error}") from error
    except Exception as error:  # both formats raise many types on damaged bytes
        raise LineamentError(f"{path} is no model of Lineament, or it is damaged ({error}).") from error


@functools.cache
def _skops():
    """`skops.io`, for those who save or load a model.

    It walks through all of scikit-learn, adapters to torch and dask included: with these it takes four seconds,
    without them half a second.
    """
    away = {"torch", "dask"} - sys.modules.keys()
    sys.modules.update(dict.fromkeys(away))  # type: ignore[arg-type]
    try:
        return importlib.import_module("skops.io")
    finally:
        for name in away:
            del sys.modules[name]


def _dumps_skops(model) -> bytes:
    # Not packed: then what it takes to load it is known from its size.
    return _skops().dumps({"pipeline": model.pipeline, "recipe": json.dumps(model.recipe.to_dict())})


def _load_skops(path) -> FaceModel:
    check_archive(path)
    skops = _skops()
    try:
        loaded = skops.load(path, trusted=trusted_types())
    except skops.exceptions.UntrustedTypesFoundException:
        _tell_strange(sorted(set(skops.get_untrusted_types(file=path)) - set(trusted_types())))
        raise
    if not isinstance(loaded, dict) or not isinstance(loaded.get("recipe"), str):
        raise LineamentError("It holds no pipeline and recipe.")
    recipe = checked_recipe(json.loads(loaded["recipe"]))
    check_pipeline(loaded.get("pipeline"), recipe)
    return FaceModel(loaded["pipeline"], recipe)


def _tell_strange(strange):
    if any(name.startswith(OLDER) for name in strange):
        raise LineamentError("An earlier version of Lineament made this model. Train it again: lineament run …")
    if strange:
        raise LineamentError(f"The model file holds types that are not trusted: {', '.join(strange)}. Do not use it.")


def _dumps_net(model) -> bytes:
    return model.pipeline[-1].to_bytes(model.recipe.to_dict())


def _load_net(path) -> FaceModel:
    check_torch()
    from .nets.estimator import CNNClassifier

    net, recipe = CNNClassifier.from_bytes(path.read_bytes())
    if isinstance(recipe, dict) and "training_digest" not in recipe:
        raise LineamentError("An earlier version of Lineament made this model. Train it again: lineament run …")
    model = FaceModel(Pipeline([("classify", net)]), checked_recipe(recipe))
    check_pipeline(model.pipeline, model.recipe)
    return model


FORMATS = {
    FEATURES: Format(".skops", _dumps_skops, _load_skops),
    CROPS: Format(".safetensors", _dumps_net, _load_net),
}
