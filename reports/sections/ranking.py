"""The models compared: who came first, by how much, and whether chance explains it."""

from dataclasses import replace

import numpy as np

from ...data.scores import SCORES
from .. import terms
from ..baselines import BASELINE, BASELINES, scored_models
from ..blocks import Paragraph, Picture, TableBlock, Terms, beside, fold
from ..cells import bounded_cell, columns_of, count_cell, p_cell, points_cell, power_cell, spread_cell, text_cell
from ..clean import clean_pairs_table
from ..figures import RanksDisplay, ScoresDisplay
from ..formats import THIN, capital, count, p_text, percent
from ..metrics import cv_table, folds_table, held_out_part, parts_table
from ..narrative import SCORE_NAMES, SPLIT_NAMES, rest_of_ranking
from ..ranks import level_groups
from ..section import Section
from ..uncertainty import ALPHA, NO_DIFFERENCE, fold_ranking, intervals_table, pairs_table, ranks_table

TERMS = (
    terms.ACCURACY, terms.RECALL, terms.F1, terms.CROSS_VALIDATION, terms.INTERVAL, terms.NO_DIFFERENCE_SHOWN,
    terms.BASELINES,
)  # fmt: skip


def content(run, tables):
    held_out = held_out_part(run)
    accuracy, *others = (scores_picture(tables, metric, held_out) for metric in SCORES)
    if held_out:  # seven columns leave no room beside them
        yield ranking_block(tables, held_out)
        yield beside(accuracy, *others)
    else:
        yield beside(accuracy, ranking_block(tables, held_out))
    if sentences := rest_of_ranking(run, tables):
        yield Paragraph(" ".join(sentences))
    yield Terms(TERMS)
    if not held_out:
        yield fold("The same by macro recall and macro F1", beside(*others))
    if len(tables["pairs"]):
        yield pairs_fold(run, tables)
    yield fold("Every scored part", parts_block(tables), hint="all faces, and some of them alone")


def ranking_block(tables, held_out):
    """Models from best to worst: cross-validation, and the held-out part beside it."""
    models = tables["cv"]["model"].unique()
    cv = tables["cv"].set_index(["model", "metric"])
    bounds = headline_intervals(tables)
    rows = []
    for model in models:
        folds = [cv.loc[model, metric] for metric in SCORES]
        cells = [text_cell(model), *(spread_cell(one["value"], one["std"], one["low"], one["high"]) for one in folds)]
        if held_out:
            cells += [held_out_cell(bounds, model, held_out, metric) for metric in SCORES]
        rows.append(tuple(cells))
    titles = [SCORE_NAMES[metric] for metric in SCORES]
    titles += [f"{held_out}: {title}" for title in titles] if held_out else []
    then = f" Then the {held_out} part, scored once, with an interval made alike" if held_out else ""
    then = f"{then}{clean_caption(tables, held_out)}." if held_out else ""
    caption = (
        "In percent. All answers of the cross-validation together ± standard deviation of the single folds; below, the "
        f"95{THIN}% interval (Wilson’s, by clusters) of the fitted models on new pictures.{then}"
    )
    quiet = tuple(place for place, model in enumerate(models) if model in BASELINES)
    return TableBlock(caption, columns_of("model", *titles), tuple(rows), csv="cv", quiet=quiet)


def held_out_cell(bounds, model, part, metric):
    """A score of the held-out part; below it the interval, and the score without copies of training pictures."""
    cell = bounded_cell(*bounds[model, part, "all", metric])
    value, *_ = bounds.get((model, part, "clean", metric), (np.nan,))
    if np.isnan(value):
        return cell
    return replace(cell, note=f"{cell.note}\nclean {100 * value:.1f}".strip())


def clean_caption(tables, part):
    """What “clean” stands for in a caption; "" where no score is called so."""
    frame = tables["parts"].query("part == @part and faces == 'clean'")
    if not len(frame):
        return ""
    n = count(int(frame["n"].iloc[0]))
    return f"; “clean” is the score on the {n} of its pictures without a copy, exact or near, among those trained on"


