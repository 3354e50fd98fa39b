"""Lengths between points of eyes, brows, nose, mouth and jaw."""

import numpy as np

from ..landmarks.layout import LEFT_EYE, OUTER_MOUTH, RIGHT_BROW, RIGHT_EYE
from .measure import Family, Feature, anchor_label, anchor_rows, as_anchor, both_sides, coordinates

_PAIRED_DISTANCES = [
    ("{}_eye_width", 36, 39),
    ("{}_eye_height_outer", 37, 41),
    ("{}_eye_height_inner", 38, 40),
    ("{}_brow_width", 17, 21),
    ("{}_brow_outer_to_eye", 17, 36),
    ("{}_brow_outer_mid_to_eye", 18, 37),
    ("{}_brow_mid_to_eye", 19, 37),
    ("{}_brow_inner_mid_to_eye", 20, 38),
    ("{}_brow_inner_to_eye", 21, 39),
    ("{}_brow_to_eye_centre", RIGHT_BROW, RIGHT_EYE),
    ("{}_brow_inner_to_nose_root", 21, 27),
    ("{}_brow_mid_to_nose_tip", 19, 30),
    ("{}_upper_lid_to_brow", (37, 38), 19),
    ("{}_nostril_to_inner_eye", 31, 39),
    ("{}_nostril_to_mouth_corner", 31, 48),
    ("{}_mouth_corner_to_outer_eye", 48, 36),
    ("{}_mouth_corner_to_inner_eye", 48, 39),
    ("{}_mouth_corner_to_lower_lid", 48, (40, 41)),
    ("{}_mouth_corner_to_nose_tip", 48, 30),
    ("{}_mouth_corner_to_chin", 48, 8),
    ("{}_mouth_corner_to_jaw", 48, 4),
    ("{}_upper_lip_half_width", 48, 51),
    ("{}_lower_lip_half_width", 48, 57),
    ("{}_upper_lip_thickness", 50, 61),
    ("{}_lower_lip_thickness", 58, 67),
    ("{}_mouth_height", 50, 58),
    ("{}_mouth_opening", 61, 67),
    ("{}_upper_lip_to_nostril", 50, 31),
]
_MIDLINE_DISTANCES = [
    ("mouth_width", 48, 54),
    ("inner_mouth_width", 60, 64),
    ("mouth_height", 51, 57),
    ("mouth_opening", 62, 66),
    ("upper_lip_thickness", 51, 62),
    ("lower_lip_thickness", 57, 66),
    ("nose_base_to_upper_lip", 33, 51),
    ("nose_tip_to_upper_lip", 30, 51),
    ("lower_lip_to_chin", 57, 8),
    ("nose_base_to_chin", 33, 8),
    ("brow_gap", 21, 22),
    ("brow_mid_gap", 19, 24),
    ("inner_eye_gap", 39, 42),
    ("nose_width", 31, 35),
    ("nose_length", 27, 33),
    ("nose_bridge", 27, 30),
    ("nose_tip_to_base", 30, 33),
    ("eyes_to_mouth", RIGHT_EYE + LEFT_EYE, OUTER_MOUTH),
    ("eyes_to_nose_base", RIGHT_EYE + LEFT_EYE, 33),
    ("jaw_width", 4, 12),
    ("cheek_width", 1, 15),
    ("face_height", 27, 8),
]


def _family():
    rows = [(name, as_anchor(a), as_anchor(b)) for name, a, b, _ in both_sides(_PAIRED_DISTANCES)]
    rows += [(name, as_anchor(a), as_anchor(b)) for name, a, b in _MIDLINE_DISTANCES]
    starts, ends = [row[1] for row in rows], [row[2] for row in rows]

    def compute(points):
        return lengths(*(anchor_rows(rows, ends) - anchor_rows(rows, starts) for rows in coordinates(points))).T

    features = tuple(
        Feature(f"dist_{name}", f"|{anchor_label(a)} - {anchor_label(b)}|", "IOD", ((a, b),)) for name, a, b in rows
    )
    return Family.of(features, compute, "lengths between points of eyes, brows, nose, mouth and jaw")


def lengths(x, y):
    # Lengths in IOD neither overflow nor underflow: np.hypot guards against both at ten times the cost.
    x *= x
    y *= y
    x += y
    return np.sqrt(x, out=x)


FAMILY = _family()
