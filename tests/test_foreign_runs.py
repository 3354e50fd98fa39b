"""Run folders of others, mangled, packed or laid with links: read or refused in one line, nothing written outside."""

import copy
import json
import random
import shutil

import numpy as np
import pandas as pd
import pytest

from lineament.apps import cli
from lineament.classifiers.evaluation import Evaluation
from lineament.data import LineamentError
from lineament.reports import load_run, rewrite_report
from lineament.reports.kinds import misfit
from lineament.reports.store import FACES, GALLERY, PREDICTIONS, RUN
from lineament.reports.write import keep_run

VALUES = (None, 5, "x", [], {}, [1], {"a": 1}, -1, 1e300, True, ["x"], [[]], "gone")
CASES = 80


@pytest.fixture(scope="module")
def kept(run, tmp_path_factory):
    """A run folder without its pages."""
    folder = tmp_path_factory.mktemp("kept")
    keep_run(run, folder)
    return folder


@pytest.fixture
def foreign(kept, tmp_path):
    """A copy of it to be hurt."""
    for name in (RUN, FACES, PREDICTIONS, GALLERY):
        (tmp_path / "run").mkdir(exist_ok=True)
        shutil.copy(kept / name, tmp_path / "run" / name)
    return tmp_path / "run"


def places(node, above=(), depth=4):
    """Where in a document a value stands, no deeper than `depth`; the first two of a list stand for all."""
    parts = node.items() if isinstance(node, dict) else enumerate(node[:2]) if isinstance(node, list) else ()
    for key, value in parts if depth else ():
        yield (*above, key)
        yield from places(value, (*above, key), depth - 1)


def mangled(document, place, value):
    document = copy.deepcopy(document)
    node = document
    for key in place[:-1]:
        node = node[key]
    if value == "gone":
        del node[place[-1]]
    else:
        node[place[-1]] = value
    return document


def test_a_mangled_document_is_a_run_or_one_line(foreign):
    document = json.loads((foreign / RUN).read_text())
    rng = random.Random(0)
    changes = [(place, value) for place in places(document) for value in VALUES]
    refused = 0
    for place, value in rng.sample(changes, CASES):
        (foreign / RUN).write_text(json.dumps(mangled(document, place, value)))
        try:
            load_run(foreign)
        except LineamentError as error:
            assert len(str(error).splitlines()) == 1, (place, value)
            refused += 1
    assert CASES / 2 < refused < CASES


@pytest.mark.parametrize(
    "place, value, told",
    [
        (("on_miss",), "gone", "KeyError: 'on_miss'"),
        (("seconds", "landmarks"), {"a": 1}, "seconds['landmarks'] is a dict, not a float"),
        (("versions",), 5, "versions is an int, not a dict"),
        (("audit", "fold_sizes"), [1], "audit.fold_sizes has 1 parts instead of 2"),
        (("audit", "repeats"), 5, "audit.repeats has another shape"),
        (("audit", "rows"), [99999], "audit.rows has another shape"),
        (("between",), [], "between has another shape"),
        (("evaluations", 0, "tuning"), ["x"], "evaluations[0].tuning[0] is a str, not a tuple"),
        (("dataset", "about"), -1, "dataset.about is an int, not a str"),
    ],
)
def test_what_is_damaged_is_named(foreign, kept, capsys, place, value, told):
    document = json.loads((foreign / RUN).read_text())
    (foreign / RUN).write_text(json.dumps(mangled(document, place, value)))
    for command in (["report", str(foreign)], ["compare", str(kept), str(foreign), "--out", str(foreign / "c")]):
        assert cli.main(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line and "damaged, or not of this version" in line


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", "[" * 100_000, '{"format": 1}', '{"format": ' + "9" * 5000 + "}"]
)
def test_what_is_no_document_is_one_line(foreign, text):
    (foreign / RUN).write_text(text)
    with pytest.raises(LineamentError) as error:
        load_run(foreign)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("name", [FACES, PREDICTIONS, GALLERY])
@pytest.mark.parametrize("change", ["noise", "empty", "no columns", "a column less", "other kinds"])
def test_mangled_tables_are_one_line(foreign, name, change):
    frame = pd.read_parquet(foreign / name)
    if change in ("noise", "empty"):
        (foreign / name).write_bytes(b"PAR1 noise" if change == "noise" else b"")
    else:
        column = {FACES: "found", PREDICTIONS: "fold", GALLERY: "row"}[name]
        frames = {
            "no columns": frame[[]],
            "a column less": frame.drop(columns=column),
            "other kinds": frame.assign(**{column: [{"a": 1}] * len(frame)}),
        }
        frames[change].to_parquet(foreign / name)
    if (name, change) == (GALLERY, "no columns"):  # a gallery without pictures
        assert not load_run(foreign).excerpt.thumbnails
        return
    with pytest.raises(LineamentError) as error:
        load_run(foreign)
    assert len(str(error.value).splitlines()) == 1


def test_an_archive_or_the_folder_above_is_told(foreign, tmp_path, capsys):
    archive = shutil.make_archive(str(tmp_path / "friend"), "zip", foreign)
    for path, told in [
        (archive, "friend.zip is a file: give the folder of a run, unpacked."),
        (tmp_path, f"{tmp_path} holds no run itself, but {foreign} is one: give that."),
        (tmp_path / "gone", "is not there"),
    ]:
        assert cli.main(["report", str(path)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert told in line


def test_links_of_a_folder_lead_nowhere(foreign, tmp_path, undrawn):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine.csv").write_text("mine")
    (foreign / "tables").symlink_to(outside)
    (foreign / "files.txt").write_bytes(b"tables/mine.csv\n../outside/mine.csv\nmodels\n\xff\x00\n")
    (foreign / "models").mkdir()
    with pytest.raises(LineamentError, match="tables is a link that leads out of"):
        rewrite_report(foreign)
    assert [path.name for path in outside.iterdir()] == ["mine.csv"]
    (foreign / "tables").unlink()
    assert rewrite_report(foreign).is_file() and (outside / "mine.csv").read_text() == "mine"


def test_names_in_a_document_are_no_paths(foreign, tmp_path, undrawn):
    """A model of another name: what it is called must not choose where its figures go."""
    name = "../../../evil"
    document = json.loads((foreign / RUN).read_text())
    document["evaluations"][0]["name"] = name
    (foreign / RUN).write_text(json.dumps(document))
    frame = pd.read_parquet(foreign / PREDICTIONS)
    frame["model"] = frame["model"].replace(frame["model"].iloc[0], name)
    frame.to_parquet(foreign / PREDICTIONS)
    before = {path for path in tmp_path.rglob("*") if not path.is_relative_to(foreign)}
    rewrite_report(foreign)
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(foreign)} == before


def test_kinds_are_looked_at_part_by_part(run):
    assert misfit(run, type(run)) == ""
    one = Evaluation("m", *(np.zeros(2),) * 4, selected=(("a",), (3,)), fit_seconds=(1, 2.0), predict_seconds=0.1)
    assert misfit(one, Evaluation, "it") == "it.selected[1][0] is an int, not a str"
    assert misfit(True, int, "it") == "it is a bool, not an int" and misfit(np.int64(3), float) == ""
    assert misfit({"a": 1}, dict[str, str], "it") == "it['a'] is an int, not a str"
    assert misfit(None, str | None) == "" and misfit(5, str | None, "it") == "it is an int, not a str"
