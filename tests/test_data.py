import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from lineament.data import (
    CANONICAL,
    Dataset,
    LineamentError,
    align_labels,
    canonical_name,
    find_duplicates,
    fold_groups,
    image_digests,
    load_dataset,
    near_pairs,
    parse_labels,
    relabel,
    survey_images,
)
from lineament.data.images import ArrayImages
from lineament.data.packed import open_tree
from lineament.data.similar import MAX_BITS, _close, perceptual_hash
from lineament.data.sources import READERS


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
        (lambda folder: write("folder", folder, {"cats/1.jpg": jpeg(1)}), "FER2013: no image found"),
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


def scene(seed, size=96):
    """A picture with structure: blurred noise of full contrast."""
    rng = np.random.default_rng(seed)
    noise = Image.fromarray(rng.integers(0, 255, (7, 7), dtype=np.uint8)).resize((size, size), Image.Resampling.BICUBIC)
    return np.array(noise)


def recompressed(picture, side, quality=60):
    buffer = io.BytesIO()
    Image.fromarray(picture).resize((side, side)).save(buffer, "JPEG", quality=quality)
    return np.array(Image.open(buffer))


def near_copies(images):
    survey = survey_images(images)
    return near_pairs(survey.hashes, survey.thumbs)


def test_near_duplicates_are_found_and_counted_apart():
    first, second = scene(1), scene(2)
    paler = (second * 0.8 + 20).astype(np.uint8)
    images = ArrayImages([first, second, recompressed(first, 64), first, paler])
    near = near_copies(images)
    duplicates = find_duplicates(image_digests(images), near)
    assert (duplicates.exact, duplicates.near, duplicates.count) == (1, 2, 3)
    assert list(duplicates.copy_of) == [0, 1, 0, 0, 1]
    split = np.array(["train", "train", "test", "test", "test"])
    assert duplicates.across_split(split) == {"exact": 1, "near": 1}
    assert duplicates.across_split(None) == {"exact": 0, "near": 0}
    assert list(duplicates.of_held_out(split)) == [True, True, False, False, False]


def test_different_and_plain_pictures_are_no_near_duplicates():
    plain = [np.full((48, 48), shade, np.uint8) for shade in (0, 1, 2)]
    images = ArrayImages([scene(seed) for seed in range(40)] + plain)
    assert not len(near_copies(images))


def test_buckets_find_what_a_search_of_all_pairs_finds():
    rng = np.random.default_rng(0)
    values = rng.integers(1, 2**63, 60, dtype=np.uint64)
    flips = np.array([sum(1 << int(bit) for bit in rng.choice(63, rng.integers(1, 14), replace=False)) for _ in values])
    values = np.unique(np.concatenate([values, values ^ flips.astype(np.uint64)]))
    every = np.argwhere(np.triu(np.bitwise_count(values[:, None] ^ values[None]) <= MAX_BITS, 1))
    assert len(every) > 20 and (_close(values) == every).all()


def test_the_hash_ignores_size_and_colour_but_not_content():
    picture = scene(3)
    bits = np.bitwise_count(np.uint64(perceptual_hash(picture) ^ perceptual_hash(recompressed(picture, 48))))
    assert bits <= 4
    assert perceptual_hash(np.dstack([picture] * 3)) == perceptual_hash(picture)
    assert np.bitwise_count(np.uint64(perceptual_hash(picture) ^ perceptual_hash(scene(4)))) > MAX_BITS


def test_every_readers_emotion_has_its_canonical_name():
    emotions = {label for name, source in READERS.items() if name != "imdb" for label in source.classes}
    assert {canonical_name(label) for label in emotions} == set(CANONICAL)
    assert canonical_name("AN") == "anger" and canonical_name("woman") is None


def test_a_list_keeps_labels_under_canonical_names(tmp_path):
    dataset = load_dataset("fer2013", write("folder", tmp_path, FILES))
    chosen = relabel(dataset, ["happiness", "angry"])
    assert chosen.label_counts() == {"anger": 3, "happiness": 2}
    assert len(relabel(dataset, ["anger", "sad"])) == 3
    dropped = [item for item in relabel(dataset, ["anger", "sad"]).skipped if "not used" in item.reason]
    assert len(dropped) == 2


def test_a_mapping_merges_labels(toy):
    merged = relabel(toy, {"a": "x", "b": "x", "c": "y"})
    assert merged.label_counts() == {"x": 40, "y": 20}
    assert (merged.target == (toy.target == 2)).all()
    with pytest.raises(LineamentError, match="Did you mean 'a'"):
        relabel(toy, {"aa": "x", "b": "y"})
    with pytest.raises(LineamentError, match="Only 1 label"):
        relabel(toy, ["a"])


def test_votes_are_merged_with_their_labels(toy):
    votes = np.tile([5.0, 3.0, 2.0], (len(toy), 1))
    voted = Dataset(**{**vars(toy), "votes": votes})
    assert (relabel(voted, {"a": "x", "b": "x", "c": "y"}).votes == [8, 2]).all()


def test_datasets_with_the_same_labels(toy, tmp_path):
    fer = load_dataset("fer2013", write("folder", tmp_path, FILES))
    other = Dataset(**{**vars(toy), "label_names": ("Anger", "contempt", "happiness")})
    first, second = align_labels([fer, other])
    assert first.label_names == second.label_names == ("anger", "happiness")
    assert first.label_counts() == {"anger": 3, "happiness": 2} and len(second) == 40
    assert "contempt" in second.skipped[0].reason
    with pytest.raises(LineamentError, match="share fewer than two labels"):
        align_labels([fer, toy])


def test_labels_of_a_flag():
    assert parse_labels("anger, happiness") == ["anger", "happiness"]
    assert parse_labels("happy=positive,sad=negative") == {"happy": "positive", "sad": "negative"}
    for text in ("", "a=b,c", "=b"):
        with pytest.raises(LineamentError, match="give names"):
            parse_labels(text)
