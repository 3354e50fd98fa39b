"""Landmarks to named geometric features, and faces cropped for networks."""

from features.crops import face_crops
from features.geometry import FAMILIES, FEATURES, Feature, normalised
from features.transformer import DEFAULT_FAMILIES, FaceFeatures, FeatureTable, feature_table, iter_feature_tables

__all__ = [
    "DEFAULT_FAMILIES",
    "FAMILIES",
    "FEATURES",
    "FaceFeatures",
    "Feature",
    "FeatureTable",
    "face_crops",
    "feature_table",
    "iter_feature_tables",
    "normalised",
]
