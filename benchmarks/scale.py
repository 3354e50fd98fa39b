"""Geometry of many faces: speed on one core, peak memory at 1,000,000, and the ratio to loops over single faces.

    python -m benchmarks.scale [--n 1000000] [--rounds 5]

Faces are the sample's landmarks, drawn again and again with 0.3 px of noise. Two loops compute the default families
one face at a time from the definitions of the features: `plain` with Python's own floats and `math`, `usual` with one
NumPy call after the other, as scripts for single faces do. Both must agree with the table to 1e-9. Seconds are
processor time of one thread, the median of the rounds; memory is the peak of a fresh process.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.command import started
from lineament.data import data_home, load_dataset
from lineament.data.memory import peak_memory
from lineament.features import DEFAULT_FAMILIES, FAMILIES, feature_table, iter_feature_tables
from lineament.landmarks import look_at
from lineament.landmarks.layout import LEFT_EYE, RIGHT_EYE

NOISE_PX = 0.3
TIMED, LOOPED = 100_000, 300  # faces a round
DRAWN = 50_000  # faces drawn at a time: drawing is not to set the peak


# --- the loops ---------------------------------------------------------------------------------------


def recipes():
    """(kind, anchors, +1 or -1 where inwards is to the left) in the order of the default families' columns."""
    found = []
    for feature in (feature for family in DEFAULT_FAMILIES for feature in FAMILIES[family].features):
        kind, inwards = feature.name.split("_")[0], -1 if "left" in feature.name else 1
        (stroke,) = feature.strokes
        if kind == "ellipse":
            contour = tuple(dict.fromkeys(anchor[0] for anchor in stroke))
            if not found or found[-1][1] != contour:  # seven features in a row describe one ellipse
                found.append((kind, contour, inwards))
        elif kind == "angle" and len(stroke) == 2:
            found.append(("tilt", stroke, inwards))
        else:
            found.append((kind, stroke, inwards))
    return found


RECIPES = recipes()


def plain_face(face):
    """Measurements of one face, a list of 68 pairs, in plain Python."""
    (rx, ry), (lx, ly) = face[RIGHT_EYE[0]], face[LEFT_EYE[3]]
    dx, dy = lx - rx, ly - ry
    squared = dx * dx + dy * dy
    c, s, mx, my = dx / squared, dy / squared, (rx + lx) / 2, (ry + ly) / 2
    points = [((x - mx) * c + (y - my) * s, (y - my) * c - (x - mx) * s) for x, y in face]
    values = []
    for kind, anchors, inwards in RECIPES:
        if kind == "ellipse":
            values += _plain_ellipse([points[number] for number in anchors], inwards)
            continue
        (ax, ay), (bx, by), *rest = [_plain_anchor(points, anchor) for anchor in anchors]
        if kind == "dist":
            values.append(math.hypot(bx - ax, by - ay))
        elif kind == "tilt":
            values.append(math.atan2(ay - by, (bx - ax) * inwards))
        else:
            cx, cy = rest[0]
            cross = (ax - bx) * (cy - by) - (ay - by) * (cx - bx)
            values.append(abs(math.atan2(cross, (ax - bx) * (cx - bx) + (ay - by) * (cy - by))))
    return values


def _plain_anchor(points, anchor):
    if len(anchor) == 1:
        return points[anchor[0]]
    return sum(points[k][0] for k in anchor) / len(anchor), sum(points[k][1] for k in anchor) / len(anchor)


def _plain_ellipse(contour, inwards):
    n = len(contour)
    cx, cy = sum(x for x, _ in contour) / n, sum(y for _, y in contour) / n
    xx, yy = sum((x - cx) ** 2 for x, _ in contour) / n, sum((y - cy) ** 2 for _, y in contour) / n
    xy = sum((x - cx) * (y - cy) for x, y in contour) / n
    middle, half = (xx + yy) / 2, math.hypot((xx - yy) / 2, xy)
    major, minor = math.sqrt(2 * (middle + half)), math.sqrt(2 * max(middle - half, 0))
    turn = math.atan2(-2 * xy, xx - yy) / 2
    return major, minor, minor / major, turn * inwards, math.pi * major * minor, cx * inwards, cy


def usual_face(face):
    """Measurements of one face (68, 2), with NumPy for each of them."""
    right, left = face[RIGHT_EYE[0]], face[LEFT_EYE[3]]
    axis = left - right
    c, s = axis / (axis @ axis)
    points = (face - (right + left) / 2) @ np.array([[c, -s], [s, c]])
    values = []
    for kind, anchors, inwards in RECIPES:
        if kind == "ellipse":
            values += _usual_ellipse(points[list(anchors)], inwards)
            continue
        a, b, *rest = [_usual_anchor(points, anchor) for anchor in anchors]
        if kind == "dist":
            values.append(np.linalg.norm(b - a))
        elif kind == "tilt":
            values.append(np.arctan2(a[1] - b[1], (b[0] - a[0]) * inwards))
        else:
            one, other = a - b, rest[0] - b
            values.append(abs(np.arctan2(one[0] * other[1] - one[1] * other[0], np.dot(one, other))))
    return values


