"""Detectors, extraction on either backend, quality and tables of landmarks."""

import os
import signal
import threading
import time
import xml.etree.ElementTree as ElementTree

import cv2
import dlib
import numpy as np
import pytest

from lineament.apps import cli
from lineament.data import LineamentError
from lineament.data.images import decode_image
from lineament.data.parallel import Workers
from lineament.landmarks import DETECTORS, find_face, find_faces, look_at, opencv
from lineament.landmarks.fitting import box_of_points
from lineament.landmarks.quality import MODEL, MODEL_POINTS, head_pose
from lineament.landmarks.tables import STYLES, FaceRow, read_faces, write_faces
from lineament.landmarks.track import box_iou
from lineament.landmarks.view import CROP_SIDE, view_of

POINT_FIELDS = ("points", "boxes", "found", "score", "sharpness")


@pytest.fixture(scope="module")
def crop(sample, sample_landmarks):
    return sample.images[int(np.nanargmax(sample_landmarks.score))]


@pytest.mark.parametrize("detector", sorted(set(DETECTORS) - {"none", "yunet"}))
def test_detectors_agree_on_clear_faces(detector, sample, sample_landmarks):
    overlaps = []
    for row in np.argsort(-np.nan_to_num(sample_landmarks.score))[:7]:
        expected, face = find_face(sample.images[row]), find_face(sample.images[row], detector=detector)
        assert face.found
        overlaps.append(box_iou(face.box, expected.box))
    assert np.median(overlaps) > 0.7


def test_yunet_says_what_it_needs(crop, monkeypatch):
    monkeypatch.delenv("LINEAMENT_YUNET", raising=False)
    with pytest.raises(LineamentError, match="LINEAMENT_YUNET"):
        find_face(crop, detector="yunet")


def test_yunet_refuses_another_file(crop, monkeypatch, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no network")
    monkeypatch.setenv("LINEAMENT_YUNET", str(tmp_path / "model.onnx"))
    with pytest.raises(LineamentError, match="is no YuNet model"):
        find_face(crop, detector="yunet")


class FivePoints:
    """Stands for the network: sees one face, by its box and its eyes, nose tip and mouth corners."""

    def __init__(self, points):
        self.row = np.r_[[0, 0, 9, 9], points.ravel(), 0.9].astype(np.float32)

    def setInputSize(self, size):
        self.size = size

    def detect(self, image):
        assert image.shape[1::-1] == tuple(self.size) and image.shape[2] == 3
        return 1, self.row[None]


def test_yunets_five_points_give_the_box_of_the_68(photos, monkeypatch, tmp_path):
    """Boxes made of the five points that lie in dlib's fits overlap with dlib's own."""
    image = decode_image((photos / "2008_001322.jpg").read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"stands for a network")
    monkeypatch.setenv("LINEAMENT_YUNET", str(tmp_path / "model.onnx"))
    for expected in find_faces(image):
        eyes = [expected.points[36:42].mean(axis=0), expected.points[42:48].mean(axis=0)]
        network = FivePoints(np.array([*eyes, *expected.points[[30, 48, 54]]]))
        monkeypatch.setattr(opencv, "_yunet", lambda path, network=network: network)
        (face,) = find_faces(image, detector="yunet")
        assert face.score == pytest.approx(0.9) and box_iou(face.box, expected.box) > 0.7
        assert np.linalg.norm(face.points - expected.points, axis=1).mean() < 0.05 * eye_distance(expected.points)


def test_view_maps_back_to_the_picture():
    view = view_of(np.zeros((48, 24), dtype=np.uint8))
    corner = np.array([view.border, view.border], dtype=float)  # centre of the enlarged picture's first pixel
    scale = CROP_SIDE / 48
    assert np.allclose(view.to_picture(corner), (0.5 / scale - 0.5))
    assert view.gray.shape == (144 + 48, 72 + 48)


def test_another_view_leads_to_the_same_place(crop):
    view, small = view_of(crop), view_of(crop, side=96, border=8)
    corner = np.array([3.0, 5.0])
    np.testing.assert_allclose(view.from_picture(view.to_picture(corner)), corner)
    np.testing.assert_allclose(small.to_picture(small.from_picture(corner)), corner)
    assert small.gray.shape == (112, 112)


@pytest.mark.parametrize("detector", ["hog", "hog-fast"])
def test_hog_keeps_what_dlib_alone_sees(detector, sample):
    """Where the strict look of the usual loop finds a face, no closer look moves its box."""
    dlib_alone = dlib.get_frontal_face_detector()
    seen = 0
    for image in (sample.images[row] for row in range(0, len(sample), 40)):
        rectangles, _, _ = dlib_alone.run(np.ascontiguousarray(image), 1, 0.0)
        if rectangles:
            seen += 1
            expected = [getattr(rectangles[0], side)() for side in ("left", "top", "right", "bottom")]
            np.testing.assert_allclose(find_face(image, detector=detector).box, expected, atol=1e-6)
    assert seen > 5


def test_annotated_photos(photos):
    errors, false = [], 0
    for annotations in ("training.xml", "testing.xml"):
        for shot in ElementTree.parse(photos / annotations).iter("image"):
            faces = find_faces(decode_image((photos / shot.get("file")).read_bytes()))
            assert all(a.box[2] - a.box[0] >= b.box[2] - b.box[0] for a, b in zip(faces, faces[1:]))
            for truth in annotated(shot):
                error = [np.linalg.norm(face.points - truth, axis=1).mean() / eye_distance(truth) for face in faces]
                errors.append(min(error))
                del faces[int(np.argmin(error))]
            false += len(faces)
    assert len(errors) == 43 and max(errors) < 0.3 and np.mean(errors) < 0.04
    assert false <= 2 and not find_faces(decode_image((photos / "dogs.jpg").read_bytes()))


def annotated(shot):
    for box in shot.iter("box"):
        yield np.array([[float(part.get("x")), float(part.get("y"))] for part in box.iter("part")])


def eye_distance(points):
    return np.linalg.norm(points[36:42].mean(axis=0) - points[42:48].mean(axis=0))


def assert_same(one, other):
    for field in POINT_FIELDS:
        assert getattr(one, field).tobytes() == getattr(other, field).tobytes()


def test_batch_equals_single(sample, sample_landmarks):
    face = find_face(sample.images[7])
    assert np.array_equal(face.points, sample_landmarks.points[7])
    assert sample_landmarks.sharpness[7] == face.sharpness and sample_landmarks.size[7] > 0


def test_dask_equals_loky_though_a_worker_is_killed(sample, sample_landmarks, tmp_path):
    distributed = pytest.importorskip("distributed")
    some = np.arange(120)
    killed = []
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, dashboard_address=None, host="127.0.0.1", local_directory=tmp_path / "d"
    ) as cluster:
        pids = [worker.pid for worker in cluster.workers.values()]

        def kill_when_busy():
            while not list((tmp_path / "cache").glob("*/*.npz")):
                time.sleep(0.01)
            os.kill(pids[0], signal.SIGKILL)
            killed.append(pids[0])

        threading.Thread(target=kill_when_busy, daemon=True).start()
        workers = Workers(3, backend="dask", scheduler=cluster.scheduler_address)
        result = look_at(sample.images.take(some), cache=tmp_path / "cache", workers=workers)
    assert killed
    assert_same(result, sample_landmarks.take(some))


