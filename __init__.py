"""Lineament: emotions from faces by named geometry and classical machine learning, measured honestly.

The names below are imported when they are first used: `import lineament` itself loads nothing else.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .classifiers import make_classifier
    from .classifiers.model import FaceModel
    from .classifiers.shelf import load
    from .data import load_dataset
    from .features import FaceFeatures
    from .landmarks import find_faces
    from .run_pipeline import run

__all__ = ["FaceFeatures", "FaceModel", "__version__", "find_faces", "load", "load_dataset", "make_classifier", "run"]

try:
    __version__ = version("lineament")
except PackageNotFoundError:  # a clone on the path that is not installed
    __version__ = "0+unknown"

_PLACES = {  # name: (module, what it is called there)
    "FaceFeatures": ("features", "FaceFeatures"),
    "FaceModel": ("classifiers.model", "FaceModel"),
    "find_faces": ("landmarks", "find_faces"),
    "load": ("classifiers.shelf", "load"),
    "load_dataset": ("data", "load_dataset"),
    "make_classifier": ("classifiers", "make_classifier"),
    "run": ("run_pipeline", "run"),
}


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module 'lineament' has no attribute {name!r}")
    module, called = _PLACES[name]
    return getattr(import_module(f".{module}", __name__), called)


def __dir__():
    return sorted({*globals(), *__all__})
