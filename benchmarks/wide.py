"""Fits on tables that are wider than long: seconds and memory.

    python -m benchmarks.wide [--sizes 981,5000] [--classifiers svm,logreg,lda,forest,lssvm]

Faces are drawn from FER2013's training part with the families shape and hog, 9,752 columns. Every fit has a process of
its own, on one core, and its memory is the largest that the process held, the table included. That the answers are
those of scikit-learn's plain solution is asked in `tests/test_wide.py`, on tables that it bears.
"""

import argparse
import multiprocessing
import tempfile
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.command import started
from lineament.classifiers.registry import fit_single_views, make_classifier
from lineament.data import data_home, load_dataset
from lineament.data.memory import peak_memory
from lineament.data.parallel import Workers
from lineament.features import Measures, measure
from lineament.landmarks import look_at

FAMILIES = ("shape", "hog")


def table_of(data, n):
    """Feature table and labels of n faces."""
    dataset = load_dataset("fer2013", data / "fer2013.zip")
    train = np.flatnonzero(dataset.split == "train")
    dataset = dataset.take(np.sort(np.random.default_rng(0).choice(train, n, replace=False)))
    measures = Measures(FAMILIES)
    faces = look_at(
        dataset.images, takers=measures.takers, cache=data_home() / "landmarks", workers=Workers(2, progress=True)
    )
    return measure(faces, measures).table, dataset.target


def fit(name, path, answers):
    """Fit one classifier in this process and send seconds and the largest memory, MB."""
    stored = np.load(path)
    X, y, family = stored["X"], stored["y"], stored["family"]
    start = time.perf_counter()
    with threadpool_limits(1):
        fit_single_views(make_classifier(name), X, y, groups=None, families=family)
    answers.send((time.perf_counter() - start, peak_memory() / 2**20))


def alone(name, path):
    """The same in a fresh process."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=fit, args=(name, path, there))
    process.start()
    there.close()
    answer = here.recv()
    process.join()
    return answer


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with fer2013.zip")
    parser.add_argument("--sizes", default="981,5000")
    parser.add_argument("--classifiers", default="svm,logreg,lda,forest,lssvm")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        for n in map(int, options.sizes.split(",")):
            table, y = table_of(options.data, n)
            path = Path(folder) / "table.npz"
            np.savez(path, X=table.X, y=y, family=np.array(table.family))
            print(f"{n} faces, {table.X.shape[1]} columns, {table.X.dtype}, {table.X.nbytes / 2**20:.0f} MB")
            for name in options.classifiers.split(","):
                seconds, memory = alone(name, path)
                print(f"  {name:8} {seconds:7.1f} s {memory:8.0f} MB")


if __name__ == "__main__":
    started(main)
