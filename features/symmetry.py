"""How the two sides of a face differ."""

import numpy as np

from . import angles, distances
from .measure import Family, Feature


def _family():
    """Every paired distance and angle of the right side less that of the left."""
    rows, features = [], []
    offset = 0
    bases = (distances.FAMILY, angles.FAMILY)
    for base in bases:
        place = {name: offset + index for index, name in enumerate(base.names)}
        for name in base.names:
            other = name.replace("right_", "left_")
            if name != other:
                rows.append((place[name], place[other]))
                features.append(_difference(base, name, other))
        offset += len(base.names)
    right, left = (list(column) for column in zip(*rows))

    def compute(points):
        table = np.concatenate([base.compute(points) for base in bases], axis=1)
        return table[:, right] - table[:, left]

    return Family.of(features, compute, "the right side less the left, of every paired distance and angle")


def _difference(base, right, left):
    by_name = {feature.name: feature for feature in base.features}
    return Feature(
        f"symmetry_{right.replace('right_', '')}",
        f"{right} - {left}",
        by_name[right].unit,
        by_name[right].strokes + by_name[left].strokes,
    )


FAMILY = _family()
