"""Corners of lids, brows and lips, and the slopes of their lines."""

import numpy as np

from .measure import Family, Feature, both_sides, coordinates

# Between two arms at a vertex: (name, arm, vertex, arm).
_PAIRED_CORNERS = [
    ("{}_eye_outer_corner", 37, 36, 41),
    ("{}_eye_inner_corner", 38, 39, 40),
    ("{}_eye_upper_lid_outer", 36, 37, 38),
    ("{}_eye_upper_lid_inner", 37, 38, 39),
    ("{}_eye_lower_lid_outer", 36, 41, 40),
    ("{}_eye_lower_lid_inner", 41, 40, 39),
    ("{}_brow_arch", 17, 19, 21),
    ("{}_brow_arch_outer", 17, 18, 19),
    ("{}_brow_arch_inner", 19, 20, 21),
    ("{}_mouth_corner", 51, 48, 57),
    ("{}_mouth_corner_tight", 49, 48, 59),
    ("{}_inner_mouth_corner", 61, 60, 67),
    ("{}_upper_lip_bend", 48, 49, 50),
    ("{}_lower_lip_bend", 48, 59, 58),
    ("{}_nostril_between_eye_and_mouth", 39, 31, 48),
    ("{}_mouth_corner_between_eye_and_chin", 36, 48, 8),
]
_MIDLINE_CORNERS = [
    ("upper_lip_arch", 48, 51, 54),
    ("cupids_bow", 50, 51, 52),
    ("lower_lip_arch", 48, 57, 54),
    ("lower_lip_middle", 58, 57, 56),
    ("inner_upper_lip_arch", 60, 62, 64),
    ("inner_lower_lip_arch", 60, 66, 64),
    ("mouth_from_nose_base", 48, 33, 54),
    ("mouth_from_nose_tip", 48, 30, 54),
    ("mouth_from_nose_root", 48, 27, 54),
    ("mouth_from_chin", 48, 8, 54),
    ("brows_from_nose_root", 21, 27, 22),
    ("brows_from_nose_tip", 21, 30, 22),
    ("brow_arches_from_nose_tip", 19, 30, 24),
    ("nostrils_from_nose_tip", 31, 30, 35),
    ("chin", 6, 8, 10),
    ("jaw", 4, 8, 12),
]
# Slope of the line from an outer to an inner point against the eye axis, positive where it rises inwards.
_PAIRED_TILTS = [
    ("{}_brow_tilt", 17, 21),
    ("{}_brow_outer_tilt", 17, 19),
    ("{}_brow_inner_tilt", 19, 21),
    ("{}_eye_tilt", 36, 39),
    ("{}_upper_lid_tilt", 37, 38),
    ("{}_lower_lid_tilt", 41, 40),
    ("{}_mouth_corner_to_upper_lip_tilt", 48, 51),
    ("{}_mouth_corner_to_lower_lip_tilt", 48, 57),
    ("{}_inner_mouth_corner_to_upper_lip_tilt", 60, 62),
    ("{}_inner_mouth_corner_to_lower_lip_tilt", 60, 66),
    ("{}_mouth_corner_to_nose_base_tilt", 48, 33),
    ("{}_upper_lip_outer_tilt", 48, 49),
    ("{}_lower_lip_outer_tilt", 48, 59),
]


def _family():
    corners = [row[:4] for row in both_sides(_PAIRED_CORNERS)] + _MIDLINE_CORNERS
    tilts = list(both_sides(_PAIRED_TILTS))
    first, vertex, second = ([row[place] for row in corners] for place in (1, 2, 3))
    outer, inner = ([row[place] for row in tilts] for place in (1, 2))
    inwards = np.array([[row[3]] for row in tilts], dtype=float)

    def compute(points):
        x, y = coordinates(points)
        one_x, one_y, other_x, other_y = (axis[arm] - axis[vertex] for arm in (first, second) for axis in (x, y))
        opening = np.arctan2(np.abs(one_x * other_y - one_y * other_x), one_x * other_x + one_y * other_y)
        tilt = np.arctan2(y[outer] - y[inner], (x[inner] - x[outer]) * inwards)
        return np.concatenate([opening, tilt]).T

    features = [
        Feature(f"angle_{name}", f"angle p{a} p{v} p{b}, 0 to pi", "rad", (((a,), (v,), (b,)),))
        for name, a, v, b in corners
    ]
    features += [
        Feature(f"angle_{name}", f"rise of p{a} -> p{b} over the eye axis, -pi to pi", "rad", (((a,), (b,)),))
        for name, a, b, _ in tilts
    ]
    return Family.of(features, compute, "corners of lids, brows and lips, and their slopes")


FAMILY = _family()
