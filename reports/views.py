"""Tidy tables to what a page shows: columns, formatted cells, and the numbers to sort them by."""

from dataclasses import dataclass

import numpy as np

from ..data.scores import SCORES
from .metrics import BASELINES
from .run import Run
from .tables import Tables
from .uncertainty import ALPHA, NO_DIFFERENCE

SCORE_TITLES = {"accuracy": "accuracy", "recall_macro": "macro recall", "f1_macro": "macro F1"}
MISSING = "–"
THIN = "\u202f"  # narrow no-break space, between a number and its unit
TOP_FEATURES = 20
TOP_SETTINGS = 10


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


def points(difference: float) -> str:
    """A difference of fractions in points, with its sign: +2.1, −0.4."""
    return f"{100 * difference:+.1f}".replace("-", "\u2212")


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


def bounded_cell(value: float, low: float, high: float) -> Cell:
    """A fraction in percent, its interval as the note."""
    cell = share_cell(value)
    return cell if _missing(low) else Cell(cell.text, cell.sort, f"{100 * low:.1f} to {100 * high:.1f}")


def points_cell(difference: float, low: float = np.nan, high: float = np.nan) -> Cell:
    """A difference of fractions in points, with its sign and its interval as the note."""
    if _missing(difference):
        return Cell(MISSING)
    note = "" if _missing(low) else f"{points(low)} to {points(high)}"
    return Cell(points(difference), difference, note)


def p_cell(p: float) -> Cell:
    return Cell(MISSING if _missing(p) else "< 0.001" if p < 0.001 else f"{p:.3f}", _sortable(p))


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
    parts = headline_intervals(tables)
    rows = []
    for model in models:
        cells = [text_cell(model), *(_spread_cell(cv.loc[model, metric]) for metric in SCORES)]
        if held_out:
            cells += [bounded_cell(*parts[model, held_out, "all", metric]) for metric in SCORES]
        rows.append(tuple(cells))
    columns = [Column("model", numeric=False), *(Column(SCORE_TITLES[metric]) for metric in SCORES)]
    if held_out:
        columns += [Column(f"{held_out}: {SCORE_TITLES[metric]}") for metric in SCORES]
    then = f"; then the {held_out} part, scored once, with its bootstrap interval." if held_out else "."
    caption = (
        "In percent. Mean ± standard deviation over the folds of the cross-validation, below it the 95"
        f"{THIN}% interval of the mean{then}"
    )
    quiet = tuple(place for place, model in enumerate(models) if model in BASELINES)
    return View(caption, tuple(columns), tuple(rows), csv="cv", quiet=quiet)


def headline_intervals(tables: Tables) -> dict[tuple[str, str, str, str], tuple[float, float, float]]:
    """Value, low and high by (model, part, faces, metric); NaN bounds where a part holds no such face."""
    found = {
        (row.model, row.part, row.faces, metric): (getattr(row, metric), np.nan, np.nan)
        for row in tables.parts.itertuples()
        for metric in SCORES
    }
    frame = tables.intervals[tables.intervals["label"] == ""]
    return found | {
        (row.model, row.part, row.faces, row.metric): (row.value, row.low, row.high) for row in frame.itertuples()
    }


def pairs_view(tables: Tables) -> View:
    """Models in pairs: the difference, whether the folds show it, whether the test part does."""
    on_test = tables.pairs["p_test"].notna().any()
    rows = tuple(_pair_row(row, on_test) for row in tables.pairs.itertuples())
    titles = ("points", "p, folds") + (("points, test", "p, test") if on_test else ())
    columns = (
        Column("better", numeric=False), Column("than", numeric=False), *map(Column, titles),
        Column("verdict", numeric=False),
    )  # fmt: skip
    caption = (
        "Accuracy in the cross-validation, the first less the second, in points; below it the 95"
        f"{THIN}% bootstrap interval. p after the corrected resampled t-test over the folds (Nadeau and Bengio)"
        + (", and after McNemar's exact test on the test part" if on_test else "")
        + f"; all adjusted for the number of pairs (Holm). The verdict asks for p < {ALPHA} over the folds. "
        "The interval takes the fitted models as they are; the test asks whether the difference would return with "
        "other training pictures, which is stricter."
    )
    return View(caption, columns, rows, csv="pairs")


