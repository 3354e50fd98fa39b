"""Damaged and crafted files through everything that reads bytes from outside: a result, or one line; nothing else.

    python -m benchmarks.fuzz [--n 100000] [--n-jobs 2] [--subjects cache,model,…]

Every case takes a whole file and changes it in one to six places: bits, bytes, numbers at their bounds, parts cut out,
doubled or swapped, words that parsers trip over. What comes of it is counted: read, refused (`LineamentError`), a
traceback, or longer than 5 s; and how far memory rose.
"""

import argparse
import contextlib
import io
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks.command import started
from lineament.apps.options import resolved
from lineament.classifiers.bundle import load_model, save_model
from lineament.classifiers.model import FaceModel, Recipe
from lineament.classifiers.registry import make_classifier
from lineament.data import LineamentError, load_dataset
from lineament.data.images import UnreadableImage, decode_image
from lineament.data.memory import peak_memory
from lineament.data.parallel import Workers, in_parallel
from lineament.landmarks.cache import RowCache
from lineament.landmarks.tables import read_faces
from lineament.landmarks.video import read_video
from lineament.reports.store import load_run

EXCERPTS = Path(__file__).parents[1] / "tests" / "excerpts"
SLOW_S = 5
AT_ONCE = 200  # cases a task
PICTURES = 8
FRAMES = 12
BOUNDS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 40, (1 << 63) - 1, (1 << 64) - 1)
WORDS = (b"\0", b"nan", b"-1", b"1e999", b'"', b",", b"\n", b"\r", b"../../x", b"/etc/passwd", b"\xff\xfe", b"[" * 500,
         b"{}", b"null", b"=1+1", b"9" * 400, b"\xe2\x80\xae", b"A" * 5000, b"'", b"\xc3")  # fmt: skip

Change = tuple[str, float, int]  # kind of change, place from 0 to 1, number that it takes


def _flip(content, at, number):
    content[at] ^= 1 << number % 8


def _byte(content, at, number):
    content[at] = number % 256


