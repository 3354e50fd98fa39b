"""One table of all chosen families, of geometry and of pixels, for a whole dataset."""

import logging
from collections.abc import Sequence

import numpy as np

from ..data.dataset import Dataset
from .descriptors import PIXEL_FAMILIES, pixel_table
from .geometry import FAMILIES
from .table import FeatureTable
from .transformer import DEFAULT_FAMILIES, feature_table
from .units import skin_terms
from ..landmarks.layout import mirrored

ALL_FAMILIES = {**FAMILIES, **PIXEL_FAMILIES}
log = logging.getLogger(__name__)


def face_table(
    dataset: Dataset,
    points: np.ndarray,
    families: Sequence[str] = DEFAULT_FAMILIES,
    *,
    mirror: bool = False,
    n_jobs: int = 1,
) -> FeatureTable:
    """Measure every face of a dataset.

    Parameters
    ----------
    dataset : Dataset of n pictures
        They are looked at for families in `PIXEL_FAMILIES`, which need them, and for `aus`, whose skin counts as
        usual where there is no picture.
    points : ndarray of shape (n, 68, 2), px
    families : names in `ALL_FAMILIES`
    mirror : measure the mirror images instead
    n_jobs : processes; changes no result

    Returns
    -------
    FeatureTable
        In float32 where pixels take part, whose columns are thousands.
    """
    geometric = [family for family in families if family not in PIXEL_FAMILIES]
    pixels = [family for family in families if family in PIXEL_FAMILIES]
    seen = _seen(dataset, points, families, pixels, mirror=mirror, n_jobs=n_jobs)
    parts, names = [seen[family] for family in pixels], []
    if geometric or not pixels:
        table = feature_table(mirrored(points) if mirror else points, geometric)
        names = list(table.names)
        if "aus" in geometric:
            start = names.index(FAMILIES["aus"].names[0])
            table.X[:, start : start + len(FAMILIES["aus"].names)] += skin_terms(seen["furrows"])
        parts.insert(0, table.X.astype(np.float32) if pixels else table.X)
    names += [name for family in pixels for name in PIXEL_FAMILIES[family].names]
    family = tuple(name for name in [*geometric, *pixels] for _ in ALL_FAMILIES[name].names)
    return FeatureTable(np.concatenate(parts, axis=1), tuple(names), family)


def _seen(dataset, points, families, pixels, **options):
    """The table of each family that pictures are looked at for: all in one look."""
    wanted = list(pixels)
    if "aus" in families and "furrows" not in wanted:
        wanted.append("furrows")
    if not wanted:
        return {}
    table = pixel_table(dataset, points, wanted, required=pixels, **options)
    ends = np.cumsum([len(PIXEL_FAMILIES[family].names) for family in wanted])
    seen = dict(zip(wanted, np.split(table, ends[:-1], axis=1)))
    if "furrows" in seen:
        unseen = np.isnan(seen["furrows"]).any(axis=1) & np.isfinite(points).all(axis=(1, 2))
        if unseen.any():
            log.info("%d faces have no picture: their action units rest on points alone.", unseen.sum())
    return seen
