"""How sure the models were, and how rightly so."""

from .. import terms
from ..blocks import Paragraph, Picture, TableBlock, Terms, beside, fold
from ..cells import columns_of, number_cell, share_cell, text_cell, value_cell
from ..figures import CalibrationDisplay
from ..formats import file_name, percent
from ..metrics import CV, main_part, ranked_models
from ..probabilities import calibration_table, certainty_table
from ..section import Section

COLUMNS = (
    "model", "area under ROC", "average precision", "mean confidence, %", "accuracy, %", "calibration error",
    "surer when right", "Brier score", "log loss",
)  # fmt: skip


def content(run, tables):
    first, *others = ranked_models(tables["cv"])
    how = Paragraph(
        "Where the line runs below the diagonal, the model is surer than it should be. Every dot stands for as many "
        "faces; the strip at the bottom shows from where to where. Hollow dots stand for fewer than ten."
    )
    yield beside(how, calibration_picture(tables, first))
    yield Terms((terms.CALIBRATION, terms.ROC))
    yield certainty_block(tables["certainty"], main_part(run) == CV)
    if others:
        yield fold("Calibration of the other models", beside(*(calibration_picture(tables, one) for one in others)))


def certainty_block(certainty, over_folds):
    """What the probabilities are worth."""
    rows = tuple(
        (
            text_cell(row.model), number_cell(row.auc_macro), number_cell(row.ap_macro), share_cell(row.confidence),
            share_cell(row.accuracy), value_cell(f"{100 * row.ece:.1f}", row.ece),
            number_cell(row.auroc_right), number_cell(row.brier), number_cell(row.log_loss),
        )
        for row in certainty.itertuples()
    )  # fmt: skip
    caption = (
        "Area under the ROC curve and average precision: means over the labels, one against the rest"
        f"{', and over the folds' if over_folds else ''}. Calibration error: the mean gap, in points, between how sure "
        "a model was and how often it was right (15 bins of as many faces each, fewer of few). Surer when right: how "
        "often a right answer was given with more confidence than a wrong one, 0.5 by chance."
    )
    return TableBlock(caption, columns_of(*COLUMNS), rows, csv="certainty")


def calibration_picture(tables, model):
    row = tables["certainty"].set_index("model").loc[model]
    table = tables["calibration"][tables["calibration"]["model"] == model].reset_index(drop=True)
    sure, right = percent(row["confidence"]), percent(row["accuracy"])
    side = "as sure as right" if sure == right else (
        "surer than right" if row["confidence"] > row["accuracy"] else "less sure than right"
    )  # fmt: skip
    alt = (
        f"Calibration of {model}: on average {sure} sure and {right} right, so {side}; calibration error "
        f"{100 * row['ece']:.1f} points."
    )
    display = CalibrationDisplay(table, row["ece"], f"{model}: error {100 * row['ece']:.1f} points")
    return Picture(f"calibration_{file_name(model)}", display, alt)


SECTION = Section(
    "certainty",
    "How sure, and how rightly so",
    content,
    tables={"certainty": certainty_table, "calibration": calibration_table},
)
