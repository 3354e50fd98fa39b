"""Broken downloads: a clear error or a listed skip, never another exception, never a file outside.

Each layout of `test_readers` is hurt in up to three places, 2,000 times in all,
and read by its own reader and by `auto`.
"""

import io
import os
import tarfile
import warnings
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_files import picture, write
from reader_cases import CASES

from lineament.data import LineamentError, image_digests, load_dataset, packed
from lineament.data.describe import contact_sheet
from lineament.data.images import UnreadableImage
from lineament.data.packed import open_tree
from lineament.data.table import MAX_LINE

EXAMPLES = 2000
NASTY = (
    *(
        "",
        "-1",
        "7",
        "8",
        "99999999999999999999",
        "1e400",
        "nan",
        "inf",
        "3.5",
        "१",
        "ü",
        "感情",
        "a" * 3000,
        "1," * 300,
    ),
    *("\x00", "\ufeff", "\udcff", "\n", "\r", "\t", " ", '"', '""', "'", ",", ";", "%s"),
    *("../../etc/passwd", "/etc/passwd", "C:\\x"),
)
NAMES = (
    *("../outside.png", "/tmp/outside.png", "a/../../outside.csv", "..\\outside.png", "train/angry", "x/CON.jpg"),
    *(
        "label/" + "n" * 2000 + ".png",
        "感情/顔.png",
        "Ünï/é.csv",
        "list.csv",
        "labels.csv",
        "fer2013new.csv",
        "imdb.mat",
    ),
    *("S001_001_00000001_emotion.txt", "annotations/0_exp.npy", "AF01ANS.JPG"),
)
LINKS = ("/etc/passwd", "../../../etc/passwd", ".", "loop")


def hurt(draw, files):
    """The files with one change."""
    name = draw(st.sampled_from(sorted(files)))
    content = files[name]
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    nasty = draw(st.sampled_from(NASTY)).encode("utf-8", "surrogateescape")
    return draw(
        st.sampled_from(
            (
                lambda: {**files, name: content[:place]},
                lambda: {**files, name: content[:place] + nasty + content[place:]},
                lambda: {**files, name: content[:place] + nasty + content[place + 9 :]},
                lambda: {**files, name: _other_cell(draw, content, nasty)},
                lambda: {**files, name: bytes(255 - byte for byte in content[:200]) + content[200:]},
                lambda: {key: value for key, value in files.items() if key != name},
                lambda: {**files, draw(st.sampled_from(NAMES)): content},
                lambda: {**files, name: b""},
                lambda: {**files, name: picture(9)},
                lambda: {**files, name: content.decode("latin-1").encode("utf-16")},
            )
        )
    )()


def _other_cell(draw, content, nasty):
    """One cell of a table replaced, or one line repeated, or dropped."""
    lines = content.split(b"\n")
    number = draw(st.integers(0, len(lines) - 1))
    cells = lines[number].split(b",")
    cells[draw(st.integers(0, len(cells) - 1))] = nasty
    line = draw(st.sampled_from((b",".join(cells), lines[number] + b"\n" + lines[number], nasty)))
    return b"\n".join([*lines[:number], line, *lines[number + 1 :]])


