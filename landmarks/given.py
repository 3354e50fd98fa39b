"""Landmarks that came with a dataset."""

import numpy as np

from ..data.dataset import Dataset
from .extract import LandmarkSet


def given_landmarks(dataset: Dataset) -> LandmarkSet:
    """The points of `dataset.landmarks` as a `LandmarkSet`; faces without points count as not found."""
    points = np.asarray(dataset.landmarks, dtype=np.float32)
    found = np.isfinite(points).all(axis=(1, 2))
    boxes = np.zeros((len(points), 4), dtype=np.int32)
    boxes[found] = np.concatenate([points[found].min(axis=1), points[found].max(axis=1)], axis=1).round()
    return LandmarkSet(
        points=np.where(found[:, None, None], points, np.float32(np.nan)),
        boxes=boxes,
        found=found,
        score=np.full(len(points), np.nan),
        problems=("",) * len(points),
    )
