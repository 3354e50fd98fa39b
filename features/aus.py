"""Facial action units, estimated from where landmarks stand against a mean face, and from furrows of the skin.

A unit of FACS is what muscles do to the skin; coders read folds, bulges and
movement, of which 68 points hold a part. What stands here is the displacement
that a unit would bring about, as geometry-based AU recognition uses it, and how
much deeper than usual the skin is furrowed where the unit folds it: a signed
intensity of measurements, **not a FACS code**, and not one that a certified
coder has checked. Whoever has high brows has a high `au1`, neutral or not:
relative to the same person's neutral face (`features.reference`) the numbers
mean more. Without a picture the skin counts as usual, and points are all.

Ekman and Friesen, "Facial Action Coding System", 1978: the units. Tian, Kanade
and Cohn, "Recognizing Action Units for Facial Expression Analysis", PAMI 23
(2001); Valstar and Pantic, "Fully Automatic Facial Action Unit Detection and
Temporal Analysis", CVPR-W 2006: which points they move, and where to. Where they furrow: `features.furrows`.
"""

from dataclasses import dataclass

import numpy as np

from ..landmarks.layout import LEFT_EYE, MIRROR, N_POINTS, RIGHT_EYE
from .furrows import FURROWS, TYPICAL, columns_of, furrows
from .measure import Family, Feature, coordinates
from .shape import TEMPLATE

NOSE_BASE = 33  # the lower face is measured from here: a long nose is no lowered lip
DIAGONAL = 2**-0.5
# Half a face: x points away from the midline, y down.
_DIRECTIONS = {"up": (0, -1), "down": (0, 1), "out": (1, 0), "in": (-1, 0)}


@dataclass(frozen=True)
class Unit:
    """One action unit: `terms` are (weight, direction, points of the subject's right side).

    `lower` measures from the nose base instead of the eye axis; `shut` from
    parts that touch instead of the mean face's; `share` in mean eye openings.
    `weak` says why 68 points tell little. `skin` is a region of
    `features.furrows` and what a furrow as deep as the face's contrast counts.
    On FER2013's training pictures a furrow deeper by one standard deviation so
    counts half a standard deviation of the displacement where points are weak,
    and a quarter elsewhere: with twice that, faces are told apart less well.
    """

    number: int
    title: str
    terms: tuple[tuple[float, str, tuple[int, ...]], ...]
    lower: bool = False
    shut: bool = False
    share: bool = False
    weak: str = ""
    skin: tuple[str, float] | None = None

    @property
    def name(self) -> str:
        return f"au{self.number}"

    @property
    def formula(self) -> str:
        text = f"{self.title}: "
        for number, (weight, direction, points) in enumerate(self.terms):
            text += (" + " if weight > 0 else " - ") if number else ""
            text += "" if abs(weight) == 1 else f"{abs(weight):.2f} "
            text += f"{direction}({' '.join(f'p{point}' for point in points)})"
        text += ", from the nose base p33" * self.lower + ", from shut lips" * self.shut
        text += ", over the mean face's eye opening" * self.share
        text += f", + {self.skin[1]:.2f} furrowed({self.skin[0]})" if self.skin else ""
        text += ". Rests on points and skin" if self.skin else ". Rests on points alone"
        return text + (f". Weak: {self.weak}" if self.weak else "")


UNITS = (
    Unit(1, "inner brow raiser", ((1, "up", (20, 21)),), skin=("forehead", 0.43)),
    Unit(2, "outer brow raiser", ((1, "up", (17, 18)),), skin=("forehead_side", 0.23)),
    Unit(4, "brow lowerer", ((1, "down", (19, 20, 21)), (1, "in", (21,))), skin=("glabella", 0.49)),
    Unit(5, "upper lid raiser", ((1, "up", (37, 38)),)),
    Unit(
        6,
        "cheek raiser",
        ((1, "up", (41,)),),
        skin=("eye_corner", 0.19),
        weak="no point lies on the cheek; the outer lower lid follows it",
    ),
    Unit(
        7,
        "lid tightener",
        ((1, "up", (40,)),),
        skin=("lower_lid", 0.18),
        weak="one point of the lower lid, and AU6 moves it too",
    ),
    Unit(
        9,
        "nose wrinkler",
        ((1, "up", (31,)),),
        skin=("nose_root", 0.97),
        weak="the nose wings rise a little; a short nose looks the same",
    ),
    Unit(10, "upper lip raiser", ((1, "up", (50, 51)),), lower=True, skin=("nasolabial", 0.19)),
    Unit(
        12,
        "lip corner puller",
        ((DIAGONAL, "up", (48,)), (DIAGONAL, "out", (48,))),
        lower=True,
        skin=("nasolabial", 0.40),
    ),
    Unit(
        14,
        "dimpler",
        ((1, "down", (49,)), (1, "up", (59,))),
        skin=("mouth_corner", 0.81),
        weak="the lips thin out beside the corners, as when pressed",
    ),
    Unit(15, "lip corner depressor", ((1, "down", (48,)), (-1, "down", (51, 57))), skin=("below_mouth_corner", 0.28)),
    Unit(
        17,
        "chin raiser",
        ((1, "up", (57, 58)),),
        lower=True,
        skin=("chin", 1.26),
        weak="the chin boss has no point; the lower lip also rises when the mouth shuts",
    ),
    Unit(20, "lip stretcher", ((DIAGONAL, "out", (48,)), (DIAGONAL, "down", (48,))), lower=True),
    Unit(
        23,
        "lip tightener",
        ((1, "down", (50, 51)), (1, "up", (61, 62)), (1, "down", (67, 66)), (1, "up", (58, 57)), (1, "in", (48,))),
        skin=("upper_lip", 0.21),
        weak="hardly to be told from AU24",
    ),
    Unit(24, "lip pressor", ((1, "down", (50, 51)), (1, "up", (58, 57)))),
    Unit(25, "lips part", ((1, "up", (61, 62)), (1, "down", (67, 66))), shut=True),
    Unit(26, "jaw drop", ((1, "down", (7, 8)),), lower=True),
    Unit(43, "eye closure", ((1, "down", (37, 38)), (1, "up", (41, 40))), share=True),
    Unit(
        45,
        "blink",
        ((1, "down", (37, 38)),),
        share=True,
        weak="a blink is a movement in time; this is how far the upper lids have come down",
    ),
)
ABOUT = "facial action units by what points and skin show of them: estimates, not FACS codes"
NOTE = """\
`up(…)` is how far these points and their mirror points stand, on average, above where the mean face has them; `down`,
`out` (away from the midline) and `in` likewise; `furrowed(…)` is how much deeper than in FER2013's median face a region
of `furrows` (below) is furrowed, the mean of both sides. So a value of 0 is a usual face's, and values may be negative.
Each formula says what it rests on, points alone or points and skin; where landmarks come without pictures, and in
`feature_table`, the skin counts as usual: points alone. The numbers are **not certified FACS codes**, and where a
formula says *weak*, 68 points hold little of the unit. Pictures sharper than FER2013's 48x48 show deeper furrows, which
shifts all faces of a dataset alike. Units: Ekman and Friesen, *Facial Action Coding System*, 1978; the points that they
move: Tian, Kanade and Cohn, PAMI 23 (2001); Valstar and Pantic, CVPR-W 2006. With `--reference neutral` they are
differences from the person's own neutral face, wrinkles that stay included.
"""


