"""Lineament: emotions from faces by named geometry and classical machine learning, measured honestly.

The names below are imported when they are first used: `import lineament` itself loads nothing else.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .classifiers import make_classifier
    from .data import load_dataset
    from .features import FaceFeatures
    from .landmarks import find_faces
    from .run_pipeline import run

__all__ = ["FaceFeatures", "__version__", "find_faces", "load_dataset", "make_classifier", "run"]

try:
    __version__ = version("lineament")
except PackageNotFoundError:  # a clone on the path that is not installed
    __version__ = "0+unknown"

_ROOMS = {
    "FaceFeatures": "features",
    "find_faces": "landmarks",
    "load_dataset": "data",
    "make_classifier": "classifiers",
    "run": "run_pipeline",
}


def __getattr__(name):
    if name not in _ROOMS:
        raise AttributeError(f"module 'lineament' has no attribute {name!r}")
    return getattr(import_module(f".{_ROOMS[name]}", __name__), name)


def __dir__():
    return sorted({*globals(), *__all__})
