"""Pictures to faces with 68 landmarks: detection, one look over many pictures, cache, tracking, video."""

from .faces import Faces, given_faces
from .find import DETECTORS, find_face, find_faces
from .fitting import Face
from .look import ON_MISS, Finder, look_at

__all__ = [
    "DETECTORS",
    "ON_MISS",
    "Face",
    "Faces",
    "Finder",
    "find_face",
    "find_faces",
    "given_faces",
    "look_at",
]
