"""Faces to 68 landmarks: detection, extraction over a dataset, cache."""

from .detector import DETECTORS, Face, find_face, find_faces
from .extract import ON_MISS, LandmarkSet, extract_landmarks
from .given import given_landmarks

__all__ = [
    "DETECTORS",
    "ON_MISS",
    "Face",
    "LandmarkSet",
    "extract_landmarks",
    "find_face",
    "find_faces",
    "given_landmarks",
]
