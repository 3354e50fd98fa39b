"""Tidy tables to what a page shows: columns, formatted cells, and the numbers to sort them by."""

import platform
from dataclasses import dataclass

import numpy as np

from reports.metrics import BASELINE, SCORES, Tables
from reports.run import Run

SCORE_TITLES = {"accuracy": "accuracy", "recall_macro": "macro recall", "f1_macro": "macro F1"}
MISSING = "–"
THIN = "\u202f"  # narrow no-break space, between a number and its unit
TOP_FEATURES = 20


@dataclass(frozen=True)
class Cell:
    """`text` to read, `sort` to order by, `note` in small print below."""

    text: str
    sort: float | str | None = None
    note: str = ""


@dataclass(frozen=True)
class Column:
    title: str
    numeric: bool = True
    code: bool = False


@dataclass(frozen=True)
class View:
    """One table of a page. `rows` hold a cell a column; the first cell names the row.

    `quiet` rows (numbers) are not models or labels but references: they stay at the end.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    csv: str = ""
    quiet: tuple[int, ...] = ()

    def __post_init__(self):
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"A row of '{self.caption}' has not {len(self.columns)} cells.")


def percent(fraction: float, digits: int = 1) -> str:
    """52.3 %, with a narrow space; a dash for NaN."""
    return MISSING if _missing(fraction) else f"{100 * fraction:.{digits}f}{THIN}%"


def count(number: int) -> str:
    """35,887."""
    return f"{number:,}"


def seconds(value: float) -> str:
    """0.42 s, 6.0 s, 12 s, 3 min 20 s."""
    if _missing(value):
        return MISSING
    if value >= 120:
        minutes, rest = divmod(round(value), 60)
        return f"{minutes}{THIN}min {rest}{THIN}s"
    digits = 2 if value < 1 else 1 if value < 10 else 0
    return f"{value:.{digits}f}{THIN}s"


def _missing(value) -> bool:
    return value is None or np.isnan(value)


def share_cell(fraction: float) -> Cell:
    return Cell(MISSING if _missing(fraction) else f"{100 * fraction:.1f}", None if _missing(fraction) else fraction)


def text_cell(text: str) -> Cell:
    return Cell(str(text), str(text))


def count_cell(number: int) -> Cell:
    return Cell(count(number), int(number))


def _spread_cell(row) -> Cell:
    """Mean ± standard deviation over the folds, in percent, with the interval as its note."""
    if _missing(row["std"]):
        return share_cell(row["mean"])
    note = f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"
    return Cell(f"{100 * row['mean']:.1f} ± {100 * row['std']:.1f}", row["mean"], note)


def labels_view(tables: Tables, words: dict[str, str]) -> View:
    """Pictures per label, one column a part of the data."""
    wide = tables.labels.pivot(index="label", columns="part", values="n")
    parts, labels = tables.labels["part"].unique(), tables.labels["label"].unique()
    rows = [
        (text_cell(label), *(count_cell(wide.loc[label, part]) for part in parts), count_cell(wide.loc[label].sum()))
        for label in labels
    ]
    rows.append(
        (text_cell("all"), *(count_cell(wide[part].sum()) for part in parts), count_cell(wide.to_numpy().sum()))
    )
    columns = (Column("label", numeric=False), *(Column(words.get(part, part)) for part in parts), Column("all"))
    return View("Pictures per label.", columns, tuple(rows), csv="labels", quiet=(len(rows) - 1,))


def found_view(tables: Tables) -> View:
    """Faces found per label."""
    frame = tables.found
    rows = [
        (text_cell(label), count_cell(n), count_cell(found), count_cell(n - found), share_cell(share))
        for label, n, found, share in [*frame.itertuples(index=False), ("all", *_found_in_all(frame))]
    ]
    titles = ("pictures", "found", "missed", "found, %")
    columns = (Column("label", numeric=False), *map(Column, titles))
    return View("Faces that the detector saw, per label.", columns, tuple(rows), csv="found", quiet=(len(rows) - 1,))


def _found_in_all(frame):
    n, found = frame["n"].sum(), frame["found"].sum()
    return n, found, found / n


def ranking_view(tables: Tables, held_out: str | None) -> View:
    """Models from best to worst: cross-validation, and the held-out part beside it."""
    models = tables.cv["model"].unique()
    cv = tables.cv.set_index(["model", "metric"])
    parts = tables.parts.set_index(["model", "part", "faces"])
    rows = []
    for model in models:
        cells = [text_cell(model), *(_spread_cell(cv.loc[model, metric]) for metric in SCORES)]
        if held_out:
            cells += [share_cell(parts.loc[(model, held_out, "all"), metric]) for metric in SCORES]
        rows.append(tuple(cells))
    columns = [Column("model", numeric=False), *(Column(SCORE_TITLES[metric]) for metric in SCORES)]
    if held_out:
        columns += [Column(f"{held_out}: {SCORE_TITLES[metric]}") for metric in SCORES]
    caption = (
        "In percent. Mean ± standard deviation over the folds of the cross-validation, below it the 95"
        f"{THIN}% interval of the mean" + (f"; then the {held_out} part, scored once." if held_out else ".")
    )
    quiet = tuple(place for place, model in enumerate(models) if model == BASELINE)
    return View(caption, tuple(columns), tuple(rows), csv="cv", quiet=quiet)


def parts_view(tables: Tables, words: dict[str, str]) -> View:
    """Every scored part with all its faces and with the detected ones alone."""
    order = {model: place for place, model in enumerate(tables.cv["model"].unique())}
    frame = tables.parts.assign(place=tables.parts["model"].map(order)).sort_values("place", kind="stable")
    rows = [
        (
            text_cell(row["model"]),
            text_cell(words.get(row["part"], row["part"])),
            text_cell(row["faces"]),
            count_cell(row["n"]),
            *(share_cell(row[metric]) for metric in SCORES),
        )
        for row in frame.to_dict("records")
    ]
    columns = (
        Column("model", numeric=False),
        Column("part", numeric=False),
        Column("faces", numeric=False),
        Column("n"),
        *(Column(SCORE_TITLES[metric]) for metric in SCORES),
    )
    quiet = tuple(place for place, row in enumerate(rows) if row[0].text == BASELINE)
    caption = "In percent. “all” counts every picture of the part, “detected” only those whose face the detector saw."
    return View(caption, columns, tuple(rows), csv="parts", quiet=quiet)


def per_class_view(tables: Tables, model: str, part: str) -> View:
    """Precision, recall and F1 of one model by label."""
    frame = tables.per_class.query("model == @model and part == @part and faces == 'all'")
    rows = tuple(
        (text_cell(row.label), share_cell(row.precision), share_cell(row.recall), share_cell(row.f1), count_cell(row.n))
        for row in frame.itertuples()
    )
    columns = (Column("label", numeric=False), Column("precision"), Column("recall"), Column("F1"), Column("n"))
    return View(f"{model} by label, in percent.", columns, rows, csv="per_class")


def selected_view(frame) -> View:
    """The features kept most often, from one group of models of `Tables.selected`."""
    rows = tuple(
        (
            Cell(str(place), place),
            text_cell(row.feature),
            share_cell(row.share),
            share_cell(row.between),
            text_cell(row.formula or MISSING),
            text_cell(row.unit or MISSING),
        )
        for place, row in enumerate(frame.head(TOP_FEATURES).itertuples(), start=1)
    )
    columns = (
        Column("rank"),
        Column("feature", numeric=False, code=True),
        Column("folds, %"),
        Column("between labels, %"),
        Column("formula", numeric=False),
        Column("unit", numeric=False),
    )
    caption = (
        f"The first {len(rows)} of {len(frame)} features that any fold kept. “Folds”: share of the folds that kept it. "
        "“Between labels”: share of the feature's variance that lies between the labels (η²)."
    )
    return View(caption, columns, rows, csv="selected")


def cost_view(tables: Tables) -> View:
    """What fitting and predicting cost."""
    rows = tuple(
        (
            text_cell(row.model),
            Cell(seconds(row.fit_seconds), _sortable(row.fit_seconds)),
            Cell(seconds(row.fit_all_seconds), _sortable(row.fit_all_seconds)),
            Cell(_microseconds(row.predict_seconds_per_face), _sortable(row.predict_seconds_per_face)),
        )
        for row in tables.cost.itertuples()
    )
    columns = (
        Column("model", numeric=False),
        Column("fit, one fold"),
        Column("fit, whole training part"),
        Column("predict one face"),
    )
    return View("Wall time on the machine of this run.", columns, rows, csv="cost")


def _sortable(value):
    return None if _missing(value) else float(value)


def _microseconds(value):
    if _missing(value):
        return MISSING
    return f"{1e6 * value:,.0f}{THIN}µs" if value < 0.01 else f"{1e3 * value:,.0f}{THIN}ms"


def skipped_view(run: Run, most: int = 20) -> View:
    """The first files that were left out, with the reason."""
    rows = tuple((text_cell(item.key), text_cell(item.reason)) for item in run.skipped[:most])
    rest = len(run.skipped) - len(rows)
    caption = f"Left out: {count(len(run.skipped))}" + (f"; {count(rest)} more are not listed here." if rest else ".")
    return View(caption, (Column("file", numeric=False, code=True), Column("reason", numeric=False)), rows)


def seconds_view(run: Run) -> View:
    """Wall time of the steps of the run."""
    rows = tuple((text_cell(step), Cell(seconds(value), value)) for step, value in run.seconds.items())
    return View("Wall time of the steps of this run.", (Column("step", numeric=False), Column("time")), rows)


def versions_view(versions: dict[str, str]) -> View:
    """What was installed, and the machine."""
    rows = [(text_cell(package), text_cell(version)) for package, version in versions.items()]
    rows.append((text_cell("platform"), text_cell(platform.platform())))
    columns = (Column("package", numeric=False), Column("version", numeric=False))
    return View("Versions at the time of this report.", columns, tuple(rows))