def pack(draw, folder, files):
    """An archive of the files, perhaps with links in it or itself damaged."""
    buffer = io.BytesIO()
    link = draw(st.sampled_from(LINKS))
    if draw(st.booleans()):
        suffix = "zip"
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, content in files.items():
                archive.writestr(name.replace("\x00", ""), content)
            member = zipfile.ZipInfo("link.png")
            member.external_attr = 0o120777 << 16
            archive.writestr(member, link)
    else:
        suffix = draw(st.sampled_from(("tar", "tar.gz")))
        with tarfile.open(fileobj=buffer, mode="w:gz" if suffix == "tar.gz" else "w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
                member = tarfile.TarInfo(f"link{kind.decode()}.csv")
                member.type, member.linkname = kind, link
                archive.addfile(member)
    content = bytearray(buffer.getvalue())
    if draw(st.integers(0, 3)) == 0:
        place = draw(st.integers(0, len(content) - 1))
        content[place : place + 20] = draw(st.binary(max_size=20))
    path = folder / f"affectnet.{suffix}"
    path.write_bytes(content)
    os.utime(path, ns=(0, draw(st.integers(0, 2**40))))  # handles are known by the time stamp
    return path


def look_at_everything(reader, path, options):
    dataset = load_dataset(reader, path, options=options)
    assert all(item.key and item.reason for item in dataset.skipped)
    image_digests(dataset.images)
    for row in range(len(dataset)):
        with suppress(UnreadableImage):
            assert dataset.images[row].ndim in (2, 3)
        str(dataset.keys[row]).encode("utf-8")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(
    max_examples=-(-EXAMPLES // len(CASES)),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_broken_downloads(case, tmp_path, data):
    files = dict(case.files)
    for _ in range(data.draw(st.integers(1, 3))):
        files = hurt(data.draw, files) if files else files
    folder = tmp_path / "given"
    folder.mkdir(exist_ok=True)
    path = pack(data.draw, folder, files)
    for reader, options in ((case.reader, case.options), ("auto", None)):
        with suppress(LineamentError):
            look_at_everything(reader, path, options)
    assert [entry.name for entry in tmp_path.iterdir()] == ["given"]
    assert {entry.name for entry in folder.iterdir()} <= {"affectnet.zip", "affectnet.tar", "affectnet.tar.gz"}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_links_out_of_a_folder_become_unreadable(case, tmp_path):
    """Every file in turn is a link to the same file elsewhere."""
    outside = write("folder", tmp_path / "outside", case.files)
    inside = tmp_path / outside.name
    for name in case.files:
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).symlink_to(outside / name)
    with suppress(LineamentError):
        dataset = load_dataset(case.reader, inside, options=case.options)
        for row in range(len(dataset)):
            with pytest.raises(UnreadableImage):
                dataset.images[row]


def test_links_in_archives_are_listed(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name in ("joy/a.png", "woe/b.png"):
            member = tarfile.TarInfo(name)
            member.size = len(picture(1))
            archive.addfile(member, io.BytesIO(picture(1)))
        member = tarfile.TarInfo("woe/c.png")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    dataset = load_dataset("auto", path)
    assert len(dataset) == 2
    assert [(item.key, "link" in item.reason) for item in dataset.skipped] == [("woe/c.png", True)]


def test_zip_bombs_are_refused(tmp_path):
    bomb = b"0" * (packed.HARMLESS_BYTES + 1)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bomb)
        archive.writestr("fer2013.csv", "emotion,pixels\n" + "0" * MAX_LINE)
    with pytest.raises(OSError, match="zip bomb"):
        open_tree(path).read("bomb.png")
    with pytest.raises(LineamentError):
        load_dataset("auto", path)


def test_tar_bombs_are_refused_and_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(packed.tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(packed, "HARMLESS_BYTES", 2**16)
    (tmp_path / "temporary").mkdir()
    path = write("tar.gz", tmp_path, {"bomb.png": b"0" * 2**22})
    with pytest.raises(LineamentError, match="bomb"):
        open_tree(path)
    assert not list((tmp_path / "temporary").iterdir())


def test_an_unpacked_tar_goes_with_its_tree(tmp_path, monkeypatch):
    monkeypatch.setattr(packed.tempfile, "tempdir", str(tmp_path))
    path = write("tar.gz", tmp_path, CASES["folder"].files)
    dataset = load_dataset("folder", path)
    assert dataset.images[0].shape == (48, 48) and len(list(tmp_path.glob("lineament-*"))) == 1
    del dataset
    assert not list(tmp_path.glob("lineament-*"))


def test_a_device_in_a_folder_is_not_opened(tmp_path):
    (tmp_path / "joy").mkdir()
    os.mkfifo(tmp_path / "joy" / "pipe.png")
    with pytest.raises(OSError, match="not a regular file"):
        open_tree(tmp_path).read("joy/pipe.png")


@pytest.mark.parametrize("name", [b"\xff\xfe.png", "é.png".encode("latin-1")])
def test_names_of_no_encoding_become_printable_keys(name, tmp_path):
    for label in (b"joy", b"woe\xff"):
        folder = os.path.join(os.fsencode(tmp_path), label)
        os.mkdir(folder)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(picture(3))
    dataset = load_dataset("auto", tmp_path)
    assert dataset.images[0].shape == (48, 48)
    assert all(str(key).encode("utf-8").startswith((b"joy/", b"woe\\")) for key in dataset.keys)
    contact_sheet(dataset)
