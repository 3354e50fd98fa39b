"""What was measured, and which measurements the folds kept."""

from ...classifiers.selection import SELECTORS
from ...features import FEATURES
from .. import terms
from ..blocks import Cell, Column, Paragraph, Picture, TableBlock, Terms, fold
from ..cells import share_cell, text_cell
from ..figures import BarsDisplay, FeatureFacesDisplay
from ..formats import MISSING, count, percent
from ..metrics import selected_table, selections
from ..section import Section

TOP_FEATURES = 20
N_DRAWN_FEATURES = 12
COLUMNS = (
    Column("rank"), Column("feature", numeric=False, code=True), Column("folds, %"), Column("between labels, %"),
    Column("formula", numeric=False), Column("unit", numeric=False),
)  # fmt: skip


def content(run, tables):
    selected = tables["selected"]
    yield Paragraph(" ".join(selection_sentences(run, selected)))
    yield Terms((terms.IOD,))
    yield from feature_pictures(run, selected)
    for models in map(", ".join, selections(run.evaluations)):
        table = selected_block(selected[selected["models"] == models])
        yield fold(f"The measurements that {models} saw", table, hint=f"the first {len(table.rows)}, with formulas")
    yield Paragraph(
        "Lengths are in inter-ocular distances (IOD), areas in IOD², angles in radians; p0 to p67 are the landmarks of "
        "the iBUG 300-W scheme.",
        small=True,
    )


def selection_sentences(run, selected):
    """What was measured, and what the selector made of it."""
    selector, d = run.protocol.selector, run.table.X.shape[1]
    sentences = [f"Every face gives {count(d)} measurements ({', '.join(run.families)})."]
    if not selections(run.evaluations):
        return [*sentences, "No model of this run works on measurements: each sees the picture itself."]
    if selector == "none":
        sentences.append("No selector was used: models saw all of them.")
        return [*sentences, "They are ordered by how much they differ between labels."]
    about = SELECTORS[selector].about if selector in SELECTORS else selector
    sentences.append(f"Selector: {selector}, {about}; fitted anew in each fold.")
    if not drawable(selected):
        return [*sentences, "It makes components, mixtures of many measurements, which no line on a face can show."]
    always = int((selected["share"] == 1).groupby(selected["models"]).sum().max())
    if always > TOP_FEATURES:
        sentences.append(
            f"{count(always)} features were kept in every fold. Among equals the order is by how much a feature "
            "differs between the labels."
        )
    return sentences


def first_selection(selected):
    """Rows of the first group of models; empty where no model selects."""
    return selected[selected["models"] == selected["models"].iloc[0]] if len(selected) else selected


def drawable(selected):
    """Names of the selected features that can be drawn, most often kept first."""
    return [name for name in first_selection(selected)["feature"] if name in FEATURES]


def feature_pictures(run, selected):
    names, face = drawable(selected)[:N_DRAWN_FEATURES], run.excerpt.mean_face
    if not names:
        return
    if face is not None:
        alt = f"The mean face of the found faces, {len(names)} times, each with one feature drawn: {', '.join(names)}."
        caption = "Left and right are the subject's own. Numbers are the ranks in the table."
        yield Picture("selected_faces", FeatureFacesDisplay(face, tuple(names)), alt, caption)
    top = first_selection(selected).head(TOP_FEATURES)
    texts = tuple(percent(share, 0) for share in top["share"])
    display = BarsDisplay(tuple(top["feature"]), tuple(top["share"]), texts)
    alt = "Bars: share of folds that kept each feature. " + ", ".join(map(" ".join, zip(top["feature"], texts))) + "."
    caption = "Share of the folds that kept a feature."
    # Without a selector every bar is whole: the picture is for the folder alone.
    yield Picture("selected", display, alt, caption, embedded=run.protocol.selector != "none")


def selected_block(frame):
    """The features kept most often, from one group of models."""
    rows = tuple(
        (
            Cell(str(place), place), text_cell(row.feature), share_cell(row.share), share_cell(row.between),
            text_cell(row.formula or MISSING), text_cell(row.unit or MISSING),
        )
        for place, row in enumerate(frame.head(TOP_FEATURES).itertuples(), start=1)
    )  # fmt: skip
    caption = (
        f"The first {len(rows)} of {count(len(frame))} features that any fold kept. “Folds”: share of the folds that "
        "kept it. “Between labels”: share of the feature's variance that lies between the labels (η²)."
    )
    return TableBlock(caption, COLUMNS, rows, csv="selected")


SECTION = Section("features", "What was measured", content, tables={"selected": selected_table})
