"""Faces drawn into their picture."""

from collections.abc import Iterable

import cv2
import numpy as np

from .fitting import Face
from .layout import CLOSED, CONTOURS

COLOUR = (60, 220, 60)  # BGR
FACE_OF_ONE_PX = 150  # px: lines are a pixel wide on faces up to this width, two on those twice as wide


def drawn(image: np.ndarray, faces: Iterable[Face]) -> np.ndarray:
    """A copy of the picture (H, W) or (H, W, 3) RGB with the contours and ids of the faces, (H, W, 3) BGR."""
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR if image.ndim == 2 else cv2.COLOR_RGB2BGR)
    for face in faces:
        width = max(1, round((face.box[2] - face.box[0]) / FACE_OF_ONE_PX))
        for name, line in CONTOURS.items():
            corners = face.points[list(line)].round().astype(np.int32)
            cv2.polylines(canvas, [corners], name in CLOSED, COLOUR, width, cv2.LINE_AA)
        if (face_id := getattr(face, "face_id", None)) is not None:
            place = int(face.box[0]), int(face.box[1]) - 4
            cv2.putText(canvas, str(face_id), place, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * width, COLOUR, width, cv2.LINE_AA)
    return canvas
