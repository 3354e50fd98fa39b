import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from data import Dataset, LineamentError, find_duplicates, fold_groups, image_digests, load_dataset
from data.images import ArrayImages
from data.tree import open_tree


def jpeg(shade):
    buffer = io.BytesIO()
    Image.fromarray(np.full((48, 48), shade, dtype=np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


FILES = {
    "train/angry/Training_1.jpg": jpeg(10),
    "train/angry/Training_2.jpg": jpeg(20),
    "train/happy/Training_3.jpg": jpeg(30),
    "test/happy/PublicTest_4.jpg": jpeg(20),
    "test/angry/PublicTest_5.jpg": jpeg(50),
    "train/bored/Training_6.jpg": jpeg(60),
    "train/happy/holiday.jpg": jpeg(70),
    "__MACOSX/train/happy/Training_3.jpg": b"",
    "train/.DS_Store": b"",
    "README.txt": b"hello",
}


def write(kind, folder, files, inside=""):
    if kind == "zip":
        path = folder / "archive.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(inside + name, content)
        return path
    for name, content in files.items():
        (folder / inside / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / inside / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("inside", ["", "fer2013/"])
@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_fer2013_layouts(kind, inside, tmp_path):
    dataset = load_dataset("fer2013", write(kind, tmp_path, FILES, inside))
    assert len(dataset) == 5
    assert {dataset.label_names[label] for label in dataset.target} == {"angry", "happy"}
    assert dict(zip(*np.unique(dataset.split, return_counts=True))) == {"test": 2, "train": 3}
    assert sorted(item.key.removeprefix(inside) for item in dataset.skipped) == [
        "train/bored/Training_6.jpg",
        "train/happy/holiday.jpg",
    ]
    assert dataset.images[0].shape == (48, 48)


def test_private_test_is_the_test_where_present(tmp_path):
    files = FILES | {"test/angry/PrivateTest_9.jpg": jpeg(90)}
    split = load_dataset("fer2013", write("folder", tmp_path, files)).split
    assert dict(zip(*np.unique(split, return_counts=True))) == {"test": 1, "train": 3, "validation": 2}


def test_the_download_has_its_published_counts(fer_zip):
    dataset = load_dataset("fer2013", fer_zip)
    train = dataset.take(np.flatnonzero(dataset.split == "train"))
    test = dataset.take(np.flatnonzero(dataset.split == "test"))
    assert list(train.label_counts().values()) == [3995, 436, 4097, 7215, 4965, 4830, 3171]
    assert list(test.label_counts().values()) == [467, 56, 496, 895, 607, 653, 415]


def test_duplicates_are_tied_together_and_kept_from_the_test_part(tmp_path):
    dataset = load_dataset("fer2013", write("folder", tmp_path, FILES))
    duplicates = find_duplicates(image_digests(dataset.images))
    assert duplicates.count == 1
    leaking = dataset.keys[duplicates.of_held_out(dataset.split)]
    assert list(leaking) == ["train/angry/Training_2.jpg"]


def test_groups_join_subjects_that_share_a_picture(toy):
    digests = np.array([f"d{i}" for i in range(len(toy))])
    digests[7] = digests[0]  # subjects s0 and s1
    groups = fold_groups(toy, find_duplicates(digests))
    assert groups[0] == groups[4] == groups[5] == groups[9]
    assert len(set(groups)) == 11


def test_unreadable_pictures_are_no_duplicates():
    assert find_duplicates(np.array(["", "", "a", "a"])).count == 1


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda folder: folder / "nowhere", "no file or folder"),
        (lambda folder: folder, "is empty"),
        (lambda folder: write("folder", folder, {"a.zip": b"PK no zip"}) / "a.zip", "not a readable zip"),
        (lambda folder: write("folder", folder, {"cats/1.jpg": jpeg(1)}), "No FER2013 image"),
    ],
)
def test_bad_paths_say_what_to_do(make, message, tmp_path):
    with pytest.raises(LineamentError, match=message):
        load_dataset("fer2013", make(tmp_path))


def test_paths_are_asked_for_and_refused():
    with pytest.raises(LineamentError, match="needs --data"):
        load_dataset("fer2013")
    with pytest.raises(LineamentError, match="takes no --data"):
        load_dataset("sample", "somewhere")
    with pytest.raises(LineamentError, match="Did you mean 'fer2013'"):
        load_dataset("fer2014")


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(jpeg(1))
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "link.jpg").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="out of the folder"):
        open_tree(inside).read("link.jpg")


def test_damaged_members_raise_os_errors(tmp_path):
    path = write("zip", tmp_path, {"a.jpg": jpeg(1) * 20})
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    with pytest.raises(OSError):
        open_tree(path).read("a.jpg")


def test_dataset_checks_its_rows():
    images = ArrayImages(np.zeros((2, 4, 4), dtype=np.uint8))
    good = {"name": "d", "images": images, "label_names": ("a",), "keys": np.array(["1", "2"])}
    with pytest.raises(ValueError, match="target has 1 rows for 2"):
        Dataset(**good, target=np.array([0]))
    with pytest.raises(ValueError, match="outside label_names"):
        Dataset(**good, target=np.array([0, 3]))
