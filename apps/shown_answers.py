"""What models said, as a table on the terminal: a row a face of a picture, and one a face and video."""

import os
from collections import Counter
from collections.abc import Mapping
from typing import TextIO

from .terminal import print_table, shows, table_for

MOST = 60  # rows
BAR = 12  # characters


class Shown:
    """Gathers rows of answers for the terminal; its memory does not grow with a video, nor beyond `MOST` rows.

    Parameters
    ----------
    several : bool
        More than one model answers.
    """

    def __init__(self, several: bool):
        self.several = several
        self.rows: list[tuple] = []
        self.left_out = 0
        self._video: dict[tuple, Counter] = {}

    def add(self, row: Mapping, *, video: bool) -> None:
        """A row of `Predictor.rows`."""
        key = row["input"], row["face_id"], row.get("model") or ""
        if video:
            self._count(key, row)
        elif len(self.rows) < MOST:
            self.rows.append((key, _box(row), *_told(row)))
        else:
            self.left_out += 1

    def _count(self, key, row):
        if row["label"] is not None and (key in self._video or len(self._video) < MOST):
            self._video.setdefault(key, Counter())["unsure" if row["unsure"] else row["label"]] += 1
        elif row["label"] is None:
            self._video.setdefault((row["input"], "", ""), Counter())["no face"] += 1

    def print(self, file: TextIO) -> None:
        """Print the table, and how many rows it leaves out."""
        table = table_for(file)
        for title, how in (("picture", {"overflow": "fold"}), ("face", {"justify": "right"})):
            table.add_column(title, **how)
        for title in [*(["model"] if self.several else []), "box", "label", "probability"]:
            table.add_column(title, no_wrap=True)
        for key, box, label, share in [*self.rows, *self._videos()]:
            name, face, model = key
            bar = "" if share is None else f"{_bar(share, file)} {100 * share:3.0f} %"
            face = "" if box == "" else str(face)
            table.add_row(os.path.basename(name), face, *([model] if self.several else []), box, label, bar)
        print_table(table, file)
        if self.left_out:
            print(f"… and {self.left_out:,} more: name an --out for all of them.", file=file)

    def _videos(self):
        """The label that each face of a video has in most of its frames, and in which share of them."""
        for key, counts in self._video.items():
            (label, n), total = counts.most_common(1)[0], counts.total()
            yield key, f"{total:,} frame{'s' * (total != 1)}", label, None if label == "no face" else n / total


def _box(row) -> str:
    if row["left"] is None or not row["found"]:
        return ""
    width, height = (row[far] - row[near] for near, far in (("left", "right"), ("top", "bottom")))
    return f"{width:.0f}x{height:.0f} at {row['left']:.0f},{row['top']:.0f}"


def _told(row):
    """The label as it is shown, and its probability."""
    if row["label"] is None:
        return "no face", None
    label = f"unsure ({row['label']}?)" if row["unsure"] else row["label"]
    label += f" [{row['label_set'].replace('|', ', ')}]" if row.get("label_set") is not None else ""
    return label, row[f"p_{row['label']}"]


def _bar(share, file) -> str:
    full, empty = ("█", "·") if shows(file, "█·") else ("#", ".")
    return full * round(BAR * share) + empty * (BAR - round(BAR * share))
