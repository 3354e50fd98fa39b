"""The registry of datasets: one entry a source, chosen by `--dataset`, or recognised by its layout."""

import logging
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from .archive import FileTree, Tree
from .dataset import Dataset
from .errors import LineamentError, check_choice
from .images import UNREAD_SUFFIXES
from .packed import open_tree
from .reader import Source, image_files, seen, shown
from .registry import entries
from .table import header, tables

log = logging.getLogger(__name__)

AUTO = "auto"
VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".wmv", ".mpg", ".mpeg")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".rar", ".7z")


# In the order in which they are tried: the particular before the general.
DATASETS: dict[str, Source] = entries(
    __package__,
    {
        "sample": "sample:SOURCE",
        AUTO: "reader:AUTO",
        "ferplus": "ferplus:SOURCE",
        "ckextended": "ckextended:SOURCE",
        "fer2013": "fer2013:SOURCE",
        "ckplus": "ckplus:SOURCE",
        "ck48": "ck48:SOURCE",
        "kdef": "kdef:SOURCE",
        "jaffe": "jaffe:SOURCE",
        "affectnet": "affectnet:SOURCE",
        "rafdb": "rafdb:SOURCE",
        "imdb": "imdb:SOURCE",
        "openface": "openface:SOURCE",
        "pyfeat": "pyfeat:SOURCE",
        "csv": "listed:SOURCE",
        "folder": "folders:SOURCE",
    },
)
READERS = {name: source for name, source in DATASETS.items() if source.recognise is not None}


def load_dataset(name: str, path=None, *, seed: int = 0, options: Mapping[str, str] | None = None) -> Dataset:
    """Load a dataset by name.

    Parameters
    ----------
    name : key of `DATASETS`; "auto" recognises the layout of `path`
    path : folder, zip or tar archive, or table as downloaded; not for the embedded sample
    seed : int
        Of the embedded sample's faces.
    options : mapping of str to str
        What the reader leaves to choose, such as {"angles": "all"} of kdef: see `Source.options`.

    Raises
    ------
    LineamentError
        For an unknown name or option, a missing or needless path, or files that do not fit.
    """
    source = DATASETS[check_choice("dataset", name, DATASETS)]
    if source.draw is not None:
        if path is not None:
            raise LineamentError(f"The dataset '{name}' is embedded and takes no --data.")
        return source.draw(seed=seed)
    if path is None:
        raise LineamentError(f"The dataset '{name}' needs --data PATH, the folder or archive as downloaded.")
    tree = open_tree(path)
    if name == AUTO:
        name, why = recognise_tree(tree)
        log.info("%s is taken as %s: %s.", shown(str(tree.path)), DATASETS[name].title, why)
    return DATASETS[name].read(tree, **_checked(name, options or {}))


def _checked(name, options):
    known = DATASETS[name].options
    for option in options:
        if not known:
            raise LineamentError(f"The dataset '{name}' takes no options, not even '{option}'.")
        check_choice(f"option of '{name}'", option, known)
    return options


def recognise_dataset(path) -> tuple[str, str]:
    """Name of the reader that fits what lies at `path`, and the sentence that says why.

    Raises
    ------
    LineamentError
        If none fits; the message says what was seen and what was looked for.
    """
    return recognise_tree(open_tree(path))


def recognise_tree(tree: Tree) -> tuple[str, str]:
    """The same for an open tree."""
    for name, source in READERS.items():
        if why := source.recognise(tree):
            return name, shown(why)  # names of no encoding too can be printed
    if advice := _advice(tree):
        raise LineamentError(f"{tree.path} {advice}")
    looked_for = "\n".join(f"  {name:10}  {source.layout}" for name, source in READERS.items())
    raise LineamentError(
        f"Nothing known under {tree.path}. {seen(tree)} {_suffixes(tree)}{_inner_archive(tree)}"
        f"Looked for:\n{looked_for}\nIf it is one of these, name it with --dataset."
    )


def _advice(tree) -> str:
    """What to do with the usual things that are no dataset yet, as the rest of a sentence; "" for any other."""
    if run := next((name for name in tree.files if PurePosixPath(name).name == "run.json"), ""):
        where = "is a run" if run == "run.json" else f"holds a run, {shown(str(PurePosixPath(run).parent))}"
        return f"{where}: lineament report and lineament compare read its folder, --data takes pictures."
    pictures, listings = image_files(tree), tables(tree)
    if listings and (cells := header(tree, listings[0])) and (pictures or isinstance(tree, FileTree)):
        return (
            f"has a table {shown(listings[0])} with the columns {', '.join(cells[:12])}: say which names the picture "
            "and which the label by --dataset csv --reader-options image=COLUMN,label=COLUMN."
        )
    if pictures:
        return (
            f"holds {len(pictures):,} pictures and no labels: sort them into a folder for each label, or put a table "
            "image,label beside them. (Faces without labels: lineament landmarks.)"
        )
    if unread := [name for name in tree.files if name.lower().endswith(UNREAD_SUFFIXES)]:
        return (
            f"holds {len(unread):,} pictures of a kind that is not read, such as {shown(unread[0])}: save them as JPEG."
        )
    if videos := [name for name in tree.files if name.lower().endswith(VIDEOS)]:
        return (
            f"holds no labelled pictures, but {len(videos):,} video{'s' * (len(videos) > 1)}: lineament landmarks "
            "makes a table of the faces in them, which --data takes once it has a column label."
        )
    return ""


def _suffixes(tree):
    counts = Counter(PurePosixPath(name).suffix.lower() or "no suffix" for name in tree.files)
    return "Kinds of files: " + ", ".join(f"{n:,} {suffix}" for suffix, n in counts.most_common(5)) + ". "


def _inner_archive(tree):
    inner = next((name for name in tree.files if name.lower().endswith(ARCHIVES)), "")
    return f"There is an archive inside: unpack {inner} or give it as --data. " if inner else ""


def data_home() -> Path:
    """Folder for caches and downloads: `LINEAMENT_HOME`, else `~/.cache/lineament`. Not created here."""
    return Path(os.environ.get("LINEAMENT_HOME") or Path.home() / ".cache" / "lineament").expanduser()
