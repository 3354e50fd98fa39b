"""Our fits against dlib's own, on its model and on small ones; damaged models."""

import subprocess
import sys
from pathlib import Path

import dlib
import numba
import numpy as np
import pytest

from lineament.data import LineamentError, load_dataset
from lineament.data.images import decode_image
from lineament.landmarks.find import find_each_face, find_face
from lineament.landmarks.fitting import default_landmark_model
from lineament.landmarks.tree_fits import _compiled
from lineament.landmarks.trees import N_VALUES, read_trees
from lineament.landmarks.view import view_of

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def trees():
    return read_trees(default_landmark_model())


@pytest.fixture(scope="module")
def predictor():
    return dlib.shape_predictor(str(default_landmark_model()))


def dlib_points(predictor, gray, boxes):
    shapes = (predictor(gray, dlib.rectangle(*map(int, box))) for box in boxes)
    return np.array([[(point.x, point.y) for point in shape.parts()] for shape in shapes])


def rounded(points):
    return np.floor(points + 0.5)


def random_boxes(gray, n, seed):
    """Boxes of 30 % to 120 % of the picture, many of them partly and some wholly outside."""
    rng = np.random.default_rng(seed)
    side = rng.uniform(0.3, 1.2, n) * min(gray.shape)
    corner = rng.uniform(-0.4, 0.9, (n, 2)) * gray.shape[::-1]
    return np.round(np.c_[corner, corner + side[:, None]])


def assert_dlibs_own(trees, predictor, gray, boxes):
    assert np.array_equal(rounded(trees.fit([gray], boxes)), dlib_points(predictor, gray, boxes))


def test_points_of_drawn_faces_are_dlibs_own(trees, predictor, sample):
    for row in range(40):
        gray = view_of(sample.images[row]).gray
        assert_dlibs_own(trees, predictor, gray, random_boxes(gray, 5, seed=row))


def test_points_of_real_crops_are_dlibs_own(trees, predictor, fer_zip):
    dataset = load_dataset("fer2013", fer_zip)
    for row in range(0, 32298, 300):
        gray = view_of(dataset.images[row]).gray
        assert_dlibs_own(trees, predictor, gray, random_boxes(gray, 4, seed=row))


def test_points_of_photos_are_dlibs_own(trees, predictor, photos):
    for file in sorted(photos.glob("*.jpg")):
        gray = view_of(decode_image(file.read_bytes())).gray
        assert_dlibs_own(trees, predictor, gray, random_boxes(gray, 20, seed=0))


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (5, 5, 4, 4), (90, 90, 10, 10), (-900, -900, -800, -800)])
def test_odd_boxes(trees, predictor, box):
    gray = np.random.default_rng(0).integers(0, 256, (100, 80), dtype=np.uint8)
    assert np.isfinite(trees.fit([gray], np.array([box]))).all()
    if box[0] <= box[2]:
        assert_dlibs_own(trees, predictor, gray, np.array([box]))


@pytest.fixture(scope="module")
def many(sample):
    """Pictures of several sizes, and boxes in them: (pictures, boxes, number of each box's picture, flipped)."""
    pictures = [view_of(sample.images[row]).gray[: 192 - row, row:] for row in range(20)]
    boxes = np.concatenate([random_boxes(gray, 8, seed=row) + 0.3 for row, gray in enumerate(pictures)])
    return pictures, boxes, np.repeat(np.arange(20), 8), np.arange(160) % 3 == 0


def test_a_box_gets_the_same_points_alone_and_among_others(trees, many):
    pictures, boxes, of, flipped = many
    together = trees.fit(pictures, boxes, of=of, flipped=flipped)
    order = np.random.default_rng(0).permutation(len(boxes))
    assert np.array_equal(together[order], trees.fit(pictures, boxes[order], of=of[order], flipped=flipped[order]))
    for row in range(0, 160, 7):
        alone = trees.fit([pictures[of[row]]], boxes[row : row + 1], flipped=flipped[row : row + 1])
        assert np.array_equal(alone[0], together[row])


def test_flipped_fits_are_those_of_the_mirror_image(trees, many):
    gray, boxes = many[0][3], many[1][:5]
    mirror = np.ascontiguousarray(gray[:, ::-1])
    assert np.array_equal(trees.fit([gray], boxes, flipped=np.ones(5, bool)), trees.fit([mirror], boxes))


def test_no_boxes_no_points(trees):
    assert trees.fit([np.zeros((4, 4), np.uint8)], np.empty((0, 4))).shape == (0, 68, 2)


def test_faces_together_are_those_alone(sample):
    images = [sample.images[row] for row in range(9)]
    for face, image in zip(find_each_face(images), images, strict=True):
        assert np.array_equal(face.points, find_face(image).points)


# Small models, written here as dlib writes them.