def _pair_row(row, on_test):
    cells = [
        text_cell(row.first), text_cell(row.second), points_cell(row.difference, row.low, row.high),
        p_cell(row.p_folds_holm),
    ]  # fmt: skip
    if on_test:
        cells += [points_cell(row.difference_test), p_cell(row.p_test_holm)]
    return (*cells, text_cell(row.verdict))


def gaps_view(run: Run, tables: Tables) -> View:
    """The same model under the honest and the careless rule."""
    rows = tuple(
        (
            text_cell(row.leaky_rule),
            text_cell(row.honest_rule),
            share_cell(row.leaky),
            share_cell(row.honest),
            points_cell(row.gap, row.low, row.high),
            text_cell(row.verdict if not row.why_not else row.why_not),
        )
        for row in tables.gaps.itertuples()
    )
    columns = (
        Column("careless", numeric=False), Column("honest", numeric=False), Column("careless, %"),
        Column("honest, %"), Column("gap, points"), Column("verdict", numeric=False),
    )  # fmt: skip
    caption = (
        f"Accuracy of {run.audit.classifier} on {count(len(run.audit.rows))} training pictures, each row with one rule "
        f"broken and all others kept; below the gap its 95{THIN}% interval, from resampled pictures and from what "
        f"other folds alone change. “{NO_DIFFERENCE}” where it holds zero."
    )
    return View(caption, columns, rows, csv="gaps")


def slices_view(tables: Tables, model: str) -> View:
    """One model on parts of the pictures."""
    frame = tables.slices[tables.slices["model"] == model]
    rows = tuple(
        (
            text_cell(row.by), text_cell(row.slice), count_cell(row.n), bounded_cell(row.accuracy, row.low, row.high),
            share_cell(row.recall_macro), share_cell(row.f1_macro),
        )  # fmt: skip
        for row in frame.itertuples()
    )
    columns = (
        Column("by", numeric=False), Column("pictures", numeric=False), Column("n"), *map(Column, SCORE_TITLES.values())
    )  # fmt: skip
    return View(f"{model} on parts of the pictures, in percent.", columns, rows, csv="slices")


def certainty_view(tables: Tables) -> View:
    """What the probabilities are worth."""
    rows = tuple(
        (
            text_cell(row.model), _number_cell(row.auc_macro), _number_cell(row.ap_macro), share_cell(row.confidence),
            share_cell(row.accuracy), Cell(f"{100 * row.ece:.1f}", row.ece), _number_cell(row.brier),
            _number_cell(row.log_loss),
        )  # fmt: skip
        for row in tables.certainty.itertuples()
    )
    titles = ("area under ROC", "average precision", "mean confidence, %", "accuracy, %", "calibration error",
              "Brier score", "log loss")  # fmt: skip
    caption = (
        "Area under the ROC curve and average precision: means over the labels, one against the rest. Calibration "
        "error: the mean gap, in points, between how sure a model was and how often it was right (15 bins)."
    )
    return View(caption, (Column("model", numeric=False), *map(Column, titles)), rows, csv="certainty")


def _number_cell(value, digits=3):
    return Cell(MISSING if _missing(value) else f"{value:.{digits}f}", _sortable(value))


