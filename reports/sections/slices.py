"""On which faces it works: the same answers, counted on parts of the pictures."""

from ..blocks import Bullets, Paragraph, Picture, TableBlock, beside, fold
from ..cells import bounded_cell, columns_of, count_cell, share_cell, text_cell
from ..figures import IntervalsDisplay
from ..formats import THIN, capital, percent
from ..metrics import main_part
from ..narrative import SCORE_NAMES, first_model, part_accuracy
from ..section import Section
from ..slices import served_worse, slices_table


def content(run, tables):
    model = first_model(tables)
    frame = tables["slices"][tables["slices"]["model"] == model]
    whole = part_accuracy(tables, model, main_part(run))
    yield Paragraph(
        "The same answers, counted on parts of the pictures. A mean over all faces hides whom the model serves badly."
    )
    worse = Bullets(tuple(map(capital, served_worse(tables["slices"], model, whole))))
    yield beside(slices_picture(model, frame, whole) if len(frame) else None, worse)
    yield fold("The numbers", slices_block(model, frame), hint="accuracy, macro recall and macro F1 of every part")
    yield Paragraph(
        "Yaw, pitch and roll: degrees by which a head is turned, nodded and tilted, estimated from the landmarks.",
        small=True,
    )


def slices_picture(model, frame, whole):
    table = frame.rename(columns={"by": "group", "slice": "name", "accuracy": "value"})
    table = table[["group", "name", "value", "low", "high"]]
    values = "; ".join(f"{row.by}, {row.slice}: {percent(row.accuracy)}" for row in frame.itertuples())
    caption = f"Lines are 95{THIN}% intervals; the dashed line is the accuracy over all pictures."
    alt = f"Accuracy of {model} by part of the pictures. {values}."
    return Picture("slices", IntervalsDisplay(table, whole, f"Accuracy of {model}"), alt, caption)


def slices_block(model, frame):
    """One model on parts of the pictures."""
    rows = tuple(
        (
            text_cell(row.by), text_cell(row.slice), count_cell(row.n), bounded_cell(row.accuracy, row.low, row.high),
            share_cell(row.recall_macro), share_cell(row.f1_macro),
        )
        for row in frame.itertuples()
    )  # fmt: skip
    columns = columns_of("by", "pictures", "n", *SCORE_NAMES.values(), texts=2)
    return TableBlock(f"{model} on parts of the pictures, in percent.", columns, rows, csv="slices")


SECTION = Section("slices", "On which faces it works", content, tables={"slices": slices_table})
