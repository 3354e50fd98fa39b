"""Whether more faces or fewer features would do."""

from ..blocks import Paragraph, Picture, beside
from ..figures import GrowthDisplay
from ..formats import THIN, percent, points
from ..leakage import audit_curves_table, climb
from ..section import Section
from ..uncertainty import unit_name

CURVES = {
    "learning": ("Learning curve", "faces trained on (logarithmic)"),
    "features": ("Number of features", "features kept by the F statistic (logarithmic)"),
}


def content(run, tables):
    repeats = len(run.audit.repeats)
    drawn = "whole subjects at a time" if run.dataset.groups is not None else "at random"
    end = climb(run.audit)
    points_of = (
        f" Each point of the learning curve is the mean over the folds of {repeats} cross-validations, and each of "
        f"these draws its training faces anew, {drawn}; the number of features is asked in one of them."
    )
    yield Paragraph(
        f"{climb_sentence(end, unit_name(run))}{points_of if end else ''} Bands are 95{THIN}% intervals of the mean: "
        "Student’s t, with a variance that allows for the training pictures that folds share (Nadeau and Bengio 2003)."
    )
    yield beside(*(curve_picture(run, tables["audit_curves"], curve) for curve in CURVES))


def climb_sentence(end, units):
    """Whether more faces would help, from the last step of the learning curve; `units` are drawn for it."""
    if end is None:
        return f"There are too few {units} for a learning curve: a share of them might leave almost none of some label."
    step = f"From {end.at[0]:,.0f} to {end.at[1]:,.0f} faces"
    gain = f"{points(end.gain)} points, {points(end.low)} to {points(end.high)}"
    if end.low > 0:
        return f"{step} macro F1 still rises ({gain}): more faces of this kind would likely help."
    if end.high < 0:
        return f"{step} macro F1 falls ({gain})."
    return f"{step} no rise is shown ({gain}); one of {100 * end.detectable:.1f} points most likely would have been."


def curve_picture(run, curves, curve):
    table = curves[curves["curve"] == curve].reset_index(drop=True)
    if len(table) < 2:
        return None
    title, xlabel = CURVES[curve]
    values = "; ".join(f"{row.at:,.0f}: {percent(row.f1_macro)}" for row in table.itertuples())
    display = GrowthDisplay(table, xlabel, f"{title}: macro F1")
    return Picture(f"curve_{curve}", display, f"{title} of {run.audit.classifier}, macro F1. {values}.")


SECTION = Section(
    "growth",
    "More faces, more features",
    content,
    tables={"audit_curves": audit_curves_table},
    applies=lambda run: run.audit is not None,
)
