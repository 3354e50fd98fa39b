"""Landmarks to named geometric features, and faces cropped for networks."""

from .crops import face_crops
from .geometry import FAMILIES, FEATURES, Feature, normalised
from .reference import REFERENCES, neutral_faces, reference_sentence, relative_table, without_references
from .table import FeatureTable, Inputs
from .tables import ALL_FAMILIES, face_table
from .transformer import DEFAULT_FAMILIES, FaceFeatures, feature_table, iter_feature_tables

__all__ = [
    "ALL_FAMILIES",
    "DEFAULT_FAMILIES",
    "FAMILIES",
    "FEATURES",
    "FaceFeatures",
    "Feature",
    "FeatureTable",
    "Inputs",
    "REFERENCES",
    "face_crops",
    "face_table",
    "feature_table",
    "iter_feature_tables",
    "neutral_faces",
    "normalised",
    "reference_sentence",
    "relative_table",
    "without_references",
]