def packed(number):
    size = max(1, (abs(int(number)).bit_length() + 7) // 8)
    return bytes([size | (0x80 if number < 0 else 0)]) + abs(int(number)).to_bytes(size, "little")


def packed_float(value):
    mantissa, exponent = np.frexp(np.float32(value))
    return packed(int(np.float64(mantissa) * 2**24)) + packed(int(exponent) - 24)


def packed_list(items, write):
    return packed(len(items)) + b"".join(write(item) for item in items)


def packed_column(values):
    return packed(-len(values)) + packed(-1) + b"".join(map(packed_float, values))


def model_bytes(*, n_points=68, n_levels=2, n_trees=6, n_splits=3, n_pixels=9, version=1):
    rng = np.random.default_rng(0)

    def split(_):
        one, other = rng.integers(0, n_pixels, 2)
        return packed(one) + packed(other) + packed_float(rng.normal(0, 60))

    def tree(_):
        leaves = rng.normal(0, 0.01, (n_splits + 1, 2 * n_points))
        return packed_list(range(n_splits), split) + packed_list(leaves, packed_column)

    def offsets(_):
        return packed_list(rng.normal(0, 0.1, 2 * n_pixels).reshape(-1, 2), lambda xy: b"".join(map(packed_float, xy)))

    return b"".join(
        [
            packed(version),
            packed_column(rng.uniform(0, 1, 2 * n_points)),
            packed_list(range(n_levels), lambda _: packed_list(range(n_trees), tree)),
            packed_list(range(n_levels), lambda _: packed_list(rng.integers(0, n_points, n_pixels), packed)),
            packed_list(range(n_levels), offsets),
        ]
    )


@pytest.fixture
def model(tmp_path):
    return tmp_path / "model.dat"


@pytest.mark.parametrize("n_trees, n_splits", [(1, 1), (6, 3), (7, 31)])
def test_small_models_are_read_as_dlib_reads_them(model, n_trees, n_splits, sample):
    model.write_bytes(model_bytes(n_trees=n_trees, n_splits=n_splits))
    gray = view_of(sample.images[0]).gray
    assert_dlibs_own(read_trees(model), dlib.shape_predictor(str(model)), gray, random_boxes(gray, 50, seed=0))


def test_a_model_cut_off_anywhere_says_so(model):
    whole = model_bytes()
    for length in [0, 1, 2, *range(3, len(whole), 997), len(whole) - 1]:
        model.write_bytes(whole[:length])
        with pytest.raises(LineamentError, match="is no dlib shape predictor"):
            read_trees(model)
    model.write_bytes(whole + b"\1")
    with pytest.raises(LineamentError, match="goes on after its end"):
        read_trees(model)


def test_flipped_bits_are_told_or_do_no_harm(model):
    whole, rng = np.frombuffer(model_bytes(), dtype=np.uint8), np.random.default_rng(0)
    gray, told = rng.integers(0, 256, (60, 60), dtype=np.uint8), 0
    for place in [*range(40), *rng.integers(0, len(whole), 300), *range(len(whole) - 300, len(whole))]:
        damaged = whole.copy()
        damaged[place] ^= 1 << rng.integers(8)
        model.write_bytes(damaged.tobytes())
        try:
            assert np.isfinite(read_trees(model).fit([gray], np.array([[10, 10, 50, 50]]))).all()
        except LineamentError as error:
            told += "is no dlib shape predictor" in str(error) or "points; Lineament needs" in str(error)
    assert told > 200


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(range(200)), b"\1\1" * 500, bytes(2000)])
def test_other_files_are_refused(model, content):
    model.write_bytes(content)
    with pytest.raises(LineamentError, match="is no dlib shape predictor"):
        read_trees(model)


@pytest.mark.parametrize("name", ["mmod_human_face_detector.dat", "dlib_face_recognition_resnet_model_v1.dat"])
def test_other_models_of_dlib_are_refused(name):
    with pytest.raises(LineamentError, match=f"{name} is no dlib shape predictor"):
        read_trees(default_landmark_model().with_name(name))


def test_other_numbers_of_points_are_refused(model):
    with pytest.raises(LineamentError, match="gives 5 points; Lineament needs a 68-point model"):
        read_trees(default_landmark_model().with_name("shape_predictor_5_face_landmarks.dat"))
    model.write_bytes(model_bytes(n_points=194))
    with pytest.raises(LineamentError, match="gives 194 points"):
        read_trees(model)


def test_another_version_is_refused(model):
    model.write_bytes(model_bytes(version=2))
    with pytest.raises(LineamentError, match="version 2 instead of 1"):
        read_trees(model)


def test_a_missing_model_says_so(tmp_path):
    with pytest.raises(LineamentError, match="cannot be read"):
        read_trees(tmp_path / "nowhere.dat")
    with pytest.raises(LineamentError, match="cannot be read"):
        read_trees(tmp_path)


def test_leaves_start_on_cache_lines(trees):
    assert trees.leaves.ctypes.data % 64 == 0 and trees.leaves.shape[-1] == N_VALUES
    assert trees.leaves.flags.c_contiguous


def test_without_a_folder_for_compiled_code_it_is_compiled_each_time(monkeypatch):
    monkeypatch.setattr(numba.core.caching.CacheImpl, "_locator_classes", [])

    @_compiled
    def next_of(number):
        return number + 1

    assert next_of(1) == 2


def test_processes_that_compile_at_once_agree(model, tmp_path, monkeypatch):
    model.write_bytes(model_bytes())
    code = f"""if True:
        import numpy as np
        from lineament.landmarks.trees import read_trees
        gray = np.arange(6400, dtype=np.uint8).reshape(80, 80)
        print(read_trees({str(model)!r}).fit([gray], np.array([[5, 5, 70, 70]])).tobytes().hex())"""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "compiled"))
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    outputs = {process.communicate()[0] for process in both}
    assert all(process.returncode == 0 for process in both) and len(outputs) == 1 and outputs.pop().strip()
