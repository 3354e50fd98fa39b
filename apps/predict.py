"""`lineament predict PATH… [--model NAME|FILE] [--out FILE] [--draw DIR]`: emotions of every face that is seen."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..landmarks.tables import STYLES
from . import inputs
from .command import Command

if TYPE_CHECKING:
    from ..classifiers import FaceModel
    from ..classifiers.predicting import Answered, Predictor
    from ..landmarks.walk import Walk

EPILOG = """\
Faces are found and measured as those that the model learned from; `lineament models` lists the models that come with
the package. Probabilities are the model's, in columns p_<label>. A picture or frame without a face keeps its row, with
no label. unsure is True where --risk says that the model had better not answer.
"""
RISKS, LEVELS = ("0.05", "0.1", "0.2"), ("0.8", "0.9", "0.95")  # as `classifiers.abstention` and `conformal` have them


def call(options) -> int:
    """Answer, and print what was said; 1 where nothing could be read."""
    from ..classifiers.predicting import Asked, Predictor
    from ..landmarks.inputs import inputs_at
    from .answer_table import OWN, check_out
    from .drawings import drawing, drawing_places
    from .shown_answers import Shown

    style = options.style or OWN
    if options.out:
        check_out(options.out, style)
    sources = inputs_at(options.paths, but=options.draw)
    places = drawing_places(sources, options.draw) if options.draw else {}
    asked = Asked(
        risk=_share(options.risk), sets=_share(options.sets), points=options.points,
        answer_missed=options.answer_missed, follow=not options.no_tracking,
    )  # fmt: skip
    predictor = Predictor(_models(options.model), asked)
    walk, shown = predictor.walk(sources, tell=inputs.tell, progress=True), Shown(len(predictor.models) > 1)
    answered = drawing(predictor.answered(walk), places, _drawn_by(predictor), lambda one: one.frame)
    done = _write(options.out, style, _showing(answered, predictor, shown), predictor, walk)
    shown.print(sys.stdout)
    print(f"{done}, {options.draw}" if options.draw and walk.any_read else done)
    return 0 if walk.any_read else 1


def _models(named: Iterable[str]) -> "dict[str, FaceModel]":
    """Models by what they are called in the table: their name, or their path where two files share one."""
    from ..classifiers.shelf import DEFAULT, load, path_of

    asked = [name for text in named or [DEFAULT] for name in text.split(",") if name.strip()]
    paths = {path_of(name.strip()): None for name in asked}
    stems = [path.stem for path in paths]
    return {path.stem if stems.count(path.stem) == 1 else str(path): load(path) for path in paths}


def _share(text) -> float | None:
    return None if text is None else float(text)


def _showing(answered: "Iterable[Answered]", predictor: "Predictor", shown) -> "Iterator[Answered]":
    for one in answered:
        for row in predictor.rows(one):
            shown.add(row, video=one.frame.video is not None)
        yield one


def _write(out: Path | None, style: str, answered: "Iterable[Answered]", predictor: "Predictor", walk: "Walk") -> str:
    """Go through all answers, into the table where there is to be one; return what was done."""
    from .answer_table import OWN, write_answers, write_styled

    if out is None:
        for _ in answered:
            pass
        return walk.summary
    if style == OWN:
        rows = (row for one in answered for row in predictor.rows(one))
        return write_answers(out, rows, predictor.columns, walk)
    return write_styled(out, answered, predictor, walk, style=style)


def _drawn_by(predictor: "Predictor") -> Callable:
    """A function that draws a picture with what the models say."""
    from ..classifiers.predicting import labels_of
    from .annotated import Said, annotated

    def drawn(one):
        several, said = len(predictor.models) > 1, [[] for _ in one.faces]
        for (name, model), proba in zip(predictor.models.items(), one.proba):
            labels, unsure = labels_of(model), predictor.unsure(model, proba)
            for of_face, row, doubt in zip(said, proba.tolist(), unsure.tolist()):
                of_face.append(Said(labels, row, doubt, name if several else ""))
        return annotated(one.frame.image, one.faces, said, names=one.face_ids, steady=one.frame.video is not None)

    return drawn


def add_arguments(parser) -> None:
    inputs.add_paths(parser)
    parser.add_argument(
        "--model", action="append", metavar="NAME|FILE",
        help="which models answer: a name of `lineament models` or a file, several comma-separated or by another "
        "--model (default: fer2013-geometry)",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="all answers, as .csv, .jsonl or .parquet")
    parser.add_argument(
        "--draw",
        type=Path,
        metavar="DIR",
        help="copies with faces, labels and probabilities drawn in, under their names",
    )
    parser.add_argument(
        "--risk", choices=RISKS, help="answer only where at most this share of the answers is wrong, else unsure"
    )
    parser.add_argument("--sets", choices=LEVELS, help="name all labels that cannot be ruled out at this level")
    parser.add_argument("--points", action="store_true", help="the 68 points of each face in --out as well")
    parser.add_argument("--style", choices=sorted(STYLES), help="whose columns a .csv has besides (default: our own)")
    parser.add_argument(
        "--answer-missed", action="store_true",
        help="answer pictures without a face too, as if they were one, as the evaluation of a run does",
    )  # fmt: skip


def _kept(options) -> str:
    drawn = f"What was drawn stays in {options.draw}." if options.draw else ""
    return " ".join([*([f"{options.out} was not written."] if options.out else []), *([drawn] if drawn else [])])


COMMAND = Command(
    "predict", "Emotions of every face in pictures, folders and videos.", add_arguments, call, _kept, EPILOG
)
