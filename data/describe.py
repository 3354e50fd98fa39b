"""What a dataset holds, in numbers and as a sheet of pictures."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .dataset import Dataset, Skipped, image_digests
from .duplicates import Duplicates, find_duplicates
from .errors import LineamentError
from .images import UnreadableImage
from .labels import FOLDS, check_enough, fold_spellings
from .parallel import Workers
from .points import NO_PICTURE
from .similar import near_pairs, survey_images

CELL = 64  # px, side of a picture on the sheet
TEXT_WIDTH = 150  # px, column of the labels
PER_LABEL = 12  # pictures of each label


@dataclass(frozen=True)
class Description:
    """A dataset in numbers.

    Parameters
    ----------
    dataset : Dataset
    duplicates : Duplicates
    sizes : list of ((width, height), count), the most frequent first
    unreadable : tuple of Skipped
        Pictures that are there and cannot be decoded.
    n_points_only : int
        Rows of landmarks without a picture.
    """

    dataset: Dataset
    duplicates: Duplicates
    sizes: list[tuple[tuple[int, int], int]]
    unreadable: tuple[Skipped, ...]
    n_points_only: int = 0

    def _counted(self):
        n, bare = len(self.dataset), self.n_points_only
        return f"{n:,} rows of landmarks, {n - bare:,} of them with a picture" if bare else f"{n:,} pictures"

    def as_text(self, most: int = 10) -> str:
        """Lines for a terminal: at most `most` of the sizes and of the files left out."""
        return "\n".join(
            [
                f"{self.dataset.name}: {self._counted()}",
                *_counts("Labels", self.dataset.label_counts()),
                *_label_lines(self.dataset),
                *_split_lines(self.dataset),
                *_subject_lines(self.dataset),
                *_size_lines(self.sizes, most),
                *_duplicate_lines(self.duplicates, self.dataset.split),
                *_files("Unreadable", self.unreadable, most),
                *_files("Left out", self.dataset.skipped, most),
            ]
        )


def describe(dataset: Dataset, workers: Workers = Workers()) -> Description:
    """Look at every picture once."""
    survey = survey_images(dataset.images, workers)
    near = near_pairs(survey.hashes, survey.thumbs)
    problems = list(zip(dataset.keys, survey.problems))
    sizes = Counter((int(w), int(h)) for w, h in survey.sizes if w)
    return Description(
        dataset=dataset,
        duplicates=find_duplicates(image_digests(dataset.images), near),
        sizes=sizes.most_common(),
        unreadable=tuple(Skipped(str(key), why) for key, why in problems if why and why != NO_PICTURE),
        n_points_only=survey.problems.count(NO_PICTURE),
    )


def contact_sheet(dataset: Dataset, *, per_label: int = PER_LABEL, seed: int = 0) -> Image.Image:
    """A row of pictures for each label, drawn at random by `seed`; unreadable ones leave a gap."""
    rng = np.random.default_rng(seed)
    sheet = Image.new("RGB", (TEXT_WIDTH + CELL * per_label, CELL * len(dataset.label_names)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (label, count) in enumerate(dataset.label_counts().items()):
        draw.text((6, CELL * number + CELL // 3), f"{label[:14]}  {count:,}", fill="black", font=font)
        rows = np.flatnonzero(dataset.target == number)
        for place, row in enumerate(rng.permutation(rows)[:per_label]):
            try:
                picture = Image.fromarray(dataset.images[int(row)])
            except UnreadableImage:
                continue
            sheet.paste(picture.resize(_fitted(picture.size)), (TEXT_WIDTH + CELL * place, CELL * number))
    return sheet


def _fitted(size):
    scale = CELL / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _counts(title, counts, of=None) -> list[str]:
    total = max(sum(counts.values()), 1)
    width = max(map(len, counts), default=0)
    more = f" ({of} kinds)" if of and of > len(counts) else ""
    return [f"{title}{more}:", *(f"  {name:{width}}  {n:7,}  {n / total:6.1%}" for name, n in counts.items())]


def _size_lines(sizes, most):
    if not sizes:
        return ["Sizes: unknown"]
    return _counts("Sizes", {f"{w}x{h}": n for (w, h), n in sizes[:most]}, of=len(sizes))


def _label_lines(dataset):
    """What is to be known of the labels before a run: spellings of one, and those too rare for the usual folds."""
    lines = [f"  {note}" for note in fold_spellings(dataset).notes]
    try:
        check_enough(fold_spellings(dataset), FOLDS)
    except LineamentError as error:
        lines.append(f"  {error}")
    return lines


def _split_lines(dataset):
    if dataset.split is None:
        return ["Split: none"]
    names, counts = np.unique(dataset.split, return_counts=True)
    return _counts("Split", dict(zip(names.tolist(), counts.tolist())))


def _subject_lines(dataset):
    if dataset.groups is None:
        return ["Subjects: unknown"]
    _, counts = np.unique(dataset.groups, return_counts=True)
    return [f"Subjects: {len(counts):,}, with {counts.min()} to {counts.max()} pictures each"]


def _duplicate_lines(duplicates, split):
    line = f"Duplicates: {duplicates.exact:,} exact, {duplicates.near:,} near"
    if split is None:
        return [line]
    across = duplicates.across_split(split)
    return [
        line,
        f"  of the training pictures, {across['exact']:,} lie in a held-out part too, and {across['near']:,} nearly",
    ]


def _files(title, files, most):
    if not files:
        return [f"{title}: none"]
    more = [f"  … and {len(files) - most:,} more"] if len(files) > most else []
    reasons = Counter(item.reason for item in files)
    grouped = [f"  {n:,} times: {reason}" for reason, n in reasons.most_common(3) if n > 1]
    return [f"{title}: {len(files):,}", *grouped, *(f"  {item.key}: {item.reason}" for item in files[:most]), *more]
