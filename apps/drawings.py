"""Pictures and videos drawn anew into a folder, under their own names, while a command goes through them."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np

from ..data import LineamentError
from ..data.files import write_atomically
from ..landmarks.inputs import Input
from ..landmarks.video import video_writer
from .inputs import tell


def drawing_places(sources: Sequence[Input], folder: Path) -> dict[Input, Path]:
    """Where each input is drawn; no two drawings share a place.

    Raises
    ------
    LineamentError
        If a drawing would be written over what is to be read.
    """
    read, places = {source.path.resolve() for source in sources}, {}
    taken = set()
    for source in sources:
        place = places[source] = _free(folder / _drawing_name(source), taken)
        taken.add(place)
        if place.resolve() in read:
            raise LineamentError(f"--draw {folder} would write over {place}. Choose another folder.")
    return places


def _drawing_name(source):
    return source.within if source.is_video else source.within.with_suffix(".png")


def _free(path, taken):
    """face.png, or face-2.png where face.jpg and face.bmp are drawn both."""
    number, free = 1, path
    while free in taken:
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def drawing(seen: Iterable, places, drawn: Callable[[object], np.ndarray], frame_of=lambda one: one) -> Iterator:
    """The same items, each drawn where its input has a place.

    Parameters
    ----------
    seen : iterable
        Frames, or what else holds one.
    places : mapping of Input to Path
        As `drawing_places` gives them.
    drawn : function of an item
        Gives the drawing (H, W, 3) BGR, of one size for all frames of a video.
    frame_of : function of an item
        Gives its `Frame`.
    """
    for source, of_one in groupby(seen, key=lambda one: frame_of(one).source):
        with contextlib.ExitStack() as stack:
            draw = None
            for one in of_one:
                if source in places:
                    picture = drawn(one)
                    draw = draw or stack.enter_context(_canvas(frame_of(one), picture, places[source]))
                    draw(picture)
                yield one


@contextlib.contextmanager
def _canvas(frame, first, place):
    """Yield a function that keeps each drawing of an input; a video is there, whole, at the end of the block."""
    if frame.video is None:
        yield lambda picture: _keep_picture(picture, place)
        return
    with video_writer(place, rate=frame.video.rate, size=first.shape[1::-1]) as (actual, write):
        if actual != place:
            tell(frame.source, f"no codec is at hand for such a video: its frames go to {actual}")
        yield write


def _keep_picture(picture, place):
    _, content = cv2.imencode(".png", picture)
    write_atomically(place, lambda file: file.write(content.tobytes()))
