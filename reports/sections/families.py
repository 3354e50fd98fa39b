"""Families of measurements alone and taken away, and how firmly measurements are chosen."""

import pandas as pd

from ...classifiers.ablation import ALL, ALONE, CLASSIFIER, MOST_COLUMNS, MOST_ROWS, WITHOUT
from .. import terms
from ..blocks import Cell, Paragraph, Picture, TableBlock, Terms, beside, fold
from ..cells import columns_of, count_cell, number_cell, spread_cell, text_cell
from ..explanations import ablation_table, stability_table
from ..figures import GrowthDisplay, IntervalsDisplay
from ..formats import count, percent, points
from ..section import Section


def content(run, tables):
    ablation, stability = tables["ablation"], tables["stability"]
    shown = ["Families of measurements alone, and all others without each."] if len(ablation) else []
    shown += (
        ["The best few measurements by themselves, and what becomes of the score with more."] if len(stability) else []
    )
    yield Paragraph(" ".join(shown))
    yield beside(
        ablation_picture(ablation) if len(ablation) else None, curve_picture(stability) if len(stability) else None
    )
    if len(ablation):
        yield fold("Families alone, and taken away", Paragraph(how_ablated(run)), ablation_block(ablation))
    if len(stability):
        how = Paragraph(" ".join(how_stable(run, stability)))
        yield fold("How many, and how firmly chosen", how, Terms((terms.STABILITY,)), stability_block(stability))


def how_ablated(run):
    """What the ablation used."""
    widest = max((one.n_features for one in run.explanation.ablation), default=0)
    rows = int((run.evaluations[0].fold >= 0).sum())
    drawn = f" {count(MOST_ROWS)} of the training pictures were drawn for it." if rows > MOST_ROWS else ""
    axes = f" {MOST_COLUMNS} principal components stand for more measurements than that."
    return (
        f"Each row is fitted anew, on the folds of the run, always by {CLASSIFIER}: it is quick and has nothing to "
        f"tune, so that rows differ in their measurements alone.{drawn}{axes if widest > MOST_COLUMNS else ''} A "
        "family may be worth much alone and still not be missed, when others say the same."
    )


def how_stable(run, stability):
    """What the choice of features over the folds is worth."""
    sentences = [
        f"The measurements with the largest F statistic between labels, chosen by every fold from its own training "
        f"pictures, and {CLASSIFIER} with them alone."
    ]
    of_run = stability[stability["own"]]
    if len(of_run):
        row = of_run.iloc[-1]
        sentences.append(
            f"The selector of this run, {run.protocol.selector}, kept {row['kept']:.0f} a fold, {count(row['always'])} "
            f"of them in every fold: stability {row['stability']:.2f}."
        )
    elif run.protocol.selector == "none":
        sentences.append("This run itself kept all of them.")
    return sentences


def ablation_block(ablation):
    """Families alone, families taken away."""
    whole = ablation[ablation["kind"] == ALL]["f1_macro"].iloc[0]
    names = {ALL: "all families", ALONE: "{} alone", WITHOUT: "all without {}"}
    rows = tuple(
        (
            text_cell(names[row.kind].format(row.family)), count_cell(row.n_features),
            spread_cell(row.f1_macro, row.std),
            Cell("" if row.kind == ALL else points(row.f1_macro - whole), row.f1_macro - whole),
        )
        for row in ablation.itertuples()
    )  # fmt: skip
    columns = columns_of("measurements", "how many", "macro F1", "to all, points")
    caption = "In percent: mean ± standard deviation over the folds."
    return TableBlock(caption, columns, rows, csv="ablation", quiet=(0,))


def ablation_picture(ablation):
    frame = ablation[ablation["kind"] != ALL]
    whole = ablation[ablation["kind"] == ALL].iloc[0]["f1_macro"]
    groups = {ALONE: "one family alone", WITHOUT: "all others without it"}
    table = pd.DataFrame(
        {
            "group": frame["kind"].map(groups),
            "name": frame["family"],
            "value": frame["f1_macro"],
            "low": frame["f1_macro"] - frame["std"],
            "high": frame["f1_macro"] + frame["std"],
        }  # fmt: skip
    ).reset_index(drop=True)
    said = "; ".join(f"{row.group} {row.name} {percent(row.value)}" for row in table.itertuples(index=False))
    display = IntervalsDisplay(table, whole, f"Macro F1 of {CLASSIFIER}")
    alt = f"Dots: macro F1 with families alone and taken away, {percent(whole)} with all. {said}."
    caption = "Lines are ± one standard deviation over the folds; dashed: all families."
    return Picture("ablation", display, alt, caption)


def stability_block(stability):
    """Agreement of the folds by the number of features kept."""
    rows = tuple(
        (
            text_cell(row.selector), Cell(f"{row.kept:.0f}", row.kept), count_cell(row.always),
            number_cell(row.stability, 2), spread_cell(row.f1_macro, row.std),
        )
        for row in stability.itertuples()
    )  # fmt: skip
    columns = columns_of("selector", "kept a fold", "in every fold", "stability", "macro F1")
    caption = "How much the choices of different folds agree; macro F1 in percent, ± over the folds."
    return TableBlock(caption, columns, rows, csv="stability")


def curve_picture(stability):
    frame = stability[~stability["own"].astype(bool)]
    table = pd.DataFrame(
        {
            "at": frame["kept"],
            "f1_macro": frame["f1_macro"],
            "low": frame["f1_macro"] - frame["std"],
            "high": frame["f1_macro"] + frame["std"],
        }  # fmt: skip
    )
    said = "; ".join(f"{row.at:.0f}: {percent(row.f1_macro)}" for row in table.itertuples(index=False))
    display = GrowthDisplay(table, "measurements kept (logarithmic)", f"Macro F1 of {CLASSIFIER}")
    alt = f"Macro F1 of {CLASSIFIER} by the number of measurements kept. {said}."
    return Picture("curve_kept", display, alt, "The band is ± one standard deviation over the folds.")


SECTION = Section(
    "families",
    "Families and numbers of measurements",
    content,
    tables={"ablation": ablation_table, "stability": stability_table},
    applies=lambda run: run.explanation is not None and bool(run.explanation.ablation or run.explanation.stability),
)
