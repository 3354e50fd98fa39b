"""Settings and numbers as the files of a run folder hold them: TOML, JSON, versions."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = (
    "lineament",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "imbalanced-learn",
    "dlib-bin",
    "dlib",
    "face-recognition-models",
    "numba",
    "opencv-python-headless",
    "opencv-python",
    "torch",
    "skorch",
)


def toml(config: dict) -> str:
    """TOML of flags that `--config` reads; what is None is left out.

    Raises
    ------
    TypeError
        For a value that is no string, number, boolean, path or list of such.
    """
    lines = [f"{key} = {_toml_value(value)}" for key, value in config.items() if value is not None]
    return "\n".join(["# Repeat the run: python run_pipeline.py --config config.toml", *lines]) + "\n"


def _toml_value(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, Path)):
        return _toml_string(str(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml_value, value))}]"
    raise TypeError(f"{value!r} has no place in config.toml")


def _toml_string(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def as_json(document: dict) -> str:
    """JSON in a stable order; raises `ValueError` for NaN."""
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def plain(value):
    """`value` in JSON's own types: no NumPy, no tuple, and None for NaN and infinities."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def versions() -> dict[str, str]:
    """Versions of Python, the platform and the installed packages that a number can depend on."""
    known = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            known[package] = version(package)
        except PackageNotFoundError:
            continue
    return known
