"""The pictures: whose, how many a label, and what was left out."""

import numpy as np

from ..blocks import Column, Paragraph, Picture, TableBlock, beside, fold
from ..cells import columns_of, count_cell, text_cell
from ..figures import BarsDisplay
from ..formats import count
from ..metrics import labels_table
from ..narrative import SPLIT_NAMES, repeated_pictures
from ..section import Section

MOST_LISTED = 20


def content(run, tables):
    labels = tables["labels"]
    yield beside(Paragraph(" ".join(data_sentences(run))), labels_picture(labels))
    yield fold("Pictures per label and part", labels_block(labels))
    if run.skipped:
        why = "These were seen and could not become a row. They count nowhere else on this page."
        yield fold("Left out", Paragraph(why), skipped_block(run.skipped), hint=f"{count(len(run.skipped))} files")


def data_sentences(run):
    """Pictures, subjects, split, duplicates."""
    dataset = run.dataset
    sentences = [*([dataset.about] if dataset.about else []), *dataset.notes]
    if dataset.groups is None:
        sentences.append("Who is shown is not known.")
    else:
        n = len(np.unique(dataset.groups))
        sentences.append("The pictures show one subject." if n == 1 else f"The pictures show {count(n)} subjects.")
    if dataset.split is None:
        sentences.append("There is no official split, so every score comes from cross-validation.")
    return [*sentences, *repeated_pictures(run)]


def labels_picture(labels):
    frame = labels.groupby("label", sort=False)["n"].sum()
    texts = tuple(count(n) for n in frame)
    alt = "Bars: pictures per label. " + ", ".join(f"{label} {text}" for label, text in zip(frame.index, texts)) + "."
    return Picture("labels", BarsDisplay(tuple(frame.index), tuple(frame), texts, "Pictures per label"), alt)


def labels_block(labels):
    """Pictures per label, one column a part of the data."""
    wide = labels.pivot(index="label", columns="part", values="n")
    parts = labels["part"].unique()
    rows = [
        (text_cell(label), *(count_cell(wide.loc[label, part]) for part in parts), count_cell(wide.loc[label].sum()))
        for label in labels["label"].unique()
    ]
    totals = (count_cell(wide[part].sum()) for part in parts)
    rows.append((text_cell("all"), *totals, count_cell(wide.to_numpy().sum())))
    columns = columns_of("label", *(SPLIT_NAMES.get(part, part) for part in parts), "all")
    return TableBlock("Pictures per label.", columns, tuple(rows), csv="labels", quiet=(len(rows) - 1,))


def skipped_block(skipped):
    """The first files that were left out, with the reason."""
    rows = tuple((text_cell(item.key), text_cell(item.reason)) for item in skipped[:MOST_LISTED])
    rest = len(skipped) - len(rows)
    caption = f"Left out: {count(len(skipped))}" + (f"; {count(rest)} more are not listed here." if rest else ".")
    return TableBlock(caption, (Column("file", numeric=False, code=True), Column("reason", numeric=False)), rows)


SECTION = Section("data", "The pictures", content, tables={"labels": labels_table})
