"""Changed bytes through everything that reads from outside; a hundred thousand more: `python -m benchmarks.fuzz`."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import CHANGES, SLOW_S, SUBJECTS, Subject, changed, outcome
from lineament.data import LineamentError

changes = st.lists(
    st.tuples(st.sampled_from(list(CHANGES)), st.floats(0, 1), st.integers(0, 1 << 16)), min_size=1, max_size=6
)


@pytest.mark.parametrize("name", SUBJECTS)
def test_changed_bytes_are_read_or_refused(name):
    subject = SUBJECTS[name]
    files = subject.files()

    @settings(max_examples=40, deadline=SLOW_S * 1000, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(subject.damaged or tuple(files)), changes)
    def one(file, some):
        with tempfile.TemporaryDirectory() as folder:
            assert outcome(subject, files, file, some, Path(folder)) in ("read", "refused")

    one()


@pytest.mark.parametrize("name", SUBJECTS)
def test_whole_files_are_read(name, tmp_path):
    subject = SUBJECTS[name]
    assert outcome(subject, subject.files(), "", [], tmp_path) == "read"


def refuse(folder):
    raise LineamentError("no")


def write_beside(folder):
    (folder.parent / "beside").touch()


@pytest.mark.parametrize(
    "read, told", [(refuse, "refused"), (write_beside, "wrote outside"), (lambda _: 1 / 0, "Zero")]
)
def test_what_comes_of_a_case_is_told(read, told, tmp_path):
    assert outcome(Subject(dict, read), {"a": b""}, "a", [("end", 0, 0)], tmp_path).startswith(told)


def test_every_change_changes():
    content = bytes(range(64))
    for kind in CHANGES:
        assert changed(content, [(kind, 0.5, 3)]) != content
    assert changed(b"", [("flip", 0, 0)]) == b""
