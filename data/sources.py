"""The registry of datasets: one entry a source, chosen by `--dataset`."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data import fer2013, sample
from data.dataset import Dataset
from data.errors import LineamentError, check_choice
from data.tree import open_tree


@dataclass(frozen=True)
class Source:
    """How to get one dataset: `read(tree)` from a user's files, or `draw(seed)` for an embedded one."""

    about: str
    read: Callable | None = None
    draw: Callable | None = None


DATASETS = {
    "sample": Source("embedded synthetic faces of nobody", draw=sample.draw_sample),
    "fer2013": Source("FER2013 as downloaded: folder or zip", read=fer2013.load),
}


def load_dataset(name: str, path=None, *, seed: int = 0) -> Dataset:
    """Load a dataset by name.

    Parameters
    ----------
    name : key of `DATASETS`
    path : folder or zip archive as downloaded; not for the embedded sample
    seed : int
        Of the embedded sample's faces.

    Raises
    ------
    LineamentError
        For an unknown name, a missing or needless path, or files that do not fit.
    """
    source = DATASETS[check_choice("dataset", name, DATASETS)]
    if source.draw is not None:
        if path is not None:
            raise LineamentError(f"The dataset '{name}' is embedded and takes no --data.")
        return source.draw(seed=seed)
    if path is None:
        raise LineamentError(f"The dataset '{name}' needs --data PATH, the folder or zip as downloaded.")
    return source.read(open_tree(path))


def data_home() -> Path:
    """Folder for caches and downloads: `LINEAMENT_DATA`, else `~/.cache/lineament`. Not created here."""
    return Path(os.environ.get("LINEAMENT_DATA") or Path.home() / ".cache" / "lineament").expanduser()
