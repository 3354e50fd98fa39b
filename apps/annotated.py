"""A picture with its faces marked, and what models say of each in bars beside it: nothing is written over a face."""

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..landmarks.fitting import Face
from ..landmarks.layout import CLOSED, CONTOURS

COLOURS = ("#4cc38a", "#5aa9e6", "#ffb454", "#e58fd8", "#f2777a", "#9ddb4b", "#7fd6d6", "#c9a0ff")
PAPER, INK, FAINT, TRACK = "#16181d", "#f2f2f2", "#a9adb5", "#33373f"
LEAST_SIDE = 640  # px of the longer side: smaller pictures are enlarged
LEAST_FACE = 64  # px: a picture whose smallest face is narrower is enlarged, at most …
LARGEST_GROWTH = 3  # … so many times, or up to …
LARGEST_SIDE = 2400  # … so many px
N_BARS = 7  # labels with a bar; the rest are weaker
SHARE_OF_TEXT = 1 / 55  # its height of the picture's
TEXT = 14, 30  # px, the least and the largest
FOREHEAD, CHIN = 0.25, 0.08  # of the box, above and below it


@dataclass(frozen=True)
class Said:
    """What one model says of one face: `labels` (k,) with their probabilities, and whether it had rather not."""

    labels: Sequence[str]
    proba: Sequence[float]
    unsure: bool = False
    model: str = ""  # where there are several

    @property
    def strongest(self) -> str:
        return self.labels[int(np.argmax(self.proba))]

    @property
    def headline(self) -> str:
        """Such as “happy 93 %”."""
        told = f"unsure ({self.strongest}?)" if self.unsure else f"{self.strongest} {100 * max(self.proba):.0f} %"
        return f"{self.model}: {told}" if self.model else told


def annotated(
    image: np.ndarray, faces: Sequence[Face], said: Sequence[Sequence[Said]], *, names: Sequence[int], steady: bool
) -> np.ndarray:
    """The drawing (H, W, 3) BGR of a picture (h, w) or (h, w, 3) RGB.

    Parameters
    ----------
    image : ndarray
    faces : sequence of n Face
    said : sequence of n sequences of Said, one a model
    names : sequence of n int
        What the faces are called: ids in a video.
    steady : bool
        The size hangs on that of the picture alone, as the frames of a video must have it: faces beyond those that
        one column of bars holds are counted.
    """
    height, width = image.shape[:2]
    scale = _scale(width, height, [] if steady else faces)
    picture = Image.fromarray(image).convert("RGB")
    picture = picture.resize((_even(width * scale), _even(height * scale)), Image.Resampling.BICUBIC)
    size = int(np.clip(max(picture.size) * SHARE_OF_TEXT, *TEXT))
    panel = _Panel(size, said)
    columns = panel.columns(picture.height, 1 if steady else None)
    canvas = Image.new("RGB", (picture.width + _even(columns * panel.width), picture.height), PAPER)
    canvas.paste(picture)
    draw = ImageDraw.Draw(canvas)
    boxes = [(np.asarray(face.box, dtype=float) + 0.5) * scale for face in faces]
    taken = [_head(box) for box in boxes]
    for number, (face, box) in enumerate(zip(faces, boxes)):
        colour = _colour(names[number])
        _mark(draw, face, box, scale, colour, size)
        _tag(draw, box, names[number], said[number], colour, taken, picture.size, size)
    panel.draw(draw, (picture.width, 0), picture.height, columns, names)
    return np.asarray(canvas)[..., ::-1]


def _scale(width, height, faces):
    longer = max(width, height)
    scale = max(1.0, LEAST_SIDE / longer)
    if faces:
        smallest = min(face.box[2] - face.box[0] for face in faces)
        wanted = min(LEAST_FACE / max(smallest, 1), LARGEST_GROWTH, LARGEST_SIDE / longer)
        scale = max(scale, wanted)
    return scale


def _even(number):
    """Encoders of videos want even sides."""
    return 2 * max(1, round(number / 2))


def _colour(name):
    return COLOURS[name % len(COLOURS)]


