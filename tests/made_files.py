"""Files as datasets bring them: pictures, tables, arrays, and trees of them as folder, zip and tar."""

import io
import tarfile
import zipfile
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from scipy.io import savemat


def picture(shade, form="PNG", side=48):
    buffer = io.BytesIO()
    Image.fromarray(np.full((side, side), shade % 256, dtype=np.uint8)).save(buffer, form)
    return buffer.getvalue()


def pictures(*names, form="PNG"):
    return {name: picture(17 * number, form) for number, name in enumerate(names)}


def csv(*lines, newline="\n"):
    return (newline.join(lines) + newline).encode()


def numbers(shade):
    return " ".join([str(shade)] * 48 * 48)


def npy(value):
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


def mat(name, **columns):
    buffer = io.BytesIO()
    savemat(buffer, {name: columns})
    return buffer.getvalue()


def points_text(separator, between="\n"):
    return between.join(f"{10 + i:.7e}{separator}{20 + i:.7e}" for i in range(68))


POINT_COLUMNS = [f"{axis}_{i}" for axis in "xy" for i in range(68)]
POINT_CELLS = [str(10 + i) for i in range(68)] + [str(20 + i) for i in range(68)]
VOTES = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
AFFECTNET = "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal"
AFFECTNET_POINTS = points_text(";", ";")
ANNOTATED = "Manually_Annotated_Images"


@dataclass
class Case:
    """Files of a layout, and what must come of them: (key, label, subject, split) of each row, keys of the skipped."""

    reader: str
    files: dict
    rows: list
    skipped: list = field(default_factory=list)
    options: dict = field(default_factory=dict)


def write(kind, folder, files):
    """The files as a folder or archive below `folder`; returns its path."""
    path = folder / f"affectnet.{kind}" if any("affectnet" in name for name in files) else folder / f"download.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    elif kind.startswith("tar"):
        with tarfile.open(path, "w:gz" if kind.endswith("gz") else "w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    return path