def parts_view(tables: Tables, words: dict[str, str]) -> View:
    """Every scored part with all its faces and with the detected ones alone."""
    order = {model: place for place, model in enumerate(tables.cv["model"].unique())}
    frame = tables.parts.assign(place=tables.parts["model"].map(order)).sort_values("place", kind="stable")
    bounds = headline_intervals(tables)
    rows = [
        (
            text_cell(row["model"]),
            text_cell(words.get(row["part"], row["part"])),
            text_cell(row["faces"]),
            count_cell(row["n"]),
            *(bounded_cell(*bounds[row["model"], row["part"], row["faces"], metric]) for metric in SCORES),
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
    quiet = tuple(place for place, row in enumerate(rows) if row[0].text in BASELINES)
    caption = (
        "In percent, all answers of a part together; below, the 95"
        f"{THIN}% bootstrap interval. “all” counts every picture of the part, “detected” only those whose face the "
        "detector saw."
    )
    return View(caption, columns, tuple(rows), csv="parts", quiet=quiet)


def per_class_view(tables: Tables, model: str, part: str) -> View:
    """Precision, recall and F1 of one model by label."""
    frame = tables.per_class.query("model == @model and part == @part and faces == 'all'")
    intervals = tables.intervals.query("model == @model and part == @part and faces == 'all'")
    bounds = {(row.label, row.metric): (row.value, row.low, row.high) for row in intervals.itertuples()}
    areas = tables.areas[tables.areas["model"] == model].set_index("label")["auc"]
    rows = tuple(
        (
            text_cell(row.label),
            *(bounded_cell(*bounds.get((row.label, name), (np.nan,) * 3)) for name in ("precision", "recall", "f1")),
            _number_cell(areas.get(row.label, np.nan), 2),
            count_cell(row.n),
        )
        for row in frame.itertuples()
    )
    columns = (Column("label", numeric=False), *map(Column, ("precision", "recall", "F1", "AUC", "n")))
    caption = f"{model} by label, in percent, with 95{THIN}% bootstrap intervals; AUC is the area under the ROC curve."
    return View(caption, columns, rows, csv="per_class")


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


def tuning_view(tables: Tables, model: str) -> View | None:
    """Settings of one model over its fits, those most often chosen first; None where it was not tuned."""
    frame = tables.tuning[tables.tuning["model"] == model]
    if not len(frame):
        return None
    settings = (
        frame.groupby(["setting", "rung"], sort=False)
        .agg(fits=("fit", "size"), rows=("rows", "mean"), f1_macro=("f1_macro", "mean"), chosen=("chosen", "sum"))
        .reset_index()
        .sort_values(["chosen", "rung", "f1_macro"], ascending=False, kind="stable")
    )
    rows = tuple(
        (text_cell(row.setting), count_cell(row.chosen), count_cell(row.fits),
         count_cell(round(row.rows)), share_cell(row.f1_macro))  # fmt: skip
        for row in settings.head(TOP_SETTINGS).itertuples()
    )
    titles = ("fits that chose it", "fits that tried it", "faces tried on", "macro F1, %")
    caption = (
        f"What --tune tried for {model} in {frame['fit'].nunique()} fits, each on its own training pictures alone: "
        "means over the fits. The macro F1 on folds within chose the setting, so it is no score of the model. "
        f"{count(len(rows))} of {count(len(settings))} rows."
    )
    return View(caption, (Column("setting", numeric=False), *map(Column, titles)), rows, csv="tuning")


def cost_view(tables: Tables) -> View:
    """What fitting, predicting and keeping a model cost."""
    rows = tuple(
        (
            text_cell(row.model),
            Cell(seconds(row.fit_seconds), _sortable(row.fit_seconds)),
            Cell(seconds(row.fit_all_seconds), _sortable(row.fit_all_seconds)),
            Cell(_microseconds(row.predict_seconds_per_face), _sortable(row.predict_seconds_per_face)),
            Cell(_microseconds(row.whole_seconds_per_face), _sortable(row.whole_seconds_per_face)),
            Cell(size(row.model_bytes), _sortable(row.model_bytes)),
        )
        for row in tables.cost.itertuples()
    )
    titles = (
        "fit, one fold", "fit, whole training part", "answer for one face", "with its landmarks", "model file",
    )  # fmt: skip
    columns = (Column("model", numeric=False), *map(Column, titles))
    return View("Wall time on one core of the machine of this run, and bytes on disk.", columns, rows, csv="cost")


def size(n_bytes: float) -> str:
    """812 kB, 1.7 MB, 2.3 GB."""
    if _missing(n_bytes):
        return MISSING
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f}{THIN}{unit}"
    return f"{n_bytes / 1e3:.0f}{THIN}kB"


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
    columns = (Column("package", numeric=False), Column("version", numeric=False))
    return View("Versions at the time of this run, and its platform.", columns, tuple(rows))
