"""How it was tested: the rules under which models were compared."""

from ...classifiers.registry import AUGMENTS, BALANCES
from ...classifiers.tuning import TUNINGS
from ..blocks import Bullets
from ..metrics import RANKED_BY, scored_parts
from ..narrative import SCORE_NAMES
from ..section import Section
from ..uncertainty import unit_name


def content(run, tables):
    yield Bullets(tuple(rules(run)))


def rules(run):
    """How models were compared, one rule a sentence."""
    protocol, n_folds = run.protocol, run.evaluations[0].n_folds
    sentences = [
        f"The training part is dealt into {n_folds} folds, labels as evenly as what stays together allows. Each fold "
        "is predicted by models that were fitted on the other folds only. All models get the same folds.",
        f"What belongs together stays on one side of every fold: {protocol.grouped_by or 'identical pictures'}.",
        "Whatever learns from data is fitted within the fold, on its training pictures alone: filling gaps, scaling, "
        "selecting features, balancing and the classifier itself. Measuring a face learns nothing, so it is done once.",
        f"Balance of labels: {protocol.balance} ({BALANCES.get(protocol.balance, 'as named')}).",
        f"Added to the training faces: {protocol.augment} ({AUGMENTS.get(protocol.augment, 'as named')}).",
        tuning_rule(protocol.tune),
    ]
    if protocol.reference:
        sentences.append(protocol.reference)
    if len(scored_parts(run)) > 1:
        sentences.append(
            "Held-out pictures are predicted once, by a model fitted on the whole training part. "
            "They chose nothing: the ranking is the cross-validation's."
        )
    sentences.append(
        f"Models are ranked by the {SCORE_NAMES[RANKED_BY]} of all their answers in the cross-validation. Intervals of "
        "scores are Wilson’s (1927), with the number of independent pictures that leaving out one cluster after the "
        f"other tells (Korn and Graubard 1998); clusters are {unit_name(run)}, with all copies of their pictures. "
        "Differences are recovered from two such intervals (Newcombe 1998). They hold for the fitted models. Tests "
        "between models over folds use the variance s²(1/K + n_test/n_train), which allows for the training pictures "
        "that folds share (Nadeau and Bengio 2003)."
    )
    return sentences


def tuning_rule(tune):
    if tune == "none":
        return "Parameters of the models are the defaults; none was tuned on these pictures."
    return (
        f"Parameters of the models were searched by successive halving (--tune {tune}: "
        f"{TUNINGS.get(tune, 'as named')}), for every fit anew, on folds within its own training pictures; the "
        "pictures that it predicts took no part."
    )


SECTION = Section("protocol", "How it was tested", content)
