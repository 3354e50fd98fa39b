"""The landmark cache: kills, two runs at once, full disks, damaged files."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lineament.apps import cli
from lineament.data import LineamentError
from lineament.landmarks import look_at
from lineament.landmarks.cache import RowCache, cache_entries, clear_cache

ROOT = Path(__file__).resolve().parents[1]
EXTRACT = """
import sys
from lineament.data import load_dataset
from lineament.landmarks import look_at
if __name__ == "__main__":
    dataset = load_dataset("sample", seed=0).take(range(96))
    landmarks = look_at(dataset.images, cache=sys.argv[1])
    print(landmarks.n_fresh)
"""


@pytest.fixture
def extraction(start):
    """Start an extraction into a cache, as a process of its own."""
    return lambda cache: start(
        [sys.executable, "-c", EXTRACT, str(cache)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="module")
def some(sample):
    return sample.take(range(96))


def rows_of(cache):
    return sum(entry.n_pictures for entry in cache_entries(cache))


@pytest.fixture(scope="module")
def undisturbed(some):
    return look_at(some.images)


def assert_same(one, other):
    for field in ("points", "boxes", "found", "score", "sharpness"):
        assert getattr(one, field).tobytes() == getattr(other, field).tobytes()


def test_killed_run_goes_on_where_it_stopped(some, undisturbed, extraction, tmp_path):
    run = extraction(tmp_path)
    deadline = time.monotonic() + 60
    while not rows_of(tmp_path) and time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.005)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    kept = rows_of(tmp_path)
    again = look_at(some.images, cache=tmp_path)
    assert kept and again.n_fresh == len(some) - kept
    assert_same(again, undisturbed)


def test_two_runs_at_once_share_a_cache(some, undisturbed, extraction, tmp_path):
    runs = [extraction(tmp_path) for _ in range(2)]
    for run in runs:
        _, errors = run.communicate(timeout=120)
        assert run.returncode == 0, errors
    again = look_at(some.images, cache=tmp_path)
    assert again.n_fresh == 0
    assert_same(again, undisturbed)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", None], ids=["empty", "garbage", "truncated"])
def test_damaged_batch_is_computed_again(some, undisturbed, tmp_path, content, caplog):
    look_at(some.images, cache=tmp_path)
    file = next(tmp_path.glob("*/*.npz"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2] if content is None else content)
    again = look_at(some.images, cache=tmp_path)
    assert 0 < again.n_fresh < len(some) and "damaged" in caplog.text
    assert_same(again, undisturbed)


def test_full_disk_is_a_clear_error_and_breaks_nothing(some, undisturbed, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("needs the right to mount a small tmpfs")
    try:
        with pytest.raises(LineamentError, match="No space left on device.*Free some space"):
            look_at(some.images, cache=folder)
        assert not list(folder.glob("*/.*.tmp"))
        subprocess.run(["mount", "-o", "remount,size=4m", folder], check=True)
        kept = rows_of(folder)
        again = look_at(some.images, cache=folder)
        assert again.n_fresh == len(some) - kept < len(some)
        assert_same(again, undisturbed)
    finally:
        subprocess.run(["umount", folder], check=True)


def test_info_and_clear(some, tmp_path, capsys):
    look_at(some.images, cache=tmp_path)
    (tmp_path / "hog-0" / "notes.txt").parent.mkdir()
    (tmp_path / "hog-0" / "notes.txt").write_text("not ours")
    assert cli.main(["cache", "info", "--cache", str(tmp_path)]) == 0
    assert "96 pictures" in capsys.readouterr().out
    assert cli.main(["cache", "clear", "--cache", str(tmp_path)]) == 0
    assert "freed" in capsys.readouterr().out
    assert not cache_entries(tmp_path) and (tmp_path / "hog-0" / "notes.txt").exists()
    assert clear_cache(tmp_path / "nowhere") == 0
    assert cli.main(["cache", "empty"]) == 2


def rows_named(*digests, **changes):
    n = len(digests)
    return {
        "digests": np.array(digests), "points": np.ones((n, 68, 2), dtype=np.float32), "boxes": np.ones((n, 4), int),
        "found": np.ones(n, dtype=bool), "score": np.ones(n), "sharpness": np.ones(n), "seconds": np.ones(n),
    } | changes  # fmt: skip


def test_rows_of_another_version_stay_apart(tmp_path):
    RowCache(tmp_path, "hog-1").store(**rows_named("a"))
    assert not len(RowCache(tmp_path, "hog-2").load()["digests"])
    assert RowCache(tmp_path, "hog-1").load()["digests"].tolist() == ["a"]


def test_a_flipped_bit_is_told_from_data_wherever_it_is(tmp_path):
    """Every seventh bit of a file, more often in its headers: the rows are the same or not there, whatever breaks."""
    cache = RowCache(tmp_path, "hog-1")
    cache.store(**rows_named("a", "b"))
    (file,) = tmp_path.glob("*/*.npz")
    content, undisturbed, n_lost = file.read_bytes(), cache.load(), 0
    heads = [8 * start + bit for start in range(len(content)) if content[start : start + 6] == b"\x93NUMPY"
             for bit in range(8 * 128)]  # fmt: skip
    for bit in sorted({*range(0, 8 * len(content), 7), *heads[::3]}):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        file.write_bytes(flipped)
        loaded = cache.load()
        n_lost += not len(loaded["digests"])
        if len(loaded["digests"]):
            assert all(loaded[name].tobytes() == undisturbed[name].tobytes() for name in undisturbed)
    assert n_lost > 1000


@pytest.mark.parametrize(
    "changes",
    [
        {"score": np.ones(3)},
        {"points": np.ones((2, 68, 3))},
        {"points": np.ones((2, 68, 2), dtype=int)},
        {"found": np.array(["yes", "no"])},
        {"digests": np.array([1, 2])},
        {"digests": np.array([["a", "b"]] * 2)},
        {"seconds": np.array(1.0)},
    ],
)
def test_an_archive_of_other_shapes_is_no_batch(tmp_path, changes):
    cache = RowCache(tmp_path, "hog-1")
    cache.store(**rows_named("a", "b"))
    np.savez(tmp_path / "hog-1" / "planted.npz", **rows_named("c", "d", **changes))
    assert cache.load()["digests"].tolist() == ["a", "b"]


class Planted:
    """What runs code where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("column", ["digests", "points", "score"])
