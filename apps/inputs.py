"""The arguments of every command that walks over pictures and videos."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ..landmarks import DETECTORS
from ..landmarks.inputs import Input
from ..landmarks.walk import Walk


def add_arguments(parser) -> None:
    """The arguments of every command that walks over inputs and finds faces by its own flags; see `walk_of`."""
    add_paths(parser)
    parser.add_argument("--detector", choices=sorted(DETECTORS), default="hog", help="default: hog")
    parser.add_argument("--landmark-model", type=Path, metavar="FILE", help="another 68-point model of dlib's kind")


def add_paths(parser) -> None:
    """What is read, and how videos are."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="pictures, videos, folders, archives, patterns of them"
    )
    parser.add_argument("--no-tracking", action="store_true", help="look for faces in every frame of a video")


def walk_of(options, inputs: Sequence[Input]) -> Walk:
    """The walk that `add_arguments` asks for."""
    return Walk(
        inputs, detector=options.detector, landmark_model=options.landmark_model, follow=not options.no_tracking,
        tell=tell, progress=True,
    )  # fmt: skip


def tell(source: Input, message: str) -> None:
    """Say on stderr what is the matter with a file, beside the progress bars."""
    tqdm.write(f"{source.name}: {message}", file=sys.stderr)
