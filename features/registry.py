"""The families of measurements, by name; each is one file that exports `FAMILY`.

`FEATURES` are all measurements that can be told and drawn one by one.
"""

from ..data.registry import entries
from .measure import Family

FAMILIES: dict[str, Family] = entries(
    __package__,
    {
        "distances": "distances:FAMILY",
        "angles": "angles:FAMILY",
        "ellipses": "ellipses:FAMILY",
        "areas": "areas:FAMILY",
        "symmetry": "symmetry:FAMILY",
        "curvature": "curvature:FAMILY",
        "shape": "shape:FAMILY",
        "pose": "pose:FAMILY",
        "aus": "aus:FAMILY",
        "pairwise": "pairwise:FAMILY",
        "hog": "hog:FAMILY",
        "lbp": "lbp:FAMILY",
        "binary": "binary:FAMILY",
        "furrows": "furrows:FAMILY",
    },
)
DEFAULT_FAMILIES = ("distances", "angles", "ellipses")
FEATURES = {feature.name: feature for family in FAMILIES.values() for feature in family.features}