def _usual_anchor(points, anchor):
    return points[anchor[0]] if len(anchor) == 1 else points[list(anchor)].mean(axis=0)


def _usual_ellipse(contour, inwards):
    centre = contour.mean(axis=0)
    (xx, xy), (_, yy) = np.cov(contour.T, bias=True)
    low, high = np.linalg.eigvalsh([[xx, xy], [xy, yy]])
    major, minor = np.sqrt(2 * high), np.sqrt(2 * max(low, 0))
    turn = np.arctan2(-2 * xy, xx - yy) / 2
    return major, minor, minor / major, turn * inwards, np.pi * major * minor, centre[0] * inwards, centre[1]


# --- what is measured --------------------------------------------------------------------------------


def faces_of(seed_points, n):
    """n float32 faces (n, 68, 2) in px."""
    rng, faces = np.random.default_rng(0), np.empty((n, 68, 2), dtype=np.float32)
    for start in range(0, n, DRAWN):
        rows = rng.integers(0, len(seed_points), len(faces[start : start + DRAWN]))
        faces[start : start + DRAWN] = seed_points[rows] + rng.normal(0, NOISE_PX, (len(rows), 68, 2))
    return faces


def seconds(work, rounds):
    """Processor seconds of one call, the median of the rounds after one that warms up."""
    work()
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return float(np.median(taken))


def speeds(seed_points, rounds):
    """Faces a second and core of the default families together, of each family, and of the loops."""
    faces, few = faces_of(seed_points, TIMED), faces_of(seed_points, LOOPED).astype(float)
    lists = few.tolist()
    table = feature_table(few).X
    for loop, loop_faces in ((plain_face, lists), (usual_face, few)):
        np.testing.assert_allclose([loop(face) for face in loop_faces], table, rtol=0, atol=1e-9)
    rates = {"default": TIMED / seconds(lambda: feature_table(faces), rounds)}
    for family in FAMILIES:
        part = faces[: TIMED // (20 if family == "pairwise" else 1)]
        rates[family] = len(part) / seconds(partial(feature_table, part, (family,)), rounds)
    rates["plain loop"] = LOOPED / seconds(lambda: [plain_face(face) for face in lists], rounds)
    rates["usual loop"] = LOOPED / seconds(lambda: [usual_face(face) for face in few], rounds)
    rates["feature_table, one by one"] = LOOPED / seconds(lambda: [feature_table(face[None]) for face in few], rounds)
    return rates


def to_disk(faces):
    """Blocks narrowed to float32 and written down one by one."""
    with tempfile.TemporaryFile() as file:
        for block in iter_feature_tables(faces):
            block.X.astype(np.float32).tofile(file)


def to_float32(faces):
    """Blocks into one float32 array in memory."""
    n_features = sum(len(FAMILIES[family].features) for family in DEFAULT_FAMILIES)
    table = np.empty((len(faces), n_features), dtype=np.float32)
    start = 0
    for block in iter_feature_tables(faces):
        table[start : start + len(block.X)] = block.X
        start += len(block.X)


WAYS = {"blocks to disk": to_disk, "blocks to float32": to_float32, "one float64 table": feature_table}


def measure_way(way, seed_file, n):
    """Run in a process of its own: prints processor and wall seconds and the peak in bytes."""
    faces = faces_of(np.load(seed_file), n)
    drawn = peak_memory()
    cpu, wall = time.process_time(), time.perf_counter()
    with threadpool_limits(1):
        WAYS[way](faces)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = peak_memory()
    print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "before": drawn}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--seed-points", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        measure_way(options.way, options.seed_points, options.n)
        return
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    sample = load_dataset("sample", seed=0)
    found = look_at(sample.images, cache=data_home() / "landmarks")
    seed_points = found.points[found.found]
    with threadpool_limits(1):
        rates = speeds(seed_points, options.rounds)
    for name, rate in rates.items():
        print(f"| {name} | {rate:,.0f} | {rates['default'] / rate:.1f} |")
    with tempfile.TemporaryDirectory() as folder:
        seed_file = Path(folder) / "points.npy"
        np.save(seed_file, seed_points)
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks.scale", "--way", way, "--n", str(options.n)]
            done = subprocess.run([*command, "--seed-points", str(seed_file)], check=True, capture_output=True)
            row = json.loads(done.stdout)
            rate = options.n / row["cpu"]
            print(f"| {way} | {row['peak'] / 1e9:.2f} | {row['cpu']:.1f} | {row['wall']:.1f} | {rate:,.0f} |")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    started(main)
