"""On which faces it works: the same answers, counted on parts of the pictures."""

from ..blocks import Bullets, Paragraph, Picture, TableBlock, Terms, beside, fold
from ..cells import bounded_cell, columns_of, count_cell, p_cell, points_cell, power_cell, share_cell, text_cell
from ..figures import IntervalsDisplay
from ..formats import THIN, capital, percent
from ..metrics import main_part
from ..narrative import SCORE_NAMES, first_model, part_accuracy
from ..section import Section
from ..slices import FEWEST_CLUSTERS, FEWEST_PICTURES, served_worse, slices_table
from ..terms import INTERVAL, Term
from ..uncertainty import unit_name

AGAINST_REST = Term(
    "Against the rest",
    "every part is held against the other pictures of which the same is known. The interval of the difference is "
    "recovered from those of both shares (Newcombe 1998), with what subjects or copies on both sides have in common, "
    "and holds for all judged parts at once (Bonferroni); a part is called better or worse where it leaves out zero. p "
    "is adjusted for their number too (Holm), and is below 0.05 for each such part. A part is not judged where it or "
    f"the rest holds fewer than {FEWEST_PICTURES} pictures or {FEWEST_CLUSTERS} clusters.",
)


def content(run, tables):
    model = first_model(tables)
    frame = tables["slices"][tables["slices"]["model"] == model]
    whole = part_accuracy(tables, model, main_part(run))
    yield Paragraph(
        "The same answers, counted on parts of the pictures. A mean over all faces hides whom the model serves badly."
    )
    worse = Bullets(tuple(map(capital, served_worse(tables["slices"], model))))
    yield beside(slices_picture(model, frame, whole) if len(frame) else None, worse)
    yield Terms((AGAINST_REST, INTERVAL))
    yield fold("The numbers", slices_block(run, model, frame), hint="every part, and how it differs from the rest")
    yield Paragraph(
        "Yaw, pitch and roll: degrees by which a head is turned, nodded and tilted, estimated from the landmarks.",
        small=True,
    )


def slices_picture(model, frame, whole):
    table = frame.rename(columns={"by": "group", "slice": "name", "accuracy": "value"})
    table = table[["group", "name", "value", "low", "high"]]
    values = "; ".join(f"{row.by}, {row.slice}: {percent(row.accuracy)}" for row in frame.itertuples())
    caption = (
        f"Lines are 95{THIN}% intervals of each part alone; a dot without one has fewer than five clusters. The dashed "
        "line is the accuracy over all pictures."
    )
    alt = f"Accuracy of {model} by part of the pictures. {values}."
    return Picture("slices", IntervalsDisplay(table, whole, f"Accuracy of {model}"), alt, caption)


def slices_block(run, model, frame):
    """One model on parts of the pictures."""
    rows = tuple(
        (
            text_cell(row.by), text_cell(row.slice), count_cell(row.n), count_cell(row.n_clusters),
            bounded_cell(row.accuracy, row.low, row.high), share_cell(row.recall_macro), share_cell(row.f1_macro),
            points_cell(row.difference, row.difference_low, row.difference_high), p_cell(row.p_holm),
            power_cell(row.detectable), text_cell(row.verdict),
        )
        for row in frame.itertuples()
    )  # fmt: skip
    titles = ("by", "pictures", "n", unit_name(run), *SCORE_NAMES.values(), "points to the rest", "p", "would show")
    columns = (*columns_of(*titles, texts=2), *columns_of("verdict"))
    caption = (
        f"{model} on parts of the pictures, in percent, below the accuracy its 95{THIN}% interval. Points to the rest: "
        "with the interval for all parts at once, and p adjusted for their number. Would show: the difference in "
        f"points that these pictures would have shown in 80{THIN}% of the cases."
    )
    return TableBlock(caption, columns, rows, csv="slices")


SECTION = Section("slices", "On which faces it works", content, tables={"slices": slices_table})
