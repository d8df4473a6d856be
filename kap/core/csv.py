"""Tables as files. A cell of text never becomes a formula in a spreadsheet on somebody's desk."""

import csv
from collections.abc import Iterable
from decimal import Decimal

from django.http import HttpResponse

# What a spreadsheet reads as the beginning of a formula, the wide forms of East Asian keyboards included.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
CONTROL = ("\t", "\r", "\n")


def defused(cell: object) -> str:
    """The cell as text; an apostrophe goes before what a spreadsheet would calculate. Numbers stay numbers.

    Blanks before the sign are looked through, since some programs drop them. NUL, which ends a line for some
    readers, is left out.
    """
    if cell is None:
        return ""
    text = str(cell).replace("\x00", "")
    if isinstance(cell, int | float | Decimal):
        return text
    return f"'{text}" if text.startswith(CONTROL) or text.strip().startswith(FORMULA) else text


def table(name: str, rows: Iterable[Iterable[object]]) -> HttpResponse:
    """A download named `name`, every cell defused and in quotes."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    writer = csv.writer(response, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow([defused(cell) for cell in row])
    return response
