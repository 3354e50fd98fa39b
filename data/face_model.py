"""A statistical face: modes of shape and of texture, and how each emotion sets them.

An active appearance model (Cootes, Edwards and Taylor, "Active Appearance
Models", PAMI 2001). The shape is 68 points in the order of iBUG 300-W, the
texture a gray picture of the face warped to one fixed reference shape. A face
is a vector of coefficients, one a mode in units of its standard deviation: the
shape modes' come first. `scripts/learn_face_model.py` learns the model.

Points are in pixels of a square canvas, x right and y down. The canvas is
larger than the picture that is cut from its middle, so that a dropped chin or a
turned head still has something beside it.
"""

import functools
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np

ASSET = Path(__file__).with_name("face_model.npz")
CANVAS = 112  # px, side of the canvas
PICTURE = 96  # px, side of the picture in its middle
EYE_DISTANCE = 29.0  # px between the middles of the eyes, on average
EYE_LEVEL = 45.0  # px, height of the eyes on the canvas
OVERSAMPLING = 2  # rendered so many times larger and then averaged: a lid or a lip is thinner than a pixel
# The hairline: where each point stands between the temples (0, subject's right, to 1), and how far above them, px.
HAIRLINE = np.array([(-0.04, 15), (0.05, 26), (0.24, 34), (0.5, 37), (0.76, 34), (0.95, 26), (1.04, 15)])
RIGHT_TEMPLE, LEFT_TEMPLE = 0, 16
# Halfway between these is a point of the cheek or chin, so that a smile's fold is shared by many triangles.
CHEEKS = np.array([(1, 41), (15, 46), (2, 31), (14, 35), (4, 48), (12, 54), (6, 59), (10, 55), (8, 57)])
LIPS = ((61, 67), (62, 66), (63, 65))  # inner points, upper above lower
MIN_LIP_GAP = 0.05  # px: a shut mouth stays a slit, so that no triangle turns over
CLOSED_PARTS = (36, 42), (42, 48), (60, 68)  # index ranges of the eyes and of the inner mouth: these may shut
MAX_OVERLAP = 0.3  # px that lids or lips may cross: what lies around them is drawn over it
LEAST_HEIGHT = 0.2  # of a triangle, as a share of its height in the reference: thinner is a fold


