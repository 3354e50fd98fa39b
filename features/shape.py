"""The face as one shape: all points, after the best similarity to a mean face."""

import numpy as np

from ..landmarks.layout import MIRROR, N_POINTS
from .measure import Family, Feature

# The median face of FER2013's training part where dlib saw it, made symmetric: point, x, y in IOD (y down) of the
# subject's right side and the midline.
_HALF_FACE = (
    (0, -0.776, 0.034),
    (1, -0.766, 0.241),
    (2, -0.739, 0.450),
    (3, -0.698, 0.656),
    (4, -0.622, 0.849),
    (5, -0.505, 1.022),
    (6, -0.356, 1.169),
    (7, -0.191, 1.285),
    (8, 0.000, 1.320),
    (17, -0.659, -0.146),
    (18, -0.558, -0.240),
    (19, -0.416, -0.271),
    (20, -0.268, -0.251),
    (21, -0.129, -0.192),
    (27, 0.000, -0.025),
    (28, 0.000, 0.114),
    (29, 0.000, 0.253),
    (30, 0.000, 0.394),
    (31, -0.161, 0.489),
    (32, -0.084, 0.517),
    (33, 0.000, 0.542),
    (36, -0.500, 0.000),
    (37, -0.411, -0.053),
    (38, -0.303, -0.052),
    (39, -0.209, 0.017),
    (40, -0.310, 0.038),
    (41, -0.416, 0.038),
    (48, -0.311, 0.766),
    (49, -0.204, 0.697),
    (50, -0.085, 0.668),
    (51, 0.000, 0.689),
    (55, 0.207, 0.883),
    (56, 0.092, 0.940),
    (57, 0.000, 0.950),
    (60, -0.264, 0.768),
    (61, -0.086, 0.740),
    (62, 0.000, 0.748),
    (65, 0.087, 0.834),
    (66, 0.000, 0.845),
)


def _template() -> np.ndarray:
    points = np.zeros((N_POINTS, 2))
    for point, x, y in _HALF_FACE:
        points[MIRROR[point]] = -x, y
        points[point] = x, y
    return points


TEMPLATE = _template()
# Points that lie inside the face: the jaw is found least surely and would turn the others.
_ALIGNED_BY = np.arange(17, N_POINTS)


def aligned(points: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Points (n, 68, 2) moved, turned and scaled onto a template (68, 2), in least squares over brows to mouth.

    As complex numbers z and template w, both centred: the best similarity is
    the factor sum(conj(z) w) / sum(|z|²).

    Goodall, "Procrustes Methods in the Statistical Analysis of Shape", JRSS B 53 (1991).
    """
    z = points[..., 0] + 1j * points[..., 1]
    w = template[:, 0] + 1j * template[:, 1]
    inner_z, inner_w = z[:, _ALIGNED_BY], w[_ALIGNED_BY]
    z = z - inner_z.mean(axis=1, keepdims=True)
    inner_z = inner_z - inner_z.mean(axis=1, keepdims=True)
    inner_w = inner_w - inner_w.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = (inner_z.conj() * inner_w).sum(axis=1) / (np.abs(inner_z) ** 2).sum(axis=1)
    moved = z * factor[:, None] + w[_ALIGNED_BY].mean()
    return np.stack([moved.real, moved.imag], axis=-1)


def _family():
    """The 136 coordinates of the aligned points."""

    def compute(points):
        return aligned(points, TEMPLATE).reshape(len(points), -1)

    features = tuple(
        Feature(
            f"shape_{axis}_{point}",
            f"{axis} of p{point} after Procrustes alignment to the mean face",
            "IOD",
            (((point,), tuple(sorted({point, int(MIRROR[point])}))),),
        )
        for point in range(N_POINTS)
        for axis in ("x", "y")
    )
    return Family.of(features, compute, "the 136 coordinates after Procrustes alignment to a mean face")


FAMILY = _family()