def _bound(content, at, number):
    value, size = BOUNDS[number % len(BOUNDS)], (1, 2, 4, 8)[number // 16 % 4]
    content[at : at + size] = (value % (1 << 8 * size)).to_bytes(size, "little")


def _cut(content, at, number):
    del content[at : at + 1 + number % 400]


def _end(content, at, number):
    del content[at:]


def _double(content, at, number):
    content[at:at] = content[at : at + 1 + number % 400]


def _swap(content, at, number):
    other = number % len(content)
    content[at : at + 16], content[other : other + 16] = content[other : other + 16], content[at : at + 16]


def _word(content, at, number):
    content[at:at] = WORDS[number % len(WORDS)]


CHANGES = {
    "flip": _flip, "byte": _byte, "bound": _bound, "cut": _cut, "end": _end, "double": _double, "swap": _swap,
    "word": _word,
}  # fmt: skip


def changed(content: bytes, changes: list[Change]) -> bytes:
    """The content with some changes, in their order; empty content stays empty."""
    content = bytearray(content)
    for kind, place, number in changes:
        if content:
            CHANGES[kind](content, min(int(place * len(content)), len(content) - 1), number)
    return bytes(content)


@dataclass(frozen=True)
class Subject:
    """Something that reads bytes from outside.

    `files()` gives whole files by name, `read(folder)` reads them from there; one of those in `damaged` (default all)
    is changed at a time.
    """

    files: Callable[[], dict[str, bytes]]
    read: Callable[[Path], object]
    damaged: tuple[str, ...] = ()


def _written(write) -> dict[str, bytes]:
    """The files that `write(folder)` leaves, by path."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        paths = [path for path in Path(folder).rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _cache():
    rng, n = np.random.default_rng(0), 5
    rows = {
        "points": rng.normal(size=(n, 68, 2)).astype(np.float32), "boxes": np.zeros((n, 4), np.int32),
        "found": np.ones(n, bool), "score": rng.normal(size=n), "sharpness": rng.normal(size=n),
        "seconds": rng.random(n),
    }  # fmt: skip
    digests = np.array([f"{row:032x}" for row in range(n)])
    return _written(lambda folder: RowCache(folder, "hog-1").store(digests=digests, **rows))


def _model(name):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 6)), np.arange(60) % 3
    recipe = Recipe(labels=("a", "b", "c"), families=("distances",), classifier=name)
    return lambda: _written(lambda folder: save_model(folder, FaceModel(make_classifier(name).fit(X, y), recipe)))


def _excerpt(name):
    return lambda: {
        str(path.relative_to(EXCERPTS / name)): path.read_bytes()
        for path in (EXCERPTS / name).rglob("*")
        if path.is_file()
    }


def _picture(shade, kind):
    face = np.random.default_rng(shade).integers(0, 255, (24, 24), dtype=np.uint8)
    return cv2.imencode(kind, face)[1].tobytes()


def _png(shade):
    return _picture(shade, ".png")


def _labelled():
    return {f"{'ab'[number % 2]}/{number}.png": _png(number) for number in range(PICTURES)}


def _packed():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _labelled().items():
            archive.writestr(name, content)
    return {"faces.zip": file.getvalue()}


def _tar(kind):
    def write(folder):
        for name, content in _labelled().items():
            (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "in" / name).write_bytes(content)
        shutil.make_archive(str(folder / "faces"), kind, folder / "in")
        shutil.rmtree(folder / "in")

    return lambda: _written(write)


def _fer():
    rows = [f"{number % 7},{' '.join([str(20 * number % 256)] * 2304)},Training" for number in range(6)]
    return {"fer2013.csv": "\n".join(["emotion,pixels,Usage", *rows, ""]).encode()}


def _listed():
    rows = [f"{number}.png,{'ab'[number % 2]},s{number % 3}" for number in range(PICTURES)]
    pictures = {f"{number}.png": _png(number) for number in range(PICTURES)}
    return {"list.csv": "\n".join(["image,label,subject", *rows, ""]).encode(), **pictures}


def _config():
    return {"run.toml": b'classifiers = ["svm", "lda"]\nseed = 3\ncv = 5\nlabels = { happy = "positive" }\n'}


def _video():
    def write(folder):
        writer = cv2.VideoWriter(str(folder / "v.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
        for number in range(FRAMES):
            writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
        writer.release()

    return _written(write)


def _only(folder):
    return next(path for path in Path(folder).rglob("*") if path.is_file())


def _dataset(path):
    dataset = load_dataset("auto", path)
    for row in range(min(len(dataset), PICTURES)):
        with contextlib.suppress(UnreadableImage):
            dataset.images[row]


SUBJECTS = {
    "cache": Subject(_cache, lambda folder: RowCache(folder, "hog-1").load()),
    "model": Subject(_model("lda"), lambda folder: load_model(_only(folder))),
    "trees": Subject(_model("forest"), lambda folder: load_model(_only(folder))),
    "run folder": Subject(_excerpt("run_format_1"), load_run, ("run.json", "faces.parquet", "predictions.parquet")),
    "openface": Subject(
        lambda: {"a.csv": (EXCERPTS / "openface.csv").read_bytes()}, lambda folder: list(read_faces(folder / "a.csv"))
    ),
    "py-feat": Subject(
        lambda: {"a.csv": (EXCERPTS / "pyfeat.csv").read_bytes()}, lambda folder: list(read_faces(folder / "a.csv"))
    ),
    "fer2013": Subject(_fer, lambda folder: _dataset(folder / "fer2013.csv")),
    "list": Subject(_listed, lambda folder: _dataset(folder), ("list.csv",)),
    "zip": Subject(_packed, lambda folder: _dataset(folder / "faces.zip")),
    "tar": Subject(_tar("tar"), lambda folder: _dataset(_only(folder))),
    "tar.gz": Subject(_tar("gztar"), lambda folder: _dataset(_only(folder))),
    "config": Subject(_config, lambda folder: resolved({"config": str(folder / "run.toml")}, environment={})),
    "video": Subject(_video, lambda folder: sum(1 for _ in read_video(folder / "v.avi"))),
    "PNG": Subject(lambda: {"a.png": _png(1)}, lambda folder: decode_image(_only(folder).read_bytes())),
    "JPEG": Subject(lambda: {"a.jpg": _picture(1, ".jpg")}, lambda folder: decode_image(_only(folder).read_bytes())),
}


def outcome(subject: Subject, files: dict[str, bytes], name: str, changes: list[Change], folder: Path) -> str:
    """What comes of one file changed: "read", "refused", "slow", or the traceback's last line."""
    inside = folder / "in"
    for path, content in files.items():
        (inside / path).parent.mkdir(parents=True, exist_ok=True)
        (inside / path).write_bytes(changed(content, changes) if path == name else content)
    start, answer = time.perf_counter(), "read"
    try:
        subject.read(inside)
    except (LineamentError, UnreadableImage):
        answer = "refused"
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"[:200]
    if time.perf_counter() - start > SLOW_S:
        answer = "slow"
    if [path.name for path in folder.iterdir()] != ["in"]:
        answer = "wrote outside"
    shutil.rmtree(inside)
    return answer


def drawn_changes(rng: random.Random) -> list[Change]:
    """One to six changes."""
    kinds = list(CHANGES)
    return [(rng.choice(kinds), rng.random(), rng.randrange(1 << 16)) for _ in range(rng.randint(1, 6))]


def batch(name: str, seed: int, n: int) -> tuple[Counter, dict[str, int], int]:
    """Outcomes of n cases, the seed of the first case of each fault, and the bytes by which the peak of memory rose."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    subject = SUBJECTS[name]
    files = subject.files()
    candidates = subject.damaged or tuple(files)
    counts, first = Counter(), {}
    before = peak_memory()
    with tempfile.TemporaryDirectory() as folder:
        for case in range(seed, seed + n):
            rng = random.Random(case)
            answer = outcome(subject, files, rng.choice(candidates), drawn_changes(rng), Path(folder))
            counts[answer] += 1
            first.setdefault(answer, case)
    return counts, first, peak_memory() - before


def main(options):
    names = options.subjects.split(",") if options.subjects else list(SUBJECTS)
    each = -(-options.n // len(names))
    tasks = [
        (name, start, min(AT_ONCE, each - start)) for start in range(0, each, AT_ONCE) for name in names
    ]  # fmt: skip
    counts, first, rose = {name: Counter() for name in names}, {}, dict.fromkeys(names, 0)
    os.environ["OPENCV_LOG_LEVEL"] = "SILENT"
    with tqdm(total=sum(n for *_, n in tasks), unit="case", disable=not sys.stderr.isatty()) as bar:
        for number, (outcomes, cases, memory) in in_parallel(batch, tasks, Workers(options.n_jobs)):
            name = tasks[number][0]
            counts[name] += outcomes
            rose[name] = max(rose[name], memory)
            for answer, case in cases.items():
                first.setdefault((name, answer), case)
            bar.update(tasks[number][2])
    print("| what is read | cases | read | refused | else | memory rose by, MiB |\n|---|---|---|---|---|---|")
    for name, some in counts.items():
        other = some.total() - some["read"] - some["refused"]
        print(f"| {name} | {some.total()} | {some['read']} | {some['refused']} | {other} | {rose[name] / 2**20:.0f} |")
    faults = {key: case for key, case in first.items() if key[1] not in ("read", "refused")}
    if faults:
        print(json.dumps([[*key, case] for key, case in faults.items()], indent=1))
    else:
        print("\nNothing else came of it.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--subjects", default="", help=f"of {', '.join(SUBJECTS)} (default: all of them)")
    started(main, parser.parse_args())
