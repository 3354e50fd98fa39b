"""Small datasets through the default flags: what a report takes, and what it lacks.

    python -m benchmarks.small [--data ../shared/data] [--work DIR] [--only 40x4,photos]

Draws 10 to 400 pictures of FER2013 into 2, 4 and 7 folders, about as many into each, and cuts annotated faces of the
example photos, at the size of a holiday photo, into two folders. Landmarks are looked for first; then every set is run
with no flag but its place. "missing" are the steps, sections and figures that its report says are missing; a run that
is refused says why.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import psutil
from PIL import Image

from benchmarks.command import started
from lineament.apps.options import options_of
from lineament.apps.steps import load, look, measures_of
from lineament.data import LineamentError

NUMBERS, FOLDERS = (10, 20, 40, 160, 400), (2, 4, 7)
LABELS = ("happy", "sad", "surprise", "angry", "fear", "neutral", "disgust")  # the first two, four, all of them
HOLIDAY = 3000  # px, long side
MOST_SECONDS = 600


def draw_fer(archive: Path, folder: Path, n: int, k: int, seed: int = 0) -> None:
    """n training pictures, the remainder of n / k to the first labels, as `folder/<label>/*.jpg`."""
    rng = np.random.default_rng(seed)
    with zipfile.ZipFile(archive) as whole:
        of_label = defaultdict(list)
        for name in sorted(whole.namelist()):
            parts = name.split("/")
            if parts[0] == "train" and name.endswith(".jpg"):
                of_label[parts[1]].append(name)
        for place, label in enumerate(LABELS[:k]):
            (folder / label).mkdir(parents=True, exist_ok=True)
            for name in rng.choice(of_label[label], n // k + (place < n % k), replace=False):
                # Other names than FER2013's, which would be recognised, and their split taken.
                (folder / label / name.rsplit("_")[-1]).write_bytes(whole.read(str(name)))


def draw_photos(photos: Path, folder: Path, most: int = 20) -> None:
    """Annotated faces with what is around them, enlarged to the size of a photo, in two folders by turns."""
    faces = [
        (image.get("file"), [int(box.get(side)) for side in ("left", "top", "width", "height")])
        for document in ("training.xml", "testing.xml")
        for image in ElementTree.parse(photos / document).iter("image")
        for box in image.iter("box")
    ]
    for place, (name, (left, top, width, height)) in enumerate(faces[:most]):
        around = (left - width, top - height, left + 2 * width, top + 2 * height)
        with Image.open(photos / name) as photo:
            cut = photo.convert("RGB").crop(around)
        cut.thumbnail((HOLIDAY, HOLIDAY))
        cut = cut.resize((HOLIDAY, HOLIDAY * cut.height // cut.width))
        target = folder / ("sea", "hills")[place % 2]
        target.mkdir(parents=True, exist_ok=True)
        cut.save(target / f"{place:02d}.jpg", quality=90)


def look_first(data: Path, cache: Path) -> None:
    """Fill the cache of landmarks; what a run refuses is left to it."""
    options = options_of(data=data, cache=cache)
    with contextlib.suppress(LineamentError):
        look(load("auto", data, options), options, measures_of(options))


def timed(data: Path, out: Path, cache: Path) -> tuple[tuple[float, float], int, str]:
    """Seconds of the clock and of all processors, exit code, and what is missing or why it was refused."""
    given = {"--data": data, "--out": out, "--cache": cache, "--n-jobs": 2}
    command = [sys.executable, "-m", "lineament", "run", *(word for pair in given.items() for word in pair)]
    start, before = time.perf_counter(), cpu_of_children()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=MOST_SECONDS)
    seconds = time.perf_counter() - start, cpu_of_children() - before
    if done.returncode:
        return seconds, done.returncode, done.stderr.strip().rpartition("\n")[2]
    return seconds, 0, "; ".join(missing(out)) or "-"


def cpu_of_children() -> float:
    """Seconds of all processors that programs started here have taken, once they have ended."""
    taken = psutil.Process().cpu_times()
    return taken.children_user + taken.children_system


def missing(out: Path) -> list[str]:
    """What a report says that it lacks."""
    text = (out / "report.md").read_text(encoding="utf-8")
    steps = re.findall(r"The ([^.\n]{1,60}?) is missing: ([^\n]*?)\. All else", text)
    drawn = re.findall(r"This figure could not be drawn: ([^\n]*)", text)
    return [f"{step} ({reason})" for step, reason in steps] + [f"figure ({reason})" for reason in drawn]


def sets_in(data: Path, work: Path, only: set[str]):
    """(name, folder) of every set that is asked for, drawn now."""
    for n in NUMBERS:
        for k in FOLDERS:
            if not only or f"{n}x{k}" in only:
                draw_fer(data / "fer2013.zip", work / f"{n}x{k}", n, k)
                yield f"{n}x{k}", work / f"{n}x{k}"
    if not only or "photos" in only:
        draw_photos(data / "photos", work / "photos")
        yield "photos", work / "photos"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--work", type=Path, help="folder for pictures and runs (default: one that is removed)")
    parser.add_argument("--only", type=lambda text: set(text.split(",")), default=set())
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        work = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print(f"On {os.cpu_count()} cores\nset      pictures folders      s  cpu s rc  missing")
        for name, folder in sets_in(options.data, work, options.only):
            look_first(folder, work / "cache")
            seconds, code, told = timed(folder, work / "runs" / name, work / "cache")
            n = sum(1 for _ in folder.rglob("*.jpg"))
            clock, cpu = seconds
            print(
                f"{name:8} {n:8} {len(list(folder.iterdir())):7} {clock:6.1f} {cpu:6.1f} {code:2}  {told}", flush=True
            )


if __name__ == "__main__":
    started(main)