def headline_intervals(tables):
    """Value, low and high by (model, part, faces, metric); NaN bounds where a part holds no such face."""
    values = {
        (row.model, row.part, row.faces, metric): (getattr(row, metric), np.nan, np.nan)
        for row in tables["parts"].itertuples()
        for metric in SCORES
    }
    frame = tables["intervals"][tables["intervals"]["label"] == ""]
    return values | {
        (row.model, row.part, row.faces, row.metric): (row.value, row.low, row.high) for row in frame.itertuples()
    }


def scores_picture(tables, metric, held_out):
    frame = tables["cv"][tables["cv"]["metric"] == metric]
    parts = tables["parts"]
    chosen = parts.query("faces == 'all' and part == @held_out") if held_out else parts[:0]
    title = SCORE_NAMES[metric]
    clean = parts.query("faces == 'clean' and part == @held_out and n > 0") if held_out else parts[:0]
    display = ScoresDisplay(
        metric,
        capital(title),
        tables["cv"],
        tables["folds"],
        held_out=dict(zip(chosen["model"], chosen[metric])),
        clean=dict(zip(clean["model"], clean[metric])),
    )
    values = "; ".join(f"{row.model} {percent(row.value)}" for row in frame.itertuples())
    diamond = f"◇\u00a0the {held_out} part; " if held_out else ""
    diamond += "×\u00a0the same without copies of training pictures; " if len(clean) else ""
    caption = (
        f"●\u00a0all folds together with the 95{THIN}% interval; ❘\u00a0one fold; {diamond}┆\u00a0always the most "
        "frequent label"
    )
    alt = f"Dots with intervals: {title} in cross-validation. {values}."
    return Picture(f"scores_{metric}", display, alt, caption if metric == SCORES[0] else "")


def pairs_fold(run, tables):
    """Every pair of models, and their mean ranks."""
    over_folds = fold_ranking(run, tables["folds"])
    picture = sentences = None
    if over_folds is not None:
        picture = ranks_picture(*over_folds)
        sentences = Paragraph(rank_sentence(tables["ranks"]))
    n, shown = len(tables["pairs"]), int((tables["pairs"]["verdict"] != NO_DIFFERENCE).sum())
    hint = f"a difference shown in {shown} of {n} pairs"
    return fold("In pairs", pairs_block(tables["pairs"], tables["pairs_clean"]), picture, sentences, hint=hint)


def pairs_block(pairs, clean):
    """Models in pairs: the difference, whether the folds show it, whether the test part does, copies left out too."""
    on_test = pairs["p_test"].notna().any()
    without = {(row.first, row.second): row for row in clean.itertuples()}
    rows = tuple(_pair_row(row, on_test, without.get((row.first, row.second))) for row in pairs.itertuples())
    titles = ("points", "p, folds", "would show") + (("points, test", "p, test") if on_test else ())
    titles += ("points, clean", "p, clean") if without else ()
    copies = (
        f" “Clean” are the {count(clean['n'].iloc[0])} test pictures without a copy in training." if without else ""
    )
    columns = (*columns_of("better", "than", *titles, texts=2), *columns_of("verdict"))
    several = len(pairs) > 1
    at_once = f" that holds for all {len(pairs)} pairs at once (Bonferroni)" if several else f" (95{THIN}%)"
    adjusted = ", adjusted for the number of pairs (Holm)" if several else ""
    caption = (
        "Accuracy in the cross-validation, the first less the second, in points; below it the interval by clusters"
        f"{at_once}. p after the corrected resampled t-test over the folds (Nadeau and Bengio)"
        + (", and after McNemar's exact test on the test part, whole clusters exchanged" if on_test else "")
        + f"{adjusted}. The verdict asks for p < {ALPHA} over the folds. The interval takes the fitted models as they "
        "are; the test asks whether the difference would return with other training pictures, which is stricter. Would "
        f"show: the difference that this test would have found in 80{THIN}% of the cases.{copies}"
    )
    return TableBlock(caption, columns, rows, csv="pairs")


