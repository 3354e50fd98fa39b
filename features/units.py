"""Facial action units, estimated from where landmarks stand against a mean face.

A unit of FACS is what muscles do to the skin; coders read folds, bulges and
movement that 68 points do not hold. What stands here is the displacement that a
unit would bring about, as geometry-based AU recognition uses it: a signed
intensity of a measurement, **not a FACS code**, and not one that a certified
coder has checked. Whoever has high brows has a high `au1`, neutral or not:
relative to the same person's neutral face (`features.reference`) the numbers
mean more.

Ekman and Friesen, "Facial Action Coding System", 1978: the units. Tian, Kanade
and Cohn, "Recognizing Action Units for Facial Expression Analysis", PAMI 23
(2001); Valstar and Pantic, "Fully Automatic Facial Action Unit Detection and
Temporal Analysis", CVPR-W 2006: which points they move, and where to.
"""

from dataclasses import dataclass

import numpy as np

from features.measure import Family, Feature, coordinates
from features.shape import TEMPLATE
from landmarks.layout import LEFT_EYE, MIRROR, N_POINTS, RIGHT_EYE

NOSE_BASE = 33  # the lower face is measured from here: a long nose is no lowered lip
DIAGONAL = 2**-0.5
# Half a face: x points away from the midline, y down.
_DIRECTIONS = {"up": (0, -1), "down": (0, 1), "out": (1, 0), "in": (-1, 0)}


@dataclass(frozen=True)
class Unit:
    """One action unit: `terms` are (weight, direction, points of the subject's right side).

    `lower` measures from the nose base instead of the eye axis; `shut` from
    parts that touch instead of the mean face's; `share` in mean eye openings.
    `weak` says why 68 points tell little.
    """

    number: int
    title: str
    terms: tuple[tuple[float, str, tuple[int, ...]], ...]
    lower: bool = False
    shut: bool = False
    share: bool = False
    weak: str = ""

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
        return text + (f". Weak: {self.weak}" if self.weak else "")


UNITS = (
    Unit(1, "inner brow raiser", ((1, "up", (20, 21)),)),
    Unit(2, "outer brow raiser", ((1, "up", (17, 18)),)),
    Unit(4, "brow lowerer", ((1, "down", (19, 20, 21)), (1, "in", (21,)))),
    Unit(5, "upper lid raiser", ((1, "up", (37, 38)),)),
    Unit(6, "cheek raiser", ((1, "up", (41,)),), weak="no point lies on the cheek; the outer lower lid follows it"),
    Unit(7, "lid tightener", ((1, "up", (40,)),), weak="one point of the lower lid, and AU6 moves it too"),
    Unit(9, "nose wrinkler", ((1, "up", (31,)),), weak="wrinkles are texture; the nose wings rise a little"),
    Unit(10, "upper lip raiser", ((1, "up", (50, 51)),), lower=True),
    Unit(12, "lip corner puller", ((DIAGONAL, "up", (48,)), (DIAGONAL, "out", (48,))), lower=True),
    Unit(
        14, "dimpler", ((1, "down", (49,)), (1, "up", (59,))),
        weak="dimples are texture; the lips thin out beside the corners, as when pressed",
    ),
    Unit(15, "lip corner depressor", ((1, "down", (48,)), (-1, "down", (51, 57)))),
    Unit(
        17, "chin raiser", ((1, "up", (57, 58)),), lower=True,
        weak="the chin boss has no point; the lower lip also rises when the mouth shuts",
    ),
    Unit(20, "lip stretcher", ((DIAGONAL, "out", (48,)), (DIAGONAL, "down", (48,))), lower=True),
    Unit(
        23, "lip tightener",
        ((1, "down", (50, 51)), (1, "up", (61, 62)), (1, "down", (67, 66)), (1, "up", (58, 57)), (1, "in", (48,))),
        weak="hardly to be told from AU24 without texture",
    ),
    Unit(24, "lip pressor", ((1, "down", (50, 51)), (1, "up", (58, 57)))),
    Unit(25, "lips part", ((1, "up", (61, 62)), (1, "down", (67, 66))), shut=True),
    Unit(26, "jaw drop", ((1, "down", (7, 8)),), lower=True),
    Unit(43, "eye closure", ((1, "down", (37, 38)), (1, "up", (41, 40))), share=True),
    Unit(
        45, "blink", ((1, "down", (37, 38)),), share=True,
        weak="a blink is a movement in time; this is how far the upper lids have come down",
    ),
)
ABOUT = "facial action units by what the points show of them: estimates, not FACS codes"
NOTE = """\
`up(…)` is how far these points and their mirror points stand, on average, above where the mean face has them; `down`,
`out` (away from the midline) and `in` likewise. So a value of 0 is the mean face's, and values may be negative. The
numbers rest on landmarks alone, on no texture: they are **not certified FACS codes**, and where a formula says *weak*,
68 points hold little of the unit. Units: Ekman and Friesen, *Facial Action Coding System*, 1978; the points that they
move: Tian, Kanade and Cohn, PAMI 23 (2001); Valstar and Pantic, CVPR-W 2006. With `--reference neutral` they are
displacements from the person's own neutral face.
"""


def aus() -> Family:
    """Action units 1 to 45 as signed displacements, both sides averaged: the mirror image has the same."""
    weights = np.stack([_weights(unit) for unit in UNITS])  # (d, 2, 68)
    rest = np.array([0.0 if unit.shut else (row * TEMPLATE.T).sum() for unit, row in zip(UNITS, weights)])

    def compute(points):
        x, y = coordinates(points)
        return (weights[:, 0] @ x + weights[:, 1] @ y - rest[:, None]).T

    features = tuple(Feature(unit.name, unit.formula, "1" if unit.share else "IOD", _strokes(unit)) for unit in UNITS)
    return Family(features, compute, ABOUT, NOTE)


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
