"""Cells of a CSV file that spreadsheets open: none of them may be taken for a formula."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(value: object) -> str:
    """A value as a cell. What a spreadsheet would run as a formula gets an apostrophe in front, so that it is text
    (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text
