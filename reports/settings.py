"""Settings and numbers as the files of a run folder hold them: TOML, JSON, versions."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import tomli_w

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
)


def toml(config: dict) -> str:
    """TOML of flags that `--config` reads; what is None is left out.

    Raises
    ------
    TypeError
        For a value that is no string, number, boolean, path or list of such.
    """
    values = {key: str(value) if isinstance(value, Path) else value for key, value in config.items()}
    known = {key: value for key, value in values.items() if value is not None}
    return f"# Repeat the run: lineament run --config config.toml\n{tomli_w.dumps(known)}"


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
