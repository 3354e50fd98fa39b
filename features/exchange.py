"""Our measurements under the names that OpenFace and py-feat have for them.

A column of theirs is filled where ours measures the same thing, in our unit; it is there and empty where their readers
ask for it and we have no honest value. So are the presences `AU01_c` of OpenFace, 0 or 1 by a threshold that coded
faces have taught it, and units that 68 points show nothing of. The signs of turns are theirs.

Baltrušaitis et al., "OpenFace 2.0", FG 2018; Cheong et al., "Py-Feat", Affective Science 2023.
"""

import numpy as np

from .aus import UNITS
from .table import FeatureTable

_OURS = {unit.number: unit.name for unit in UNITS}
_INTENSITIES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
_PRESENCES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
_PYFEAT_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 17, 20, 23, 24, 25, 26, 28, 43)
# By style and family of ours: each column of theirs with the measurement that it has, None for none, and its sign.
FOREIGN: dict[str, dict[str, dict[str, tuple[str | None, int]]]] = {
    "lineament": {},
    "openface": {
        "pose": {"pose_Rx": ("pose_pitch", -1), "pose_Ry": ("pose_yaw", -1), "pose_Rz": ("pose_roll", 1)},
        "aus": {f"AU{number:02d}_r": (_OURS[number], 1) for number in _INTENSITIES}
        | {f"AU{number:02d}_c": (None, 1) for number in _PRESENCES},
    },
    "pyfeat": {
        "pose": {"Pitch": ("pose_pitch", 1), "Roll": ("pose_roll", -1), "Yaw": ("pose_yaw", -1)},
        "aus": {f"AU{number:02d}": (_OURS.get(number), 1) for number in _PYFEAT_UNITS},
    },
}


def in_style(table: FeatureTable, style: str) -> FeatureTable:
    """The same faces with the columns of a style: those of its tool that ours fill or leave empty, then our others.

    Parameters
    ----------
    table : FeatureTable
    style : name in `landmarks.tables.STYLES`

    Returns
    -------
    FeatureTable
        NaN in columns of theirs that nothing of ours fills.
    """
    columns, names, families, used = [], [], [], set()
    for family in table.families:
        for name, (of, sign) in FOREIGN[style].get(family, {}).items():
            columns.append(np.full(len(table), np.nan) if of is None else sign * table.X[:, table.names.index(of)])
            names.append(name)
            families.append(family)
            used.add(of)
    kept = [column for column, name in enumerate(table.names) if name not in used]
    return FeatureTable(
        np.column_stack([*columns, table.X[:, kept]]),
        (*names, *(table.names[column] for column in kept)),
        (*families, *(table.family[column] for column in kept)),
    )
