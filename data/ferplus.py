"""FER+: FER2013's pictures with the votes of ten people each, eight emotions.

Barsoum et al., "Training Deep Networks for Facial Expression Recognition with
Crowd-Sourced Label Distribution", ICMI 2016.

`fer2013new.csv` holds `Usage,Image name,neutral,…,contempt,unknown,NF`, row by
row the same pictures as `fer2013.csv`, which must lie beside it; or the
pictures lie there as files of the names it gives. Rows of what is no face lack
the name.
"""

from itertools import zip_longest

from . import fer2013
from .archive import Tree
from .dataset import Dataset
from .errors import LineamentError
from .pixels import pixels_of
from .reader import Rows, Source, image_files
from .table import table_rows, tables_with

VOTED = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
OTHERS = ("unknown", "NF")
LABELS = tuple(sorted(VOTED))
MAJORITY = 0.5


def load(tree: Tree, *, majority: str = str(MAJORITY)) -> Dataset:
    """Read the pictures whose most voted emotion has more than `majority` of all votes, the others listed."""
    share = _share(majority)
    rows = Rows(tree, LABELS)
    votes = _vote_tables(tree)
    pixels = fer2013.pixel_tables(tree)
    if votes and pixels:
        _add_beside_pixels(rows, votes[0], pixels[0], share)
    elif votes:
        _add_files(rows, votes[0], share)
    return rows.dataset("ferplus", SOURCE)


def recognise(tree: Tree) -> str:
    matching = _vote_tables(tree)
    return f"{matching[0]} holds votes for emotions" if matching else ""


def majority_label(votes: dict[str, float], share: float) -> str:
    """The emotion with more than `share` of all votes, those for no emotion and for no face counted.

    Raises
    ------
    ValueError
        Where there is none; the message is the reason.
    """
    total = sum(votes.values())
    label = max(votes, key=votes.get)
    if total <= 0:
        raise ValueError("no votes")
    if votes[label] <= share * total:
        raise ValueError(f"no emotion has more than {share:.0%} of the votes")
    if label in OTHERS:
        raise ValueError("voted to be no face" if label == "NF" else "voted to show no known emotion")
    return label


def _share(text):
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share < 1:
        raise LineamentError(f"majority={text!r} is not a share from 0 to below 1. Try majority={MAJORITY}.")
    return share


def _vote_tables(tree):
    return tables_with(tree, "Usage", "Image name", *VOTED, *OTHERS)


def _votes(row):
    try:
        votes = {label: float(row[label]) for label in (*VOTED, *OTHERS)}
    except ValueError as error:
        raise ValueError("votes that are not numbers") from error
    if not all(0 <= count <= 1000 for count in votes.values()):
        raise ValueError("votes out of range")
    return votes


def _add_beside_pixels(rows, vote_table, pixel_table, share):
    """Row i of the votes belongs to row i of the pixels: a table out of step is refused as a whole."""
    both = (table_rows(rows, table, strict=True) for table in (vote_table, pixel_table))
    pairs = zip_longest(*both, fillvalue=("", {}))
    for number, ((_, vote), (place, picture)) in enumerate(pairs):
        if not vote or not picture or vote.get("Usage") != picture.get("Usage", vote.get("Usage")):
            raise LineamentError(
                f"{vote_table} and {pixel_table} are out of step at row {number + 1}: "
                "FER+ needs the fer2013.csv whose rows it describes, complete and in its order."
            )
        _add(rows, vote["Image name"] or place, vote, share, lambda row=picture: {"pixels": pixels_of(row["pixels"])})


def _add_files(rows, vote_table, share):
    files = {name.rsplit("/", 1)[-1]: name for name in image_files(rows.tree)}
    for key, vote in table_rows(rows, vote_table):
        name = vote["Image name"]
        file = files.get(name, "")
        if name and not file:
            rows.skip(name, "no such picture, and no fer2013.csv beside the votes")
        else:
            _add(rows, file or key, vote, share, lambda file=file: {"file": file})


def _add(rows, key, vote, share, picture):
    try:
        if not vote["Image name"]:
            raise ValueError("not a face: the row has no image name")
        votes = _votes(vote)
        label = majority_label(votes, share)
        known = picture()
    except ValueError as reason:
        rows.skip(key, str(reason))
    else:
        agreed = {"agreement": votes[label] / sum(votes.values())}
        rows.add(key, label, part=vote["Usage"], votes=tuple(votes[name] for name in LABELS), traits=agreed, **known)


SOURCE = Source(
    title="FER+",
    about="FER2013 with ten people's votes (FER+)",
    sentence=(
        "FER+ (Barsoum et al. 2016): the pictures of FER2013, labelled anew by ten people each; "
        "a picture counts where a majority agrees. Labels: MIT licence; pictures: Database Contents Licence."
    ),
    read=load,
    recognise=recognise,
    layout="fer2013new.csv with fer2013.csv beside it, or with the pictures that it names",
    options={"majority": f"share of the votes that a label needs to exceed (default: {MAJORITY})"},
    classes=LABELS,
    images="35,887 less those without majority",
    subjects="unknown",
    split="as FER2013",
    licence="labels MIT; pictures as FER2013",
    obtain="fer2013new.csv from the owners, put beside fer2013.csv",
    url="https://github.com/microsoft/FERPlus",
)
