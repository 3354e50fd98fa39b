"""A trained model as one safe file: skops for scikit-learn, safetensors for networks. Never a pickle."""

import json
from dataclasses import dataclass
from pathlib import Path

import skops.io
from sklearn.pipeline import Pipeline

from .registry import CLASSIFIERS, trusted_types
from ..data.errors import LineamentError, check_choice
from ..data.files import write_atomically


@dataclass(frozen=True)
class ModelBundle:
    """A fitted `pipeline`, and `about` it: classifier, what it takes, labels, families, detector."""

    pipeline: Pipeline
    about: dict


def save_model(folder: Path, name: str, pipeline, *, about: dict) -> Path:
    """Write one fitted pipeline of `evaluate` to `folder/<name>.skops` or `.safetensors` and return the path."""
    takes = CLASSIFIERS[name].takes
    about = {"classifier": name, "takes": takes, **about}
    suffix, dump, _ = FORMATS[takes]
    # Resampling matters to fitting alone.
    pipeline = Pipeline([(key, step) for key, step in pipeline.steps if key != "resample"])
    path = Path(folder) / f"{name}{suffix}"
    write_atomically(path, lambda file: file.write(dump(pipeline, about)))
    return path


def load_model(path) -> ModelBundle:
    """Read a model file.

    Raises
    ------
    LineamentError
        If it is missing, damaged, of another kind, or holds types that a Lineament model does not have.
    """
    path = Path(path)
    suffixes = {suffix: load for suffix, _, load in FORMATS.values()}
    check_choice("kind of model file", path.suffix, suffixes)
    try:
        return suffixes[path.suffix](path.read_bytes())
    except OSError as error:
        raise LineamentError(f"Cannot read the model {path} ({error.strerror}).") from error
    except LineamentError:
        raise
    except Exception as error:  # both formats raise many types on damaged bytes
        raise LineamentError(f"{path} is no model of Lineament, or it is damaged ({error}).") from error


def _dump_skops(pipeline, about) -> bytes:
    return skops.io.dumps({"pipeline": pipeline, "about": json.dumps(about)}, compression=8)


def _load_skops(content) -> ModelBundle:
    trusted = trusted_types()
    strange = sorted(set(skops.io.get_untrusted_types(data=content)) - set(trusted))
    if strange:
        raise LineamentError(f"The model file holds types that are not trusted: {', '.join(strange)}. Do not use it.")
    loaded = skops.io.loads(content, trusted=trusted)
    return ModelBundle(loaded["pipeline"], json.loads(loaded["about"]))


def _dump_net(pipeline, about) -> bytes:
    return pipeline[-1].to_bytes(about)


def _load_net(content) -> ModelBundle:
    from .nets import check_torch

    check_torch()
    from .nets.estimator import CNNClassifier

    net, about = CNNClassifier.from_bytes(content)
    return ModelBundle(Pipeline([("classify", net)]), about)


FORMATS = {"features": (".skops", _dump_skops, _load_skops), "crops": (".safetensors", _dump_net, _load_net)}
