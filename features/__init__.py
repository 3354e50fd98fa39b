"""Faces to named measurements, of points and of pixels, and to crops for networks."""

from .measure import Family, Feature, normalised
from .measuring import Measures, face_table, measure
from .reference import REFERENCES, neutral_faces, reference_sentence, relative_table, without_references
from .registry import DEFAULT_FAMILIES, FAMILIES, FEATURES
from .table import FeatureTable, Inputs
from .transformer import FaceFeatures, feature_table, iter_feature_tables

__all__ = [
    "DEFAULT_FAMILIES",
    "FAMILIES",
    "FEATURES",
    "REFERENCES",
    "FaceFeatures",
    "Family",
    "Feature",
    "FeatureTable",
    "Inputs",
    "Measures",
    "face_table",
    "feature_table",
    "iter_feature_tables",
    "measure",
    "neutral_faces",
    "normalised",
    "reference_sentence",
    "relative_table",
    "without_references",
]
