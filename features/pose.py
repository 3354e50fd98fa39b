"""Where the head is turned, from landmarks alone and for all faces at once."""

import numpy as np

from ..landmarks.layout import LEFT_EYE, NOSE_BASE, NOSE_BRIDGE, RIGHT_EYE
from .measure import Family, Feature, coordinates, normalised
from .shape import TEMPLATE

# How far points lie behind the outer eye corners, in IOD: of nose and eye corners, which no expression moves much.
# Learned by `scripts/learn_depths.py` from how the points move together when heads turn.
DEPTH = {
    27: -0.21, 28: -0.32, 29: -0.43, 30: -0.54,
    31: -0.30, 32: -0.35, 33: -0.39, 34: -0.35, 35: -0.30,
    36: 0.00, 39: -0.06, 42: -0.06, 45: 0.00,
}  # fmt: skip
RIGID = list(DEPTH)
HEAD = np.c_[TEMPLATE[RIGID], list(DEPTH.values())]  # (13, 3): x to the picture's right, y down, z away
NOTE = """\
Scaled orthography: the least-squares affine camera of a mean head's nose and eye corners, its two rows scaled to length
1 (DeMenthon and Davis, "Model-based object pose in 25 lines of code", IJCV 15, 1995, without its iteration). The head
is the mean face of `shape` with a depth for each point. A person's own long or short nose reads as pitch, a crooked one
as yaw. `pose_roll` is the one measurement that turning the picture changes: all others are taken after the outer eye
corners were laid level.
"""


def _family():
    """Yaw and pitch of the face with level eyes, and the roll of the eyes in the picture."""
    centred = HEAD - HEAD.mean(axis=0)
    camera = np.linalg.pinv(centred)  # (3, 13): rows of the affine camera from one coordinate of the points

    def compute(points):
        x, y = coordinates(normalised(points))
        across, down = camera @ x[RIGID], camera @ y[RIGID]  # (3, n) each: the camera's rows times its scale
        with np.errstate(divide="ignore", invalid="ignore"):
            across /= np.sqrt((across**2).sum(axis=0))
            down /= np.sqrt((down**2).sum(axis=0))
        # The nose looks along -z of the head, and that is the camera's third column.
        towards = across[0] * down[1] - across[1] * down[0]
        yaw = np.arctan2(-across[2], towards)
        pitch = np.arcsin(np.clip(down[2], -1, 1))
        return np.stack([yaw, pitch, _roll(points)]).T

    ends = (RIGHT_EYE[0], RIGHT_EYE[3], LEFT_EYE[0], LEFT_EYE[3])
    nose = (tuple((point,) for point in NOSE_BRIDGE + NOSE_BASE[2:3]), *(((end,), NOSE_BRIDGE[-1:]) for end in ends))
    eyes = (((RIGHT_EYE[0],), (LEFT_EYE[3],)),)
    features = (
        Feature("pose_yaw", "turn of the nose to the picture's right, -pi to pi", "rad", nose),
        Feature("pose_pitch", "turn of the nose upwards, -pi/2 to pi/2", "rad", nose),
        Feature("pose_roll", "turn of p36 -> p45 clockwise in the picture, -pi to pi", "rad", eyes),
    )
    about = "turn of the head: yaw and pitch by a mean head in scaled orthography, roll by the eyes"
    return Family.of(features, compute, about, note=NOTE, frame="picture")


def _roll(points):
    right, left = points[:, RIGHT_EYE[0]], points[:, LEFT_EYE[3]]
    across, down = (left - right).T
    apart = (across != 0) | (down != 0)
    return np.where(apart, np.arctan2(down, across), np.nan)


FAMILY = _family()
