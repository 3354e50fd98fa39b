"""The families of geometric features, by name; each is defined once, in the module of its kind.

`FEATURES` are all measurements that can be told and drawn one by one, furrows of the skin included.
"""

from .angles import angles
from .contours import areas, curvature, symmetry
from .distances import distances, pairwise
from .ellipses import ellipses, fitted_ellipse
from .furrows import FURROWS
from .measure import Family, Feature, normalised
from .pose import pose
from .shape import shape
from .units import aus

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
