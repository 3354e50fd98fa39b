"""The families of geometric features, by name; each is defined once, in the module of its kind.

`FEATURES` are all measurements that can be told and drawn one by one, furrows of the skin included.
"""

from features.angles import angles
from features.contours import areas, curvature, symmetry
from features.distances import distances, pairwise
from features.ellipses import ellipses, fitted_ellipse
from features.furrows import FURROWS
from features.measure import Family, Feature, normalised
from features.pose import pose
from features.shape import shape
from features.units import aus

FAMILIES = {
    "distances": distances(),
    "angles": angles(),
    "ellipses": ellipses(),
    "areas": areas(),
    "symmetry": symmetry(),
    "curvature": curvature(),
    "shape": shape(),
    "pose": pose(),
    "aus": aus(),
    "pairwise": pairwise(),
}
FEATURES = {feature.name: feature for family in FAMILIES.values() for feature in family.features}
FEATURES |= {feature.name: feature for feature in FURROWS}

__all__ = ["FAMILIES", "FEATURES", "Family", "Feature", "fitted_ellipse", "normalised"]
