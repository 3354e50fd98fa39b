"""Faces to 68 landmarks: detection, extraction over a dataset, cache."""

from landmarks.detector import DETECTORS, Face, find_face
from landmarks.extract import ON_MISS, LandmarkSet, extract_landmarks
from landmarks.given import given_landmarks

__all__ = ["DETECTORS", "ON_MISS", "Face", "LandmarkSet", "extract_landmarks", "find_face", "given_landmarks"]