def _pair_row(row, on_test, clean):
    cells = [
        text_cell(row.first), text_cell(row.second), points_cell(row.difference, row.low, row.high),
        p_cell(row.p_folds_holm), power_cell(row.detectable),
    ]  # fmt: skip
    if on_test:
        cells += [points_cell(row.difference_test, row.low_test, row.high_test), p_cell(row.p_test_holm)]
    if clean is not None:
        cells += [points_cell(clean.difference), p_cell(clean.p_holm)]
    return (*cells, text_cell(row.verdict))


def ranks_picture(names, ranking):
    groups = tuple(level_groups(ranking))
    display = RanksDisplay(tuple(names), tuple(ranking.ranks), ranking.critical_difference, groups)
    order = ", ".join(f"{row.model} {row.mean_rank:.2f}" for row in display.frame().itertuples())
    joined = "; ".join(" and ".join(names[index] for index in group) for group in groups) or "none"
    alt = (
        f"Critical-difference plot of mean ranks over the folds: {order}. Critical difference "
        f"{ranking.critical_difference:.2f}; not told apart: {joined}."
    )
    caption = f"Mean rank over the folds, 1 is best. A bar joins models not told apart: {NO_DIFFERENCE}."
    return Picture("ranks", display, alt, caption)


def rank_sentence(ranks):
    """Friedman's test over the folds."""
    p = ranks["friedman_p"].iloc[0]
    verdict = "the models differ" if p < ALPHA else f"{NO_DIFFERENCE} among them"
    return (
        f"Friedman's test over the folds: {verdict} (p {p_text(p)}); pairs after Nemenyi. Folds share training "
        "pictures, which this test does not allow for: it is too sure of itself here, and is meant for several "
        "datasets (lineament compare)."
    )


def parts_block(tables):
    """Every scored part with all its faces and with the detected ones alone."""
    order = {model: place for place, model in enumerate(tables["cv"]["model"].unique())}
    parts = tables["parts"]
    frame = parts.assign(place=parts["model"].map(order)).sort_values("place", kind="stable")
    bounds = headline_intervals(tables)
    rows = tuple(
        (
            text_cell(row.model), text_cell(SPLIT_NAMES.get(row.part, row.part)), text_cell(row.faces),
            count_cell(row.n), *(bounded_cell(*bounds[row.model, row.part, row.faces, metric]) for metric in SCORES),
        )
        for row in frame.itertuples()
    )  # fmt: skip
    columns = columns_of("model", "part", "faces", "n", *SCORE_NAMES.values(), texts=3)
    quiet = tuple(place for place, row in enumerate(rows) if row[0].text in BASELINES)
    caption = (
        "In percent, all answers of a part together; below, the 95"
        f"{THIN}% interval, Wilson’s by clusters; none for a macro score that counts a label with fewer than five. "
        "“all” counts every picture of the part, “detected” only those whose face the "
        "detector saw, “clean” only those without a copy, exact or near, among the pictures that were trained on."
    )
    return TableBlock(caption, columns, rows, csv="parts", quiet=quiet)


def ranking_rows(run, tables):
    """A row a model, as `reports.ranking_rows` gives them."""
    cv = tables["cv"].set_index(["model", "metric"])
    return [
        {
            "model": model,
            "accuracy": float(cv.loc[(model, "accuracy"), "value"]),
            **{bound: _known(cv.loc[(model, "accuracy"), bound]) for bound in ("low", "high")},
            **{metric: float(cv.loc[(model, metric), "value"]) for metric in ("recall_macro", "f1_macro")},
            "baseline": model in BASELINES,
        }
        for model in sorted(tables["cv"]["model"].unique(), key=lambda name: name == BASELINE)
    ]


def _known(value):
    return None if np.isnan(value) else float(value)


SECTION = Section(
    "ranking",
    "The models compared",
    content,
    tables={
        "folds": lambda run: folds_table(scored_models(run)),
        "parts": parts_table,
        "intervals": intervals_table,
    },
    derived={
        "cv": lambda run, tables: cv_table(tables["folds"], tables["intervals"]),
        "pairs": lambda run, tables: pairs_table(run, tables["folds"]),
        "pairs_clean": lambda run, tables: clean_pairs_table(run, tables["pairs"]),
        "ranks": lambda run, tables: ranks_table(run, tables["folds"]),
    },
)
