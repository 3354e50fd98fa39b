"""`lineament data …`: list the datasets, fetch one, describe what lies on disk."""

import sys
from pathlib import Path

import joblib

from ..data import LineamentError, check_choice
from ..data.fetch import DOWNLOADS, fetch
from ..data.files import write_atomically
from ..data.parallel import Workers
from ..data.reader import shown
from ..data.sources import DATASETS, READERS, load_dataset, recognise_dataset
from .command import Command
from .parser import whole


def call(options) -> None:
    """Do what the word after `data` says."""
    options.do(options)


def _list(options) -> None:
    width = max(map(len, READERS))
    for name, source in READERS.items():
        how = "lineament data fetch" if name in DOWNLOADS else source.obtain
        print(f"{name:{width}}  {source.title}: {source.images} pictures; {source.licence}; {how}")


def _fetch(options) -> None:
    from tqdm import tqdm

    source = DATASETS[check_choice("dataset", options.name, READERS)]
    free = options.name in DOWNLOADS or options.url
    if free:
        print(f"{source.title}: {source.sentence}\nLicence: {source.licence}, {source.url}")
    accepted = options.accept_licence or (free and _agreed())
    with tqdm(unit="B", unit_scale=True, desc=options.name, disable=None) as bar:

        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)

        path = fetch(options.name, accept_licence=accepted, progress=progress, url=options.url, sha256=options.sha256)
    print(f"Kept at {path}\nNow: lineament run --dataset {options.name} --data {path}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return input("Download it under this licence? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _describe(options) -> None:
    from ..data.describe import contact_sheet, describe

    name, why = options.dataset, ""
    if name == "auto":
        name, why = recognise_dataset(options.path)
        print(f"Taken as {DATASETS[name].title} (--dataset {name}): {why}.")
    dataset = load_dataset(name, options.path, options=dict(map(_pair, options.option)))
    description = describe(dataset, Workers(options.n_jobs, progress=sys.stderr.isatty()))
    print(shown(description.as_text()))
    if options.out is None:
        print("A sheet of its pictures: the same with --out DIR.")
        return
    sheet = options.out / f"{name}.png"
    picture = contact_sheet(dataset)
    write_atomically(sheet, lambda file: picture.save(file, "PNG"))
    print(f"Contact sheet: {sheet}")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise LineamentError(f"--option {text!r}: write it as NAME=VALUE, such as angles=all.")
    return name.strip(), value.strip()


def add_arguments(parser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION", title="actions")
    listing = actions.add_parser("list", help="every dataset that can be read, its licence and how to get it")
    listing.set_defaults(do=_list)
    fetching = actions.add_parser("fetch", help="download a dataset that is free to download")
    fetching.add_argument("name", metavar="NAME", help=f"one of: {', '.join(DOWNLOADS)}")
    fetching.add_argument("--accept-licence", action="store_true", help="the licence is read and agreed to")
    fetching.add_argument("--url", help="another place that holds the archive")
    fetching.add_argument("--sha256", help="checksum that the archive must have")
    fetching.set_defaults(do=_fetch)
    describing = actions.add_parser("describe", help="counts, sizes, duplicates, and with --out a sheet of pictures")
    describing.add_argument("path", type=Path, metavar="PATH", help="folder, archive or table")
    describing.add_argument("--dataset", default="auto", metavar="NAME", help="reader (default: auto)")
    describing.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the reader, such as angles=all of kdef, or image=COLUMN of csv",
    )
    describing.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for a sheet of pictures (default: none is drawn)"
    )
    describing.add_argument("--n-jobs", type=whole(1), default=joblib.cpu_count(), metavar="N", help="processes")
    describing.set_defaults(do=_describe)


COMMAND = Command("data", "The datasets that are known, and those on your disk.", add_arguments, call)
