"""Write docs/features.md and its drawings from the definitions that compute the features.

python scripts/features_table.py
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lineament.features import FAMILIES  # noqa: E402
from lineament.features.shape import TEMPLATE  # noqa: E402
from lineament.landmarks.layout import CLOSED, CONTOURS  # noqa: E402

TARGET = ROOT / "docs" / "features.md"
TOLD = {name: family for name, family in FAMILIES.items() if family.features}
DRAWN = [name for name in TOLD if name not in ("shape", "pairwise")]  # a point each, and every pair: no need
HEADER = """\
# Features

Written by `python scripts/features_table.py` from the definitions in `features/`: change it there.

`p0` … `p67` are dlib's 68 points, numbered from 0; left and right are the subject's own. Points are first moved, turned
and scaled so that the outer eye corners (p36, p45) lie at (-1/2, 0) and (1/2, 0). Lengths are therefore in inter-ocular
distances (IOD), areas in IOD², angles in radians. Choose families with `--features`.

`--reference neutral` takes every measurement as its difference from a neutral face of the same person. That face must
be known to be neutral by its label, and so leaves training and scores.
"""
TILE, COLUMNS, SCALE = 150, 8, 4  # px of a face on the sheet, faces a row, drawn larger and then shrunk
POINT, CONTOUR, STROKE = (130, 140, 150), (195, 200, 205), (200, 60, 40)  # RGB


def page() -> str:
    """The whole document, without the drawings."""
    parts = [HEADER]
    for name, family in TOLD.items():
        parts.append(f"## {name}\n\n{family.about[0].upper()}{family.about[1:]}: {len(family.features)} features.\n")
        if family.note:
            parts.append(family.note)
        if name == "pairwise":
            parts.append("`pair_A_B` is |pA - pB| in IOD, for every A < B.\n")
            continue
        if name in DRAWN:
            parts.append(f"![Each feature drawn on a mean face, in the order of the table](features_{name}.png)\n")
        rows = [f"| `{feature.name}` | {_escaped(feature.formula)} | {feature.unit} |" for feature in family.features]
        parts.append("\n".join(["| name | formula | unit |", "|---|---|---|", *rows]) + "\n")
    return "\n".join(parts)


def _escaped(formula: str) -> str:
    return formula.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def sheet(family) -> np.ndarray:
    """Every feature of a family on a mean face, as one RGB picture."""
    top = min(line[:, 1].min() for feature in family.features for line in feature.draw(TEMPLATE))
    tiles = [tile(feature, forehead=max(0.0, -0.4 - top)) for feature in family.features]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    return np.vstack([np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)])


def tile(feature, *, forehead: float) -> np.ndarray:
    """One feature on a mean face; `forehead` is the room above the usual frame, in IOD."""
    picture = np.full((TILE * SCALE, TILE * SCALE, 3), 255, dtype=np.uint8)
    face = (TEMPLATE + [0.95 + forehead / 2, 0.45 + forehead]) * TILE * SCALE / (1.95 + forehead)
    for name, contour in CONTOURS.items():
        _line(picture, face[list(contour)], CONTOUR, 3, closed=name in CLOSED)
    for x, y in face:
        cv2.circle(picture, (int(x), int(y)), 5, POINT, -1, cv2.LINE_AA)
    for stroke in feature.draw(face):
        _line(picture, stroke, STROKE, 8)
    return cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)


def _line(picture, points, color, width, *, closed=False):
    cv2.polylines(picture, [points.round().astype(np.int32)], closed, color, width, cv2.LINE_AA)


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(page(), encoding="utf-8")
    for family in DRAWN:
        drawing = Image.fromarray(sheet(TOLD[family])).quantize(24)  # a few colours: a quarter of the bytes
        drawing.save(TARGET.with_name(f"features_{family}.png"), optimize=True)