def test_no_pickle_is_opened(tmp_path, column):
    bait = np.array([Planted(tmp_path / "opened")], dtype=object)
    cache = RowCache(tmp_path, "hog-1")
    cache.folder.mkdir()
    np.savez(cache.folder / "planted.npz", **rows_named("a", **{column: bait}), allow_pickle=True)
    assert not len(cache.load()["digests"])
    assert (cache.folder / "planted.npz.damaged").exists() and not (tmp_path / "opened").exists()
    with np.load(cache.folder / "planted.npz.damaged", allow_pickle=True) as careless:
        assert len(careless[column]) and (tmp_path / "opened").exists()  # it would have


def test_damage_is_set_aside_told_once_and_cleared(tmp_path, caplog):
    cache = RowCache(tmp_path, "hog-1")
    cache.store(**rows_named("a"))
    for name in ("one", "two"):
        (tmp_path / "hog-1" / f"{name}.npz").write_bytes(b"PK")
    assert cache.load()["digests"].tolist() == ["a"] == cache.load()["digests"].tolist()
    assert len(caplog.records) == 1 and "2 damaged or unreadable files" in caplog.text
    assert len(list(tmp_path.glob("*/*.npz.damaged"))) == 2
    assert [entry.n_files for entry in cache_entries(tmp_path)] == [1]
    clear_cache(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_batch_that_lacks_the_right_to_be_read_is_left_where_it_is(tmp_path, caplog):
    (tmp_path / "hog-1" / "folder.npz").mkdir(parents=True)
    assert not len(RowCache(tmp_path, "hog-1").load()["digests"])
    assert "1 damaged or unreadable" in caplog.text and (tmp_path / "hog-1" / "folder.npz").is_dir()


def test_batches_of_before_are_read(tmp_path):
    """As NumPy writes them: no run looks again at what is cached."""
    (tmp_path / "hog-1").mkdir()
    np.savez(tmp_path / "hog-1" / "old.npz", **rows_named("a", "b"))
    with np.load(tmp_path / "hog-1" / "old.npz") as plain:
        loaded = RowCache(tmp_path, "hog-1").load()
        assert all(loaded[name].tobytes() == plain[name].tobytes() for name in plain)
