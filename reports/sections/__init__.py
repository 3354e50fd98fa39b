"""The sections of a report, in the order of the page: a new one is a file here and a line below."""

from ...data.registry import entries
from ..section import Section

SECTIONS: tuple[Section, ...] = tuple(
    entries(
        __package__,
        {
            "ranking": "ranking:SECTION",
            "leakage": "leakage:SECTION",
            "models": "models:SECTION",
            "explanation": "explanation:SECTION",
            "families": "families:SECTION",
            "growth": "growth:SECTION",
            "certainty": "certainty:SECTION",
            "doubt": "doubt:SECTION",
            "slices": "slices:SECTION",
            "data": "data:SECTION",
            "faces": "faces:SECTION",
            "training": "training:SECTION",
            "features": "features:SECTION",
            "cost": "cost:SECTION",
            "protocol": "protocol:SECTION",
            "card": "card:SECTION",
            "repeat": "repeat:SECTION",
        },
    ).values()
)