def _family():
    """Action units 1 to 45 as signed displacements, both sides averaged: the mirror image has the same."""
    weights = np.stack([_weights(unit) for unit in UNITS])  # (d, 2, 68)
    rest = np.array([0.0 if unit.shut else (row * TEMPLATE.T).sum() for unit, row in zip(UNITS, weights)])

    def compute(points):
        x, y = coordinates(points)
        return (weights[:, 0] @ x + weights[:, 1] @ y - rest[:, None]).T

    features = tuple(Feature(unit.name, unit.formula, "1" if unit.share else "IOD", _strokes(unit)) for unit in UNITS)
    return Family.of(features, compute, ABOUT, compute_pixels=_of_skin, note=NOTE)


def _of_skin(faces, points):
    """What furrows add to each unit, (n, d) float64, from furrows in the precision that tables of pixels have."""
    return skin_terms(furrows(faces, points).astype(np.float32))


def skin_terms(furrows: np.ndarray) -> np.ndarray:
    """What the skin adds to each unit (n, d), from the columns of `furrows.FURROWS` (n, k); 0 where those are NaN."""
    terms = (np.asarray(furrows, dtype=np.float64) - TYPICAL) @ _SKIN.T
    return np.where(np.isnan(terms), 0.0, terms)


def _skin_weights():
    """What each furrow column (k,) adds to each unit: both sides alike."""
    weights = np.zeros((len(UNITS), len(FURROWS)))
    for row, unit in zip(weights, UNITS):
        if unit.skin:
            region, weight = unit.skin
            row[columns_of(region)] = weight / len(columns_of(region))
    return weights


_SKIN = _skin_weights()


def _weights(unit):
    """What each coordinate (2, 68) adds to a unit: all of them are linear in the normalised points."""
    weights = np.zeros((2, N_POINTS))
    for weight, direction, points in unit.terms:
        outwards, down = _DIRECTIONS[direction]
        share = weight / (2 * len(points))
        for point in points:
            side = np.sign(TEMPLATE[point, 0])  # 0 on the midline, which has no way out
            weights[:, point] += share * side * outwards, share * down
            weights[:, MIRROR[point]] += -share * side * outwards, share * down
        if unit.lower:
            weights[1, NOSE_BASE] -= weight * down
    return weights / _eye_opening() if unit.share else weights


def _eye_opening():
    """Of the mean face, between the lids, in IOD."""
    return (TEMPLATE[[41, 40], 1] - TEMPLATE[[37, 38], 1]).mean()


def _strokes(unit):
    """Lines between what moves together or apart, else from each point to what it is measured from."""
    moving = [points for weight, _, points in unit.terms if weight > 0]
    lines = []
    while len(moving) > 1 and set(moving[0]) != set(moving[1]) and len(moving[0]) == len(moving[1]):
        one, other, *moving = moving
        lines += [((a,), (b,)) for a, b in zip(one, other)]
    if not lines:
        against = [points for weight, _, points in unit.terms if weight < 0]
        origin = against[0] if against else (NOSE_BASE,) if unit.lower else RIGHT_EYE
        lines = [((point,), origin) for points in moving for point in points]
    lines += [tuple(_mirrored(anchor) for anchor in line) for line in lines]
    return tuple(dict.fromkeys(lines))


def _mirrored(anchor):
    return LEFT_EYE if anchor == RIGHT_EYE else tuple(int(MIRROR[point]) for point in anchor)


FAMILY = _family()
