"""The page of runs beside each other."""

from pathlib import Path

import pandas as pd

from ..data.dataset import TEST
from ..data.scores import SCORES
from . import terms
from .baselines import BASELINES
from .blocks import Bullets, Fold, Notice, Picture, TableBlock, Terms, beside
from .cells import bounded_cell, columns_of, count_cell, p_cell, points_cell, share_cell, text_cell
from .comparison import ALL, CLEAN, Comparison, compare
from .figures import IntervalsDisplay, RanksDisplay
from .formats import MISSING, THIN, p_text, points
from .html import html
from .narrative import SPLIT_NAMES, SYNTHETIC, power_words
from .page import Chapter, Page
from .ranks import level_groups
from .run import Run
from .spreadsheet import csv_text
from .uncertainty import ALPHA, NO_DIFFERENCE
from .write import drawn, write_files


def write_comparison(runs: dict[str, Run], out: Path) -> Path:
    """Write `compare.html` with its tables as CSV into the folder `out`, and return its path."""
    comparison = compare(runs)
    page, images = drawn(comparison_page(comparison))
    files = {f"tables/{name}.csv": csv_text(getattr(comparison, name)) for name in ("scores", "differences")}
    write_files(files | {"compare.html": html(page, images)}, Path(out))
    return Path(out) / "compare.html"


def comparison_page(comparison: Comparison) -> Page:
    """The page: the outcome in words, the differences, the runs."""
    synthetic = any(run.dataset.synthetic for run in comparison.runs)
    outcome = sentences(comparison)
    settings = settings_block(comparison)
    runs = [beside(*pictures(comparison)), scores_block(comparison)]
    runs += [Fold("Settings in which the runs differ", (settings,))] if settings.rows else []
    return Page(
        title=f"Runs compared: {', '.join(comparison.names)}",
        kicker="Lineament comparison" + (" · synthetic faces" if synthetic else ""),
        description=outcome[0],
        head=(Notice("Synthetic faces.", SYNTHETIC),) if synthetic else (),
        chapters=(
            Chapter("outcome", "The outcome", (Bullets(tuple(outcome)), Terms(TERMS))),
            Chapter("differences", "Differences", (differences_block(comparison),)),
            Chapter("scores", "The runs", tuple(runs)),
        ),
        contents=False,
    )


TERMS = (terms.ACCURACY, terms.RECALL, terms.F1, terms.INTERVAL, terms.NO_DIFFERENCE_SHOWN)


def scores_block(comparison: Comparison) -> TableBlock:
    """Scores of every run and model."""
    rows = tuple(
        (
            text_cell(row["run"]), text_cell(row["dataset"]), text_cell(row["model"]),
            text_cell(_part_words(row)), count_cell(row["n"]),
            *(bounded_cell(row[metric], row[f"{metric}_low"], row[f"{metric}_high"]) for metric in SCORES),
            share_cell(row["cv_accuracy"]),
        )
        for row in comparison.scores.to_dict("records")
    )  # fmt: skip
    titles = ("run", "dataset", "model", "part", "n", "accuracy", "macro recall", "macro F1")
    caption = (
        f"In percent, with 95{THIN}% intervals: Wilson’s, by subjects or, where they are not known, by pictures."
        f"{copies(comparison)}"
    )
    return TableBlock(caption, columns_of(*titles, "accuracy, mean of folds", texts=4), rows, csv="scores")


def _part_words(row):
    """The part that was scored, and whether only its clean pictures were."""
    return SPLIT_NAMES[row["part"]] + (", clean" if row["faces"] == CLEAN else "")


def copies(comparison: Comparison) -> str:
    """What “clean” means in the tables, and where copies were not looked for; "" where neither needs saying."""
    sentences = []
    if (comparison.scores["faces"] == CLEAN).any():
        sentences.append(" “Clean” are test pictures without a copy, exact or near, among those trained on.")
    names = comparison.scores[comparison.scores["part"] == TEST]["run"].unique()
    unknown = [
        name
        for name, run in zip(comparison.names, comparison.runs)
        if name in names and not run.duplicates.near_searched
    ]
    if unknown:
        sentences.append(f" Near copies between training and test were not looked for in {', '.join(unknown)}.")
    return "".join(sentences)


