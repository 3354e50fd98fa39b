"""How good a face is for measuring: head pose, sharpness and size."""

import cv2
import numpy as np

SHARPNESS_SIDE = 64  # px: faces are compared at one size, since enlarging blurs
# A face of average proportions in millimetres, x to the picture's right, y down, z away from the camera: nose tip,
# chin, outer eye corners, mouth corners. After the generic model in Mallick, "Head Pose Estimation using OpenCV", 2016.
MODEL_POINTS = (30, 8, 36, 45, 48, 54)
MODEL = np.array(
    [[0, 0, 0], [0, 66, 13], [-45, -34, 27], [45, -34, 27], [-29, 29, 25], [29, 29, 25]],
    dtype=float,
)
FOCAL_IN_FACES = 5.0  # focal length in face widths: a portrait's distance; the picture's own is not known


def sharpness(view, box: np.ndarray) -> float:
    """Variance of the Laplacian of the face at 64 px, gray levels squared; NaN where the box leaves the picture.

    References
    ----------
    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    height, width = view.gray.shape
    left, top = (max(0, int(side)) for side in box[:2])
    right, bottom = min(width, int(box[2]) + 1), min(height, int(box[3]) + 1)
    if right - left < 2 or bottom - top < 2:
        return float("nan")
    face = cv2.resize(view.gray[top:bottom, left:right], (SHARPNESS_SIDE, SHARPNESS_SIDE), interpolation=cv2.INTER_AREA)
    _, deviation = cv2.meanStdDev(cv2.Laplacian(face, cv2.CV_16S))
    return float(deviation[0, 0] ** 2)


def head_pose(points: np.ndarray) -> np.ndarray:
    """Yaw, pitch and roll of each head in degrees, by solvePnP on six points of a generic face.

    Parameters
    ----------
    points : ndarray of shape (n, 68, 2)
        Landmarks in pixels. Rows may be NaN.

    Returns
    -------
    ndarray of shape (n, 3), float32
        Yaw: positive where the nose points to the picture's right; pitch: positive where it points up; roll:
        positive where the head is turned clockwise in the picture. NaN where there are no points.
    """
    return np.array([_pose(face) for face in np.asarray(points, dtype=float)], dtype=np.float32).reshape(-1, 3)


def _pose(points):
    if not np.isfinite(points).all():
        return [np.nan] * 3
    centre, width = points.mean(axis=0), max(1e-3, np.ptp(points[:, 0]))
    camera = np.array([[FOCAL_IN_FACES * width, 0, centre[0]], [0, FOCAL_IN_FACES * width, centre[1]], [0, 0, 1]])
    try:
        # EPnP and Levenberg-Marquardt from there: SOLVEPNP_ITERATIVE alone starts from a planar guess.
        _, turn, move = cv2.solvePnP(MODEL, points[list(MODEL_POINTS)], camera, None, flags=cv2.SOLVEPNP_SQPNP)
        turn, _ = cv2.solvePnPRefineLM(MODEL, points[list(MODEL_POINTS)], camera, None, turn, move)
    except cv2.error:  # all points on one line
        return [np.nan] * 3
    return _angles(cv2.Rodrigues(turn)[0])


def _angles(turn):
    # The nose looks along -z of the model; roll is what remains of the eyes' direction.
    nose, eyes = turn @ np.array([0.0, 0.0, -1.0]), turn @ np.array([1.0, 0.0, 0.0])
    yaw = np.arctan2(nose[0], -nose[2])
    pitch = np.arcsin(np.clip(-nose[1], -1, 1))
    roll = np.arctan2(eyes[1], eyes[0])
    return np.degrees([yaw, pitch, roll])
