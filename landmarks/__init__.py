"""Faces to 68 landmarks: detection, extraction over a dataset, cache."""

from landmarks.backends import BACKENDS
from landmarks.detector import DETECTORS, Face, find_face, find_faces
from landmarks.extract import ON_MISS, LandmarkSet, extract_landmarks
from landmarks.given import given_landmarks

__all__ = [
    "BACKENDS",
    "DETECTORS",
    "ON_MISS",
    "Face",
    "LandmarkSet",
    "extract_landmarks",
    "find_face",
    "find_faces",
    "given_landmarks",
]
