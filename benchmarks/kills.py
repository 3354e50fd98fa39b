"""20 runs killed with SIGKILL at random moments, then one that ends: the same bytes, nothing lost, nothing twice.

    python -m benchmarks.kills [--kills 20] [--n 5000]

The first n pictures of FER2013, one process, batches of 128: more work than the kills leave time for, so that every
one of them hits a run at work.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.command import started
from lineament.data import image_digests, load_dataset
from lineament.landmarks import look_at
from lineament.landmarks.cache import cache_entries

CHILD = """
import sys
from lineament.data import image_digests, load_dataset
from lineament.landmarks import look_at
if __name__ == "__main__":
    dataset = load_dataset("fer2013", sys.argv[2]).take(range(int(sys.argv[3])))
    print("ready", flush=True)
    look_at(dataset.images, cache=sys.argv[1])
"""


def cached(folder):
    return sum(entry.n_pictures for entry in cache_entries(folder))


def kill_once(folder, data, n, rng):
    """Start an extraction and kill it after 0 to 8 s of work; return the rows that it added."""
    before = cached(folder)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, folder, str(data), str(n)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    child.stdout.readline()
    time.sleep(rng.uniform(0, 8))
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return cached(folder) - before


def main(kills, data, n):
    rng, dataset = random.Random(0), load_dataset("fer2013", data).take(range(n))
    digests = image_digests(dataset.images)
    undisturbed = look_at(dataset.images)
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(kills):
            added = kill_once(folder, data, n, rng)
            total += added
            print(f"kill {number + 1}: {added} rows added, {cached(folder)} kept", flush=True)
        again = look_at(dataset.images, cache=folder)
        assert again.n_fresh == len(set(digests)) - total, "rows were lost"
        assert cached(folder) == len(set(digests)), "rows were stored twice"
    for field in ("points", "boxes", "found", "score", "sharpness"):
        assert getattr(again, field).tobytes() == getattr(undisturbed, field).tobytes(), field
    print(f"{kills} kills, {total} rows kept from them, {again.n_fresh} left to do, the same bytes.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/fer2013.zip"))
    parser.add_argument("--n", type=int, default=5000)
    started(main, **vars(parser.parse_args()))
