"""The sections of a report, in the order of the page: a new one is a file here and a line below."""

from . import (
    card,
    certainty,
    cost,
    data,
    explanation,
    faces,
    families,
    features,
    growth,
    leakage,
    models,
    protocol,
    ranking,
    repeat,
    slices,
    training,
)

SECTIONS = (
    ranking.SECTION,
    leakage.SECTION,
    models.SECTION,
    explanation.SECTION,
    families.SECTION,
    growth.SECTION,
    certainty.SECTION,
    slices.SECTION,
    data.SECTION,
    faces.SECTION,
    training.SECTION,
    features.SECTION,
    cost.SECTION,
    protocol.SECTION,
    card.SECTION,
    repeat.SECTION,
)
