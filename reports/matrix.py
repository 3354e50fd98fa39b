"""Several datasets against each other: who was trained on what and scored on what, as one page."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..classifiers.evaluate import HELD_OUT, Evaluation
from ..data.dataset import TEST, Dataset
from ..data.errors import LineamentError
from ..data.scores import SCORES, scores
from .baselines import BASELINE
from .blocks import Bullets, Code, Notice, Paragraph, TableBlock
from .blocks import Cell as Entry
from .cells import columns_of, text_cell
from .formats import capital, count, percent
from .html import html
from .narrative import SCORE_NAMES
from .page import Chapter, Page
from .settings import as_json
from .spreadsheet import csv_text
from .write import write_files

CROSS_VALIDATION = "cross-validation"


@dataclass(frozen=True)
class Transfer:
    """One dataset trained on, one scored: `evaluations` and `found` run over the rows of `scored`.

    `page` is the report of the dataset trained on; `clean` (n,) tells within a
    dataset the held-out pictures of which no copy was trained on, None where
    that is not known, as between datasets.
    """

    trained: Dataset
    scored: Dataset
    found: np.ndarray
    evaluations: tuple[Evaluation, ...]
    page: Path
    clean: np.ndarray | None = None

    @property
    def within(self) -> bool:
        """Whether the dataset is scored that was trained on."""
        return self.trained is self.scored

    @property
    def part(self) -> str:
        """Which rows are scored: all of another dataset; within one, its test part or else by cross-validation."""
        if not self.within:
            return "all"
        split = self.scored.split
        return "test part" if split is not None and (split == TEST).any() else CROSS_VALIDATION

    def rows(self) -> np.ndarray:
        """Mask (n,) of the rows that are scored."""
        fold = self.evaluations[0].fold
        if self.part == CROSS_VALIDATION:
            return fold >= 0
        return fold == HELD_OUT if not self.within else self.scored.split == TEST

    def faces(self) -> dict[str, np.ndarray]:
        """Masks (n,) of the scored rows: "all", "detected", and "clean" where it is known and not all of them."""
        rows = self.rows()
        kinds = {"all": rows, "detected": rows & self.found}
        if self.clean is None or self.part == CROSS_VALIDATION or (self.clean | ~rows).all():
            return kinds
        return {**kinds, "clean": rows & self.clean}


def matrix_table(transfers: Sequence[Transfer]) -> pd.DataFrame:
    """One row a transfer, model and kind of faces: `train`, `test`, `part`, `model`, `faces`, `n` and the scores.

    The baseline answers the most frequent label of the dataset trained on.
    """
    rows = []
    for one in transfers:
        target = one.evaluations[0].target
        majority = np.bincount(one.trained.target).argmax()
        answers = {evaluation.name: evaluation.predicted for evaluation in one.evaluations}
        answers[BASELINE] = np.full(len(target), majority)
        for faces, mask in one.faces().items():
            for model, predicted in answers.items():
                about = {"train": one.trained.name, "test": one.scored.name, "part": one.part, "model": model}
                rows.append({**about, "faces": faces, **scores(target[mask], predicted[mask])})
    return pd.DataFrame(rows)


def write_matrix(transfers: Sequence[Transfer], out: Path, *, command: str) -> Path:
    """Write `report.html`, `metrics.json` and `tables/matrix.csv` of several datasets and return the page's path.

    Raises
    ------
    LineamentError
        If two datasets share a name, or the folder cannot be written.
    """
    out, table = Path(out), matrix_table(transfers)
    if table.duplicated(["train", "test", "model", "faces"]).any():
        raise LineamentError("Two of the datasets share a name; give each once.")
    links = {one.trained.name: Path(os.path.relpath(one.page, out)).as_posix() for one in transfers}
    files = {
        "tables/matrix.csv": csv_text(table),
        "metrics.json": as_json({"schema": 1, "matrix": table.to_dict("records")}),
        "report.html": html(matrix_page(transfers, table, links, command), {}),
    }
    write_files(files, out)
    return out / "report.html"


def matrix_page(transfers: Sequence[Transfer], table: pd.DataFrame, links: dict[str, str], command: str) -> Page:
    """The page: one grid a score, what was scored, and how to repeat it."""
    lead = (
        "Each row is a model fitted on the training part of one dataset; each column is the dataset that it was then "
        f"asked about. All labels are those that every dataset has: {', '.join(transfers[0].trained.label_names)}. "
        "Every picture of a column counts, also where no face was found."
    )
    grids = [Chapter(score, capital(SCORE_NAMES[score]), (_grid(transfers, table, score, links),)) for score in SCORES]
    return Page(
        title="Trained here, scored there",
        kicker="Lineament report · several datasets",
        description=lead,
        head=(Paragraph(lead), *_synthetic(transfers)),
        chapters=(
            *grids,
            Chapter("scored", "What was scored", (Bullets(tuple(map(_what_was_scored, transfers))), Paragraph(REMARK))),
            Chapter("repeat", "To repeat this", (Code(command),)),
        ),
        contents=False,
    )


REMARK = (
    "Pictures of a training part that a scored dataset shows too were left out of training. “Majority label” always "
    "answers the most frequent label of the dataset trained on. Where a row falls from its shaded cell to its "
    "neighbours, the model has learned its dataset and not only faces."
)


def _synthetic(transfers):
    names = dict.fromkeys(one.name for pair in transfers for one in (pair.trained, pair.scored) if one.synthetic)
    if not names:
        return []
    text = (
        f"The faces of {', '.join(names)} were drawn by a computer and show nobody. Numbers in its row or column tell "
        "that the pipeline works; they say nothing about how well it reads the faces of people."
    )
    return [Notice("Synthetic faces.", text)]


def _what_was_scored(one):
    rows = one.rows()
    return (
        f"{one.trained.name} → {one.scored.name}: {count(int(rows.sum()))} pictures ({one.part}), the face found in "
        f"{percent(one.found[rows].mean())}.{_copies(one)}"
    )


def _copies(one):
    """Scores without copies of training pictures, or that nobody looked for them."""
    if one.part == CROSS_VALIDATION:
        return ""
    if one.clean is None:
        return " Near copies of training pictures were not looked for."
    clean = one.faces().get("clean")
    if clean is None or not clean.any():
        return " No near copy of a training picture lies there." if clean is None else " All have a copy in training."
    scored = (f"{model.name} {percent((model.predicted == model.target)[clean].mean())}" for model in one.evaluations)
    return f" Accuracy on the {count(int(clean.sum()))} without a copy in training: {', '.join(scored)}."


def _grid(transfers, table, score, links) -> TableBlock:
    """One score: a row a dataset trained on and a model, a column a dataset scored."""
    counted = table[table["faces"] == "all"].set_index(["train", "model", "test"])[score]
    within = {(one.trained.name, one.scored.name) for one in transfers if one.within}
    tests = list(dict.fromkeys(one.scored.name for one in transfers))
    lines = [
        (train, model)
        for train in dict.fromkeys(one.trained.name for one in transfers)
        for model in dict.fromkeys(table["model"])
    ]
    rows = []
    for train, model in lines:
        values = [counted.get((train, model, test)) for test in tests]
        rows.append(
            (
                Entry(train, train, link=links[train]), text_cell(model),
                *(_score_cell(value, (train, test) in within) for value, test in zip(values, tests)),
            )
        )  # fmt: skip
    quiet = tuple(place for place, (_, model) in enumerate(lines) if model == BASELINE)
    caption = (
        f"{capital(SCORE_NAMES[score])} by dataset trained on (rows) and scored (columns). Shaded: the dataset's own "
        "held-out part, or cross-validation where it has none."
    )
    return TableBlock(caption, columns_of("trained on", "model", *tests, texts=2), tuple(rows), "matrix", quiet)


def _score_cell(value, shaded):
    if value is None:
        return Entry("")
    return Entry(percent(value), None if np.isnan(value) else float(value), shaded=shaded)
