"""Faces with what moved a model's answer drawn on them, and the names of measurements for people."""

import cv2
import numpy as np

from ..features import FEATURES
from .blocks import Note
from .excerpt import Example, Thumbnail
from .formats import points
from .run import Run

SIDE = 336  # pixels of a face with lines on it; shown at half of that, so that the lines are sharp
COLORS = ((255, 209, 71), (96, 205, 255), (255, 140, 190))  # RGB, light on faces of any tone; first to third move
N_LINES = 5  # features of a cluster that are drawn on a face
LEAST_SHOWN = 0.005  # a smaller move would be written as a change of 0.0 to 0.4 points
KINDS = {"dist": "distance", "angle": "angle", "ellipse": "ellipse", "area": "area", "curve": "curvature",
         "symmetry": "right less left", "shape": "shape", "pair": "distance", "furrows": "furrows"}  # fmt: skip


def spoken(name: str) -> str:
    """A feature's name for people: "mouth height (distance)" of dist_mouth_height."""
    kind, _, rest = name.partition("_")
    return f"{rest.replace('_', ' ')} ({KINDS[kind]})" if rest and kind in KINDS else name.replace("_", " ")


def short_name(run: Run, name: str, more: str = "+{}") -> str:
    """A cluster's name for people, with how many measurements go with the one named."""
    n = next((len(one.members) for one in run.explanation.clusters if one.name == name), 1)
    return spoken(name) + (" " + more.format(n - 1) if n > 1 else "")


def drawable(name: str) -> bool:
    """Whether lines on a face can show the feature."""
    return name in FEATURES and bool(FEATURES[name].strokes)


def portraits(run: Run) -> tuple[tuple[Example, tuple[Note, ...], str], ...]:
    """The explained faces whose pictures are kept: each with what moved the answer, and what would change it."""
    if run.explanation is None:
        return ()
    members = {one.name: one.members for one in run.explanation.clusters}
    shown = [face for face in run.explanation.faces if face.row in run.excerpt.thumbnails]
    return tuple(_portrait(run, face, members) for face in shown)


def _portrait(run, face, members):
    names = run.dataset.label_names
    true, said = names[run.dataset.target[face.row]], names[face.predicted]
    caption = f"{true}, {'rightly' if said == true else 'taken for ' + said}: {100 * face.probability:.0f}\u202f%"
    moves = [move for move in face.moves if abs(move.change) >= LEAST_SHOWN] or face.moves[:1]
    what = [what_moved(run, move) for move in moves[: len(COLORS)]]
    lines = [[name for name in members[move.name] if drawable(name)][:N_LINES] for move in moves]
    tile = tile_with_lines(run.excerpt.thumbnails[face.row], lines)
    alt = (
        f"Face labelled {true}; the model said {said} with {100 * face.probability:.0f}\u202f%. Drawn: "
        + ", ".join(what)
        + "."
    )
    notes = (Note(hexadecimal(color), f"{points(move.change)}: {one}") for color, move, one in zip(COLORS, moves, what))
    return Example(tile, caption, alt), tuple(notes), _flips(face, names)


def what_moved(run: Run, move) -> str:
    """The measurements of a move, and on which side of the median they lie."""
    side = "above" if move.value > move.median else "below" if move.value < move.median else "at"
    return f"{short_name(run, move.name, 'and {} alike')}, {side} the median"


def hexadecimal(color: tuple[int, int, int]) -> str:
    """RGB of 0 to 255 as style sheets write it."""
    return "#" + "".join(f"{channel:02x}" for channel in color)


def _flips(face, names):
    if face.flips_after is None:
        return "With all that speak for it at the median it would still say so."
    what = "the strongest" if face.flips_after == 1 else f"the {face.flips_after} strongest"
    return f"With {what} at the median it would say {names[face.flips_to]}."


def tile_with_lines(thumbnail: Thumbnail, features) -> np.ndarray:
    """The face (SIDE, SIDE, 3) uint8 RGB with groups of features drawn; the first group thickest and on top."""
    picture = thumbnail.picture
    picture = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
    scale = SIDE / len(picture)
    tile = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    if not thumbnail.has_points:
        return tile
    # The picture's pixel centres map as (x + 0.5) * scale - 0.5.
    landmarks = (thumbnail.points + 0.5) * scale - 0.5
    for rank, color in reversed(list(enumerate(COLORS[: len(features)]))):
        strokes = [stroke for name in features[rank] for stroke in FEATURES[name].draw(landmarks)]
        _draw(tile, strokes, (20, 20, 20), 6 - rank)
        _draw(tile, strokes, color, 4 - rank)
    return tile


def _draw(tile, strokes, color, width):
    for stroke in strokes:
        line = np.round(stroke * 16).astype(np.int32)  # 4 fractional bits, for smooth lines
        cv2.polylines(tile, [line], False, color, width, cv2.LINE_AA, shift=4)
