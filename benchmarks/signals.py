"""Whole runs stopped by signals at random moments: what is left behind, and what a rerun makes of it.

    python -m benchmarks.signals [--each 20] [--signals SIGINT,SIGTERM,SIGHUP,SIGKILL]

A run of drawn faces with tuning, audit and explanation is started again and again into the same folder, and stopped.
After 5 s no process of it may be there, and no temporary file, but after SIGKILL: those the next run removes. In the
end the run is let through, and what it writes is held against an undisturbed one: all but times, byte for byte.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import cv2
import psutil

from benchmarks.command import started
from lineament.data import load_dataset

FACES = 84
AFTER_S = 5
MARK = "RUN_TO_BE_STOPPED"
TIMES = ("seconds", "fit_seconds", "predict_seconds", "landmark_seconds", "peak_memory", "command", "config")


def draw(folder: Path) -> None:
    """Faces of the sample as labelled folders."""
    dataset = load_dataset("sample", seed=0)
    for row in range(FACES):
        target = folder / dataset.label_names[dataset.target[row]]
        target.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target / f"{row}.png"), dataset.images[row])


class Runs:
    """Runs of one folder of pictures into one folder, all of whose processes bear a mark."""

    def __init__(self, work: Path, out: str):
        self.work, self.out, self.mark = work, work / out, uuid.uuid4().hex
        self.cache, self.temporary = work / f"cache-{out}", work / f"tmp-{out}"
        self.temporary.mkdir()

    def start(self) -> subprocess.Popen:
        given = {"--data": self.work / "data", "--out": self.out, "--cache": self.cache, "--n-jobs": 2}
        words = [word for pair in given.items() for word in pair]
        command = [sys.executable, "-m", "lineament", "run", *words, "--classifiers", "svm,lda", "--tune", "quick"]
        environment = {**os.environ, MARK: self.mark, "TMPDIR": str(self.temporary)}
        log = (self.work / "log.txt").open("w")
        return subprocess.Popen(
            list(map(str, command)), env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            preexec_fn=_heeding_signals,
        )  # fmt: skip

    def processes(self) -> list[psutil.Process]:
        """Those that run now and bear the mark."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def temporaries(self) -> list[str]:
        """Names of files that are not whole, or of a temporary folder."""
        inside = [
            path for folder in (self.out, self.work / f"cache-{self.out.name}") for path in folder.rglob(".*.tmp*")
        ]
        return [path.name for path in (*inside, *self.temporary.iterdir())]

    def step(self) -> str:
        """What the run was at, by its log."""
        log = (self.work / "log.txt").read_text(errors="replace")
        bars = re.findall(r"(faces|selecting|fitting|Report)", log)
        return bars[-1] if bars else "starting"


def _heeding_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def stopped(runs: Runs, number: int, delay: float) -> dict:
    """One run, stopped after some seconds: the step, the exit code, and what is left 5 s later."""
    process = runs.start()
    try:
        process.wait(delay)
        return {"step": "over before", "code": process.returncode, "processes": 0, "files": []}
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    time.sleep(AFTER_S)
    left = runs.processes()
    for one in left:
        one.kill()
    return {"step": runs.step(), "code": process.poll(), "processes": len(left), "files": runs.temporaries()}


def written(out: Path) -> dict[str, object]:
    """What a run wrote, by path: bytes of tables and models, and documents without times."""
    files: dict[str, object] = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if not path.is_file() or name.startswith((".", "figures/cost", "tables/cost", "tuning/")):
            continue
        if path.suffix == ".json":
            files[name] = without_times(json.loads(path.read_text()))
        elif path.suffix in (".csv", ".skops") or name == "predictions.parquet":
            files[name] = path.read_bytes()
    return files


def without_times(document):
    """A document without the fields that hold times, or where it was made."""
    if isinstance(document, dict):
        return {key: without_times(value) for key, value in document.items() if key not in TIMES}
    return [without_times(value) for value in document] if isinstance(document, list) else document


def main(options):
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        draw(work / "data")
        undisturbed, disturbed = Runs(work, "undisturbed"), Runs(work, "disturbed")
        for _ in range(2):  # the second finds landmarks and searches, as the stopped ones will
            start = time.perf_counter()
            assert undisturbed.start().wait() == 0, (work / "log.txt").read_text()
            whole = time.perf_counter() - start
        print(f"An undisturbed run takes {whole:.0f} s.\n\n| signal | stopped while | exit codes | processes left |"
              " temporary files left |\n|---|---|---|---|---|")  # fmt: skip
        for name in options.signals.split(","):
            results = [
                stopped(disturbed, getattr(signal, name), rng.uniform(0.2, whole)) for _ in range(options.each)
            ]  # fmt: skip
            steps, codes = (dict(Counter(one[key] for one in results)) for key in ("step", "code"))
            left = sum(one["processes"] for one in results)
            print(f"| {name} | {steps} | {codes} | {left} | {sum(len(one['files']) for one in results)} |", flush=True)
            for one in results:
                if one["files"]:
                    print("  ", one["step"], one["files"][:4], file=sys.stderr)
        assert disturbed.start().wait() == 0, (work / "log.txt").read_text()
        ours, theirs = written(disturbed.out), written(undisturbed.out)
        differ = [name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
        print(f"\nLet through in the end: {len(ours)} files, of which differ: {differ or 'none'};"
              f" temporary files: {len(disturbed.temporaries())}.")  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=20, help="runs stopped by each signal")
    parser.add_argument("--signals", default="SIGINT,SIGTERM,SIGHUP,SIGKILL")
    parser.add_argument("--seed", type=int, default=0)
    started(main, parser.parse_args())
