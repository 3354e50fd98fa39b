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
from ..data.files import write_atomically
from ..data.scores import scores
from .metrics import BASELINE
from .write import as_json, templates

TITLES = {"accuracy": "Accuracy", "recall_macro": "Macro recall", "f1_macro": "Macro F1"}


@dataclass(frozen=True)
class Cell:
    """One dataset trained on, one scored: `evaluations` and `found` run over the rows of `scored`.

    `page` is the report of the dataset trained on.
    """

    trained: Dataset
    scored: Dataset
    found: np.ndarray
    evaluations: tuple[Evaluation, ...]
    page: Path

    @property
    def own(self) -> bool:
        return self.trained is self.scored

    @property
    def part(self) -> str:
        """Which rows are scored: all of another dataset; of the own, its test part or else by cross-validation."""
        if not self.own:
            return "all"
        split = self.scored.split
        return "test part" if split is not None and (split == TEST).any() else "cross-validation"

    def rows(self) -> np.ndarray:
        """Mask (n,) of the rows that are scored."""
        fold = self.evaluations[0].fold
        if self.part == "cross-validation":
            return fold >= 0
        return fold == HELD_OUT if not self.own else self.scored.split == TEST


def matrix_table(cells: Sequence[Cell]) -> pd.DataFrame:
    """One row a cell, model and kind of faces: `train`, `test`, `part`, `model`, `faces`, `n` and the scores.

    The baseline answers the most frequent label of the dataset trained on.
    """
    rows = []
    for cell in cells:
        target = cell.evaluations[0].target
        majority = np.bincount(cell.trained.target).argmax()
        answers = {evaluation.name: evaluation.predicted for evaluation in cell.evaluations}
        answers[BASELINE] = np.full(len(target), majority)
        for faces, mask in {"all": cell.rows(), "detected": cell.rows() & cell.found}.items():
            for model, predicted in answers.items():
                about = {"train": cell.trained.name, "test": cell.scored.name, "part": cell.part, "model": model}
                rows.append({**about, "faces": faces, **scores(target[mask], predicted[mask])})
    return pd.DataFrame(rows)


def write_matrix(cells: Sequence[Cell], out: Path, *, command: str) -> Path:
    """Write `report.html`, `metrics.json` and `tables/matrix.csv` of several datasets and return the page's path.

    Raises
    ------
    LineamentError
        If two datasets share a name, or the folder cannot be written.
    """
    out, table = Path(out), matrix_table(cells)
    if table.duplicated(["train", "test", "model", "faces"]).any():
        raise LineamentError("Two of the datasets share a name; give each once.")
    html = templates().get_template("matrix.html.j2").render(
        cells=cells,
        grids=[(title, _grid(cells, table, score)) for score, title in TITLES.items()],
        tests=list(dict.fromkeys(cell.scored.name for cell in cells)),
        labels=cells[0].trained.label_names,
        synthetic=list(dict.fromkeys(d.name for cell in cells for d in (cell.trained, cell.scored) if d.synthetic)),
        links={cell.trained.name: Path(os.path.relpath(cell.page, out)).as_posix() for cell in cells},
        command=command,
        percent=_percent,
    )
    _write(out / "tables" / "matrix.csv", table.to_csv(index=False, lineterminator="\n"))
    _write(out / "metrics.json", as_json({"schema": 1, "matrix": table.to_dict("records")}))
    _write(out / "report.html", html)
    return out / "report.html"


def _grid(cells, table, score) -> list[dict]:
    """Rows of one score's table: a dataset trained on and a model, with one entry a dataset scored."""
    counted = table[table["faces"] == "all"].set_index(["train", "model", "test"])
    rows = []
    for train in dict.fromkeys(cell.trained.name for cell in cells):
        for model in dict.fromkeys(table["model"]):
            entries = {
                cell.scored.name: {"value": counted.loc[(train, model, cell.scored.name), score], "own": cell.own}
                for cell in cells
                if cell.trained.name == train
            }
            rows.append({"train": train, "model": model, "entries": entries, "baseline": model == BASELINE})
    return rows


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f} %"


def _write(path: Path, content: str) -> None:
    write_atomically(path, lambda file: file.write(content.encode()))
