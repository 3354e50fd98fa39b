"""Faces found: how many, by which detector, and what became of the others."""

import numpy as np

from ...landmarks import DETECTORS, ON_MISS
from ..blocks import Heading, Paragraph, Picture, TableBlock, Tiles, beside, fold
from ..cells import columns_of, count_cell, share_cell, text_cell
from ..faces import example_faces
from ..figures import BarsDisplay, HistogramDisplay, TilesDisplay
from ..formats import count, percent
from ..metrics import found_table
from ..section import Section


def content(run, tables):
    yield Paragraph(" ".join(found_sentences(run)))
    scored = np.isfinite(run.landmarks.score[run.landmarks.found]).any()  # landmarks made elsewhere have no score
    yield beside(found_picture(tables["found"]), score_picture(run) if scored else None)
    order = ", from those the detector was sure of to those it was not" if scored else ""
    yield fold("Faces found per label", found_block(tables["found"]))
    examples = tuple(example_faces(run))
    if examples:
        yield Heading("Examples")
        yield Paragraph(
            f"Pictures of each label in turn{order}, with the 68 landmarks where there are any. They were chosen by "
            "their place in that order alone, not by how well they look."
        )
        yield Tiles(examples, picture=examples_picture(examples))


def found_sentences(run):
    """How many faces, by which detector, and what became of the others."""
    found = run.landmarks.found
    about = DETECTORS[run.detector].about if run.detector in DETECTORS else run.detector
    missed, unreadable = int((~found).sum()), int((~run.landmarks.readable).sum())
    sentences = [
        f"The detector saw a face in {count(int(found.sum()))} of {count(len(found))} pictures, "
        f"{percent(found.mean())}. It was {about}.",
    ]
    if missed:
        keep = ON_MISS.get(run.on_miss, run.on_miss)
        sentences.append(
            f"The {'other one stays' if missed == 1 else f'other {count(missed)} stay'} in every score (“all”); what "
            f"stands for landmarks there: {keep}. Scores over “detected” leave such pictures out, and flatter a model "
            "where hard faces are missed."
        )
    if unreadable:
        pictures = "1 picture" if unreadable == 1 else f"{count(unreadable)} pictures"
        sentences.append(f"{pictures} could not be read.")
    return sentences


def found_picture(table):
    frame = table[table["n"] > 0]
    texts = tuple(percent(share) for share in frame["share"])
    display = BarsDisplay(tuple(frame["label"]), tuple(frame["share"]), texts, "Share of faces found")
    alt = "Bars: share of faces found per label. " + ", ".join(map(" ".join, zip(frame["label"], texts))) + "."
    return Picture("found", display, alt)


def score_picture(run):
    values = run.landmarks.score[run.landmarks.found]
    low, middle, high = np.nanpercentile(values, [5, 50, 95])
    display = HistogramDisplay(values, "How sure the detector was", "score of the detector; higher is surer")
    alt = f"Histogram of the detector's score: median {middle:.2f}, 90 in 100 between {low:.2f} and {high:.2f}."
    return Picture("detector_score", display, alt)


def found_block(table):
    """Faces found per label."""
    n, found = table["n"].sum(), table["found"].sum()
    entries = [*table[["label", "n", "found", "share"]].itertuples(index=False), ("all", n, found, found / n)]
    rows = tuple(
        (text_cell(label), count_cell(n), count_cell(found), count_cell(n - found), share_cell(share))
        for label, n, found, share in entries
    )
    columns = columns_of("label", "pictures", "found", "missed", "found, %")
    return TableBlock("Faces that the detector saw, per label.", columns, rows, csv="found", quiet=(len(rows) - 1,))


def examples_picture(examples):
    display = TilesDisplay(tuple(one.tile for one in examples), tuple(one.caption for one in examples))
    return Picture("faces", display, f"{len(examples)} example faces with their landmarks.", embedded=False)


SECTION = Section("faces", "Faces found", content, tables={"found": found_table})
