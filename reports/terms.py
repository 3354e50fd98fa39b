"""Words of the field, each explained once, for those who meet it first."""

from dataclasses import dataclass

from .formats import THIN


@dataclass(frozen=True)
class Term:
    """A word and what it means, in one or two sentences."""

    name: str
    meaning: str


ACCURACY = Term("Accuracy", "the share of pictures whose label was named rightly.")
RECALL = Term(
    "Recall, macro recall",
    "recall of a label: of the faces that bear it, the share that was named so. Macro recall is the mean over the "
    "labels: rare labels count as much as frequent ones, so a model cannot do well by ignoring them.",
)
PRECISION = Term("Precision", "of the faces that were named so, the share that bear the label.")
F1 = Term("F1, macro F1", "the harmonic mean of precision and recall of a label; macro F1 is its mean over the labels.")
CROSS_VALIDATION = Term(
    "Cross-validation",
    "the training pictures are dealt into folds; each fold is predicted by a model fitted on the others. "
    "The score is that of all these answers together; ± is the standard deviation of the folds' own scores.",
)
INTERVAL = Term(
    f"95{THIN}% interval",
    "made so that in 95 of 100 samples of pictures it would hold what the fitted models score on all such pictures. "
    "It is Wilson’s interval with the number of independent pictures that the answers are worth: pictures of one "
    "subject, and copies of one picture, count as a cluster, and the differences between clusters tell that number. "
    "At 0 and 100 percent only clusters count. Fewer than five clusters get no interval. What models fitted on "
    "other pictures would score is not in it.",
)
NO_DIFFERENCE_SHOWN = Term(
    "No difference shown",
    "the numbers differ, but by no more than chance alone would often bring about. It does not say that two models "
    "are equally good: how large a difference the data would have shown in 80 of 100 cases stands beside it.",
)
BASELINES = Term(
    "Majority label, stratified guess",
    "two models that look at no face: one always gives the most frequent label, one draws each answer as often as "
    "the label occurs, and is scored by what that gives on average. What a real model adds is the difference to them. "
    "The macro recall of the former follows from the number of labels alone, and the latter is not drawn: neither has "
    "an interval.",
)
ROC = Term(
    "ROC curve, AUC",
    "how much recall a label gains for how many false alarms, as the model is asked to be less and less sure; the "
    "area under the curve (AUC) is 1 for a perfect order of the faces and 0.5 for a random one. In a cross-validation "
    "areas and curves are means over the folds: the scores of different models are not put into one order.",
)
CALIBRATION = Term(
    "Calibration",
    f"whether probabilities can be taken at their word: a model that says 80{THIN}% should be right in 80 of 100 such "
    "cases. The calibration error is the mean gap, in points, between how sure a model was and how often it was right.",
)
SHUFFLING = Term(
    "Shuffling (permutation importance)",
    "values of a measurement are dealt anew among the faces; what the model's score loses by it is what the "
    "measurement was worth to the model.",
)
STABILITY = Term(
    "Stability of a selection",
    "how far the folds choose the same measurements: 1 if all choose the same ones, 0 if they agree no more than lots "
    "would (Nogueira, Sechidis and Brown 2018).",
)
EPOCH = Term(
    "Epoch, loss",
    "an epoch is one pass of a net over its training pictures; the loss is the quantity that it makes smaller.",
)
IOD = Term("IOD", "the inter-ocular distance, between the outer corners of the eyes: the unit of lengths here.")
RISK = Term(
    "Risk, coverage",
    "a model that may leave faces unanswered has a coverage, the share of the faces that it answers, and a risk, the "
    "share of these answers that are wrong. It answers those faces that it is surest of.",
)
AURC = Term(
    "Area under the curve (AURC)",
    "the mean risk over all coverages. If sorting by confidence were worth nothing, it would be the error over all "
    "faces; with every right answer before every wrong one it would be the least there is. The excess is what lies "
    "between that least and the model (E-AURC; Geifman and others 2019).",
)
PROMISED_RISK = Term(
    "Promised risk",
    f"the threshold of confidence was tested so that on new faces of the same kind no more than this share of the "
    f"answers is wrong, with 95{THIN}% certainty (“learn then test”, Angelopoulos and others 2025). A threshold that "
    "merely had this risk on the faces that it was chosen on promises nothing: it is the luckiest of many.",
)
LABEL_SET = Term(
    "Set of labels, its promise",
    f"instead of one label the model names all that it cannot rule out. Sets that promise 90{THIN}% hold the true "
    f"label of at least 90{THIN}% of new faces, whichever label that is (conformal prediction; Vovk and others 2005). "
    "A model that knows little keeps the promise by large sets.",
)