def differences_block(comparison: Comparison) -> TableBlock:
    """Every later run less the first, model by model."""
    rows = tuple(
        (
            text_cell(row["run"]), text_cell(row["model"]), text_cell(f"{_part_words(row)}, {row['pictures']}"),
            count_cell(row["n"]),
            *(points_cell(row[metric], row[f"{metric}_low"], row[f"{metric}_high"]) for metric in SCORES),
            *(p_cell(row[name]) for name in ("p_holm", "p_mcnemar", "p_folds")), text_cell(row["verdict"]),
        )
        for row in comparison.differences.to_dict("records")
    )  # fmt: skip
    titles = ("run", "model", "compared on", "n", "accuracy", "macro recall", "macro F1", "p", "p, McNemar", "p, folds")
    caption = (
        f"Each run less {comparison.names[0]}, in points, with intervals by clusters that hold for all rows at once "
        "(Bonferroni). p belongs to that of the accuracy, is adjusted for the number of rows (Holm); the "
        "verdict asks that the interval leave out zero. Unadjusted: McNemar's exact test, whole clusters exchanged, "
        "which needs the same pictures, and the corrected resampled t-test, which needs the same folds."
    )
    columns = (*columns_of(*titles, texts=3), *columns_of("verdict"))
    return TableBlock(caption, columns, rows, csv="differences")


def sentences(comparison: Comparison) -> list[str]:
    """The outcome in words."""
    table = comparison.differences
    first = comparison.names[0]
    if not len(table):
        return [f"No run has a model in common with {first}: nothing can be compared."]
    outcome = [f"{len(comparison.names)} runs; differences are measured from {first}."]
    for row in table.itertuples():
        gap = f"{points(row.accuracy)} points of accuracy"
        without = " without copies of training pictures" if row.faces == CLEAN else ""
        power = power_words(row.detectable) if row.verdict == NO_DIFFERENCE else ""
        verdict = f"{row.verdict} (p {p_text(row.p_holm)}){power}"
        outcome.append(f"{row.run}, {row.model}: {gap} on {row.pictures}{without}, {verdict}.")
    if comparison.ranked:
        datasets, models, ranked = comparison.ranked
        verdict = "the models differ" if ranked.friedman.p < ALPHA else f"{NO_DIFFERENCE} among the models"
        outcome.append(f"Over {len(datasets)} datasets: {verdict} (Friedman, p {p_text(ranked.friedman.p)}).")
    return outcome


def pictures(comparison: Comparison) -> list[Picture]:
    """Accuracy by run and model, and the critical-difference plot over datasets."""
    frame = comparison.scores
    frame = frame[~frame["model"].isin(BASELINES) & (frame["faces"] == ALL)]
    table = pd.DataFrame(
        {
            "group": frame["model"],
            "name": frame["run"],
            "value": frame["accuracy"],
            "low": frame["accuracy_low"],
            "high": frame["accuracy_high"],
        }  # fmt: skip
    ).sort_values("group", kind="stable")
    values = "; ".join(f"{row.group} in {row.name} {100 * row.value:.1f} %" for row in table.itertuples(index=False))
    display = IntervalsDisplay(table, title="Accuracy")
    figures = [Picture("accuracy", display, f"Accuracy with intervals. {values}.")]
    return figures + ([_ranks_picture(*comparison.ranked)] if comparison.ranked else [])


def _ranks_picture(datasets, models, ranked):
    groups = tuple(level_groups(ranked))
    display = RanksDisplay(tuple(models), tuple(ranked.ranks), ranked.critical_difference, groups)
    ranks = ", ".join(f"{row.model} {row.mean_rank:.2f}" for row in display.frame().itertuples())
    caption = f"Mean ranks over {len(datasets)} datasets; a bar joins models not told apart (Nemenyi)."
    return Picture("ranks", display, f"Critical-difference plot. Mean ranks: {ranks}.", caption)


def settings_block(comparison: Comparison) -> TableBlock:
    """What differs between the runs: one row a setting whose values are not all alike."""
    configs = [{**run.config, "pictures": len(run.dataset), "seconds": None} for run in comparison.runs]
    keys = [key for key in dict.fromkeys(key for config in configs for key in config) if key not in ("out", "cache")]
    rows = tuple(
        (text_cell(key), *(text_cell(_plain(config.get(key))) for config in configs))
        for key in keys
        if len({_plain(config.get(key)) for config in configs}) > 1
    )
    titles = ("setting", *comparison.names)
    return TableBlock("Settings in which the runs differ.", columns_of(*titles, texts=len(titles)), rows)


def _plain(value):
    return MISSING if value is None else ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
