"""Tables as CSV that a spreadsheet takes for words and numbers, whatever labels and files are called.

A cell that begins as a formula does is run by Excel, LibreOffice and others when the file is opened, and may send
what else stands there to a stranger: OWASP, "CSV Injection". An apostrophe before it makes it a text.
"""

from typing import Any

import pandas as pd

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV without its index; words that would be formulas begin with an apostrophe."""
    words = frame.select_dtypes(exclude="number").columns
    safe = frame.assign(**{name: frame[name].astype(object).map(_as_words) for name in words})
    return safe.rename(columns=_as_words).to_csv(index=False, lineterminator="\n")


def _as_words(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = f"'{value}" if value.startswith(FORMULA) and not _is_number(value) else value
    return text.replace("\r", "\n")  # pandas puts no quotes around a CR, which would begin a row


def _is_number(text) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
