"""Whether more faces or fewer features would do."""

from ..blocks import Paragraph, Picture, beside
from ..figures import GrowthDisplay
from ..formats import THIN, percent
from ..leakage import audit_curves_table
from ..section import Section

CURVES = {
    "learning": ("Learning curve", "faces trained on (logarithmic)"),
    "features": ("Number of features", "features kept by the F statistic (logarithmic)"),
}


def content(run, tables):
    yield Paragraph(
        "Where the learning curve still climbs, more faces would help. Where the other one is flat, fewer features "
        f"would do. Bands are 95{THIN}% intervals of the mean over the folds: Student’s t, with a variance that allows "
        "for the training pictures that folds share (Nadeau and Bengio 2003)."
    )
    yield beside(*(curve_picture(run, tables["audit_curves"], curve) for curve in CURVES))


def curve_picture(run, curves, curve):
    table = curves[curves["curve"] == curve].reset_index(drop=True)
    if not len(table):
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
