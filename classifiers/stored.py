"""Results that go into JSON and come back."""

from dataclasses import asdict, dataclass


class Stored:
    """A dataclass of numbers, texts and tuples of them, to JSON's own values and back; null stands for NaN."""

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, document: dict):
        return cls(**{name: restored(value) for name, value in document.items()})


@dataclass(frozen=True)
class LeftOut:
    """Why an audit or an explanation was not made, in a sentence."""

    reason: str


def restored(value):
    """A value of JSON as results hold it: lists as tuples, null as NaN."""
    if isinstance(value, list | tuple):
        return tuple(map(restored, value))
    return float("nan") if value is None else value


def all_restored(kind, documents) -> tuple:
    """Results of one kind, from the values of each."""
    return tuple(kind.from_dict(document) for document in documents)
