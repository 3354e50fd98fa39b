"""Labelled pictures: readers of datasets, the embedded sample, duplicates."""

from data.dataset import Dataset, Skipped, image_digests
from data.duplicates import Duplicates, find_duplicates, fold_groups
from data.errors import LineamentError, check_choice
from data.similar import near_pairs, survey_images
from data.sources import DATASETS, data_home, load_dataset, recognise_dataset
from data.vocabulary import CANONICAL, canonical_name, line_up, parse_labels, relabel

__all__ = [
    "CANONICAL",
    "DATASETS",
    "Dataset",
    "Duplicates",
    "LineamentError",
    "Skipped",
    "canonical_name",
    "check_choice",
    "data_home",
    "find_duplicates",
    "fold_groups",
    "image_digests",
    "line_up",
    "load_dataset",
    "near_pairs",
    "parse_labels",
    "recognise_dataset",
    "relabel",
    "survey_images",
]
