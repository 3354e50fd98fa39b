"""Labelled pictures: readers of datasets, the embedded sample, duplicates."""

if "." not in __name__:  # from the clone's root: a second copy of every class, which no isinstance knows
    raise ImportError("The folder data is a part of the package lineament: import lineament.data instead.")

from .dataset import Dataset, Skipped, image_digests
from .duplicates import Duplicates, find_duplicates, fold_groups
from .errors import LineamentError, check_choice
from .labels import SPELLINGS, check_enough, fold_spellings, leave_out_rare, units_to_train_on, usual_folds
from .parallel import BACKENDS
from .similar import near_pairs, survey_images
from .sources import DATASETS, data_home, load_dataset, recognise_dataset
from .vocabulary import CANONICAL, align_labels, canonical_name, parse_labels, relabel

__all__ = [
    "BACKENDS",
    "CANONICAL",
    "DATASETS",
    "SPELLINGS",
    "Dataset",
    "Duplicates",
    "LineamentError",
    "Skipped",
    "align_labels",
    "canonical_name",
    "check_choice",
    "check_enough",
    "data_home",
    "find_duplicates",
    "fold_groups",
    "fold_spellings",
    "image_digests",
    "leave_out_rare",
    "load_dataset",
    "near_pairs",
    "parse_labels",
    "recognise_dataset",
    "relabel",
    "survey_images",
    "units_to_train_on",
    "usual_folds",
]
