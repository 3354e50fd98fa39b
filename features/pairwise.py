"""All distances between two of the 68 points."""

import numpy as np

from ..landmarks.layout import N_POINTS
from .distances import lengths
from .measure import Family, Feature, coordinates


def _family():
    starts, ends = np.triu_indices(N_POINTS, 1)

    def compute(points):
        return lengths(*(rows[ends] - rows[starts] for rows in coordinates(points))).T

    features = tuple(
        Feature(f"pair_{a}_{b}", f"|p{a} - p{b}|", "IOD", (((a,), (b,)),))
        for a, b in zip(starts.tolist(), ends.tolist())
    )
    return Family.of(features, compute, "all 2,278 distances between two of the 68 points")


FAMILY = _family()