def test_scheduler_that_is_not_there(toy):
    pytest.importorskip("distributed")
    with pytest.raises(LineamentError, match="--backend dask"):
        Workers(scheduler="tcp://127.0.0.1:1")
    with pytest.raises(LineamentError, match="Unknown --backend"):
        Workers(backend="spark")
    with pytest.raises(LineamentError, match="No dask scheduler answers"):
        look_at(toy.images, workers=Workers(backend="dask", scheduler="tcp://127.0.0.1:1"))


@pytest.mark.parametrize(
    "axis, angle, expected",
    [((0, 1, 0), 20, (-20, 0, 0)), ((1, 0, 0), 15, (0, -15, 0)), ((0, 0, 1), 10, (0, 0, 10))],
)
def test_pose_of_a_turned_model(axis, angle, expected):
    turn = np.array(axis, dtype=float) * np.radians(angle)
    camera = np.array([[500, 0, 0], [0, 500, 0], [0, 0, 1]], dtype=float)
    seen, _ = cv2.projectPoints(MODEL, turn, np.array([0, 0, 600.0]), camera, None)
    points = np.tile(seen[:, 0].mean(axis=0), (68, 1))
    points[list(MODEL_POINTS)] = seen[:, 0]
    assert np.allclose(head_pose(points[None]), [expected], atol=4)
    assert np.isnan(head_pose(np.full((1, 68, 2), np.nan))).all()


def test_box_moves_and_grows_with_the_points(face):
    box = box_of_points(face[0])
    assert np.allclose(box_of_points(2 * face[0] + 5), 2 * box + 5)


@pytest.mark.parametrize("style", STYLES)
def test_tables_are_read_as_written(style, crop, tmp_path):
    rows = [FaceRow("a.png", 1, 0.0, 0, find_face(crop)), FaceRow("b.png", 2, 0.04, 0, None)]
    with (tmp_path / "faces.csv").open("w", newline="") as file:
        assert write_faces(rows, file, style=style) == 2
    first, second = read_faces(tmp_path / "faces.csv")
    assert np.allclose(first.face.points, rows[0].face.points, atol=1e-3)
    assert np.allclose(first.face.box, rows[0].face.box, atol=2e-3)
    assert (second.face, second.frame, second.input, second.time_s) == (None, 2, "b.png", 0.04)


def test_table_of_something_else(tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(LineamentError, match="has not the columns"):
        list(read_faces(tmp_path / "other.csv"))


def test_command_reads_folders_and_draws(crop, tmp_path, capsys):
    pictures = tmp_path / "in"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "face.png"), crop if crop.ndim == 2 else crop[..., ::-1])
    (pictures / "broken.jpg").write_bytes(b"no picture")
    out = tmp_path / "faces.csv"
    assert cli.main(["landmarks", str(pictures), "--out", str(out), "--draw", str(tmp_path / "drawn")]) == 0
    assert [row.face is not None for row in read_faces(out)] == [True]
    assert "broken.jpg" in capsys.readouterr().err and list((tmp_path / "drawn").glob("*.png"))
    assert cli.main(["landmarks", str(tmp_path / "nowhere")]) == 2


def test_sharpness_falls_with_blur(sample):
    sharp = sample.images[0]
    assert find_face(sharp).sharpness > 1.5 * find_face(cv2.GaussianBlur(sharp, (0, 0), 2)).sharpness