def _mark(draw, face, box, scale, colour, size):
    """The box around a face, and its contours in a hair's breadth."""
    line = max(1, size // 8)
    if face.found:
        draw.rectangle([*(box[:2] - line), *(box[2:] + line)], outline=colour, width=line)
    thin = max(1, round((box[2] - box[0]) / 220))
    for name, line_of in CONTOURS.items():
        corners = [tuple(place) for place in (face.points[list(line_of)] + 0.5) * scale]
        if np.isfinite(corners).all():
            draw.line([*corners, *(corners[:1] if name in CLOSED else [])], fill=colour, width=thin)


def _head(box):
    """The head around a box, which ends at the brows and above the chin."""
    left, top, right, bottom = box
    return np.array([left, top - FOREHEAD * (bottom - top), right, bottom + CHIN * (bottom - top)])


def _tag(draw, box, name, said, colour, taken, bounds, size):
    """The strongest label beside a box, where it covers no face and no other tag; less of it where there is no room."""
    font, pad = _font(size), size // 4
    first = said[0].headline if said else ""
    for text in (f"{name}  {first}", f"{name}  {said[0].strongest}" if said else "", str(name)):
        wide, high = font.getlength(text) + 2 * pad, size + 2 * pad
        for left, top in _places(_head(box), wide, high, gap=max(2, size // 6)):
            area = np.array([left, top, left + wide, top + high])
            inside = left >= 0 and top >= 0 and area[2] <= bounds[0] and area[3] <= bounds[1]
            if text and inside and not any(_meet(area, other) for other in taken):
                draw.rectangle(list(area), fill=colour)
                draw.text((left + pad, top + high / 2), text, fill=PAPER, font=font, anchor="lm")
                taken.append(area)
                return


def _places(box, wide, high, gap):
    """Above, below, left and right of a box, flush with either side."""
    left, top, right, bottom = box
    for x in (left - gap, right + gap - wide, (left + right - wide) / 2):
        yield x, top - gap - high
        yield x, bottom + gap
    for y in (top, bottom - high):
        yield right + gap, y
        yield left - gap - wide, y


def _meet(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


class _Panel:
    """Entries of bars, one a face and model, in columns beside the picture."""

    def __init__(self, size, said):
        self.size, self.pad, self.line = size, size // 2, round(size * 1.3)
        self.font, self.small = _font(size), _font(round(size * 0.85))
        self.said = said
        k = max((min(len(one.labels), N_BARS) for of in said for one in of), default=N_BARS)
        self.width = size * 17
        self.entry = self.line * (k + 1) + self.pad

    @property
    def n(self):
        return sum(map(len, self.said))

    def rows(self, height):
        """Entries in a column, below a line that may say how many more there are."""
        return max(1, (height - self.pad - self.line) // self.entry)

    def columns(self, height, most):
        needed = max(1, -(-self.n // self.rows(height)))
        return needed if most is None else most

    def draw(self, draw, corner, height, columns, names):
        x, y = corner
        if not self.n:
            draw.text((x + self.pad, y + self.pad), "no face", fill=FAINT, font=self.font)
        rows = self.rows(height)
        entries = [(name, one) for name, of in zip(names, self.said) for one in of]
        for place, (name, one) in enumerate(entries[: columns * rows]):
            column, row = divmod(place, rows)
            self._entry(draw, x + column * self.width + self.pad, y + self.pad + row * self.entry, name, one)
        if (more := len(entries) - columns * rows) > 0:
            draw.text((x + self.pad, y + height - self.line), f"and {more} more", fill=FAINT, font=self.small)

    def _entry(self, draw, x, y, name, one):
        inner, chip = self.width - 2 * self.pad, self.size * 2
        draw.rectangle([x, y, x + chip, y + self.line - 2], fill=_colour(name))
        draw.text((x + chip / 2, y + self.line / 2 - 1), str(name), fill=PAPER, font=self.small, anchor="mm")
        head = _fitting(one.headline, self.font, inner - chip - self.pad)
        draw.text((x + chip + self.pad, y + self.line / 2 - 1), head, fill=INK, font=self.font, anchor="lm")
        text, number = inner * 0.4, self.small.getlength("100 %")
        for row, label in enumerate(np.argsort(-np.asarray(one.proba), kind="stable")[:N_BARS], start=1):
            middle, share = y + self.line * (row + 0.5), one.proba[label]
            told = _fitting(one.labels[label], self.small, text - self.pad / 2)
            draw.text((x, middle), told, fill=FAINT if row > 1 else INK, font=self.small, anchor="lm")
            left, right, half = x + text, x + inner - number - self.pad / 2, self.size * 0.3
            draw.rectangle([left, middle - half, right, middle + half], fill=TRACK)
            draw.rectangle([left, middle - half, left + (right - left) * share, middle + half], fill=_colour(name))
            draw.text((x + inner, middle), f"{100 * share:.0f} %", fill=FAINT, font=self.small, anchor="rm")


def _fitting(text, font, width):
    """The text, or as much of it as fits, with an ellipsis."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


@functools.cache
def _font(size):
    """DejaVu Sans, which matplotlib brings: it has the letters of most languages."""
    found = importlib.util.find_spec("matplotlib")
    for folder in (found.submodule_search_locations or ()) if found else ():
        file = Path(folder) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if file.is_file():
            return ImageFont.truetype(str(file), size)
    return ImageFont.load_default(size)
