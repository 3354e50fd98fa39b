"""One table of all chosen families, of geometry and of pixels, for a whole dataset."""

from collections.abc import Sequence

import numpy as np

from data.dataset import Dataset
from features.descriptors import PIXEL_FAMILIES, pixel_table
from features.geometry import FAMILIES
from features.transformer import DEFAULT_FAMILIES, FeatureTable, feature_table
from landmarks.layout import mirrored

ALL_FAMILIES = {**FAMILIES, **PIXEL_FAMILIES}


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
    dataset : Dataset of n pictures; they are looked at for families in `PIXEL_FAMILIES` alone
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
    parts, names = [], []
    if geometric or not pixels:
        table = feature_table(mirrored(points) if mirror else points, geometric)
        parts, names = [table.X], list(table.names)
    if pixels:
        parts = [X.astype(np.float32) for X in parts]
        parts.append(pixel_table(dataset, points, pixels, mirror=mirror, n_jobs=n_jobs))
        names += [name for family in pixels for name in PIXEL_FAMILIES[family].names]
    return FeatureTable(np.concatenate(parts, axis=1), tuple(names))