@dataclass(frozen=True)
class AppearanceModel:
    """Means and modes of faces; holds no picture of a person.

    Parameters
    ----------
    emotions : ndarray of shape (k,), str
    reference : ndarray of shape (68, 2)
        The shape that textures are warped to, with mouth and eyes wide open.
    triangles : ndarray of shape (t, 3), int
        Mesh over `with_frame(reference)`.
    shape_mean : ndarray of shape (68, 2)
    shape_modes : ndarray of shape (s, 68, 2)
        Each times its standard deviation, in pixels.
    texture_mean : ndarray of shape (CANVAS, CANVAS)
        Mean 0 and standard deviation 1 within the face.
    texture_modes : ndarray of shape (m, CANVAS, CANVAS), int8
    texture_scale : ndarray of shape (m,)
        What an int8 step of each mode is worth, with its standard deviation.
    emotion_mean : ndarray of shape (k, s + m)
    emotion_spread : ndarray of shape (k, s + m, s + m)
        Lower triangular factor L of each emotion's covariance L L^T.
    pooled_spread : ndarray of shape (s + m, s + m)
        The same of the covariance within all emotions.
    """

    emotions: np.ndarray
    reference: np.ndarray
    triangles: np.ndarray
    shape_mean: np.ndarray
    shape_modes: np.ndarray
    texture_mean: np.ndarray
    texture_modes: np.ndarray
    texture_scale: np.ndarray
    emotion_mean: np.ndarray
    emotion_spread: np.ndarray
    pooled_spread: np.ndarray

    @classmethod
    def load(cls, path=ASSET) -> "AppearanceModel":
        with np.load(path, allow_pickle=False) as asset:
            return cls(**{field.name: _widened(asset[field.name]) for field in fields(cls)})

    def save(self, path) -> None:
        np.savez_compressed(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @property
    def n_coefficients(self) -> int:
        return self.emotion_mean.shape[1]

    def points(self, coefficients: np.ndarray) -> np.ndarray:
        """Shapes (n, 68, 2) of coefficients (n, s + m)."""
        weights = coefficients[:, : len(self.shape_modes)]
        return self.shape_mean + np.tensordot(weights, self.shape_modes, axes=1)

    def textures(self, coefficients: np.ndarray) -> np.ndarray:
        """Textures (n, CANVAS, CANVAS), float32, of coefficients (n, s + m)."""
        weights = (coefficients[:, len(self.shape_modes) :] * self.texture_scale).astype(np.float32)
        modes = self.texture_modes.reshape(len(self.texture_modes), -1).astype(np.float32)
        return self.texture_mean.astype(np.float32) + (weights @ modes).reshape(-1, CANVAS, CANVAS)

    def render(self, points: np.ndarray, texture: np.ndarray) -> np.ndarray:
        """Lay one texture (CANVAS, CANVAS) on one shape (68, 2): a picture (PICTURE, PICTURE), float32."""
        x, y = inverse_map(with_frame(points), with_frame(self.reference), self.triangles)
        # Linear: the texture is smooth at this size, and cubic rings where the mesh squeezes it.
        large = cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return cv2.resize(large, (PICTURE, PICTURE), interpolation=cv2.INTER_AREA)

    def folded(self, points: np.ndarray) -> np.ndarray:
        """Mask (n,) of shapes (n, 68, 2) whose mesh turns over, or nearly does outside eyes and mouth."""
        heights = mesh_heights(with_frame(points), self.triangles)
        usual = mesh_heights(with_frame(self.reference)[None], self.triangles)
        least = np.where(within_closed_parts(self.triangles), -MAX_OVERLAP, LEAST_HEIGHT * usual)
        return (heights < least).any(axis=1)


def _widened(values: np.ndarray) -> np.ndarray:
    """The asset's float16 as float64, to compute with."""
    return values.astype(np.float64) if values.dtype == np.float16 else values


def with_frame(points: np.ndarray) -> np.ndarray:
    """Shapes (…, 68, 2) with a hairline, cheeks and the canvas' edge added: (…, 104, 2)."""
    points = np.asarray(points, dtype=float)
    right, left = points[..., [RIGHT_TEMPLE], :], points[..., [LEFT_TEMPLE], :]
    hairline = right + HAIRLINE[:, :1] * (left - right) - HAIRLINE[:, 1:] * (0, 1)
    cheeks = points[..., CHEEKS, :].mean(axis=-2)
    edge = np.broadcast_to(_edge(), (*points.shape[:-2], *_edge().shape))
    return np.concatenate([points, hairline, cheeks, edge], axis=-2)


@functools.cache
def _edge() -> np.ndarray:
    """20 points around the canvas, (20, 2)."""
    steps = np.linspace(0, CANVAS - 1, 6)[:-1]
    far = CANVAS - 1
    sides = [(steps, 0 * steps), (0 * steps + far, steps), (far - steps, 0 * steps + far), (0 * steps, far - steps)]
    return np.concatenate([np.stack(side, axis=1) for side in sides])


def with_shut_lips(points: np.ndarray) -> np.ndarray:
    """Shapes (n, 68, 2) where the upper inner lip is never below the lower: lips that cross meet halfway."""
    points = np.array(points, dtype=float)
    for upper, lower in LIPS:
        overlap = np.maximum(MIN_LIP_GAP - (points[:, lower, 1] - points[:, upper, 1]), 0) / 2
        points[:, upper, 1] -= overlap
        points[:, lower, 1] += overlap
    return points


def within_closed_parts(triangles: np.ndarray) -> np.ndarray:
    """Mask (t,) of the triangles inside an eye or the mouth."""
    return np.any([((low <= triangles) & (triangles < high)).all(axis=1) for low, high in CLOSED_PARTS], axis=0)


def mesh_areas(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Signed areas (n, t) of the triangles of (n, p, 2), px²; one sign in all where nothing is folded."""
    a, b, c = (points[:, triangles[:, corner]] for corner in range(3))
    ab, ac = b - a, c - a
    return (ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0]) / 2


def mesh_heights(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Signed least heights (n, t) of the triangles of (n, p, 2), px; negative where one is turned over."""
    corners = points[:, triangles]
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=2), axis=-1)
    return 2 * mesh_areas(points, triangles) / np.maximum(sides.max(axis=2), 1e-9)


def inverse_map(shape: np.ndarray, source: np.ndarray, triangles: np.ndarray):
    """Where each pixel of the picture, drawn in `shape`, comes from in `source`: x and y for `cv2.remap`.

    Parameters
    ----------
    shape, source : ndarray of shape (p, 2)
        The same mesh twice, in pixels of the canvas.
    triangles : ndarray of shape (t, 3)
        In drawing order: a later triangle has the edge that it shares.

    Returns
    -------
    two ndarrays of shape (OVERSAMPLING * PICTURE, OVERSAMPLING * PICTURE), float32
    """
    margin = (CANVAS - PICTURE) / 2
    large = (shape - margin + 0.5) * OVERSAMPLING - 0.5
    side = OVERSAMPLING * PICTURE
    owner = np.zeros((side, side), dtype=np.int32)
    fixed = np.round(large[triangles] * 16).astype(np.int32)  # cv2 takes 4 bits behind the point
    for number, corners in enumerate(fixed):
        cv2.fillConvexPoly(owner, corners, number, shift=4)
    corners = np.concatenate([large[triangles], np.ones((len(triangles), 3, 1))], axis=2)
    affine = np.linalg.solve(corners, source[triangles]).astype(np.float32)  # (t, 3, 2): source = (x, y, 1) @ affine
    steps = np.arange(side, dtype=np.float32)
    x, y = steps[None], steps[:, None]
    return tuple(affine[:, 0, k][owner] * x + affine[:, 1, k][owner] * y + affine[:, 2, k][owner] for k in range(2))
