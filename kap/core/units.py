"""Amounts and their units: how they are written, and the few conversions. Pure; Decimal in, Decimal out."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")
HUNDREDTH = Decimal("0.01")


def plain(number) -> str:
    """ "0.5" and "5", never ".5", "5.0" or "1E+2": trailing zeros are read as ten times the dose."""
    number = Decimal(number)
    if number == 0:
        return "0"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(number, unit: str) -> str:
    """ "50 mg" with a no-break space, so that number and unit stay on one line; "95%" without."""
    return f"{plain(number)}{'' if unit == '%' else chr(0xA0)}{unit}"


def rounded(number: Decimal, step: Decimal = HUNDREDTH) -> Decimal:
    return Decimal(number).quantize(step, rounding=ROUND_HALF_UP)


def mg_per_kg(dose_mg: Decimal, weight_kg: Decimal) -> Decimal:
    """Unrounded, for limits; round only to show it. ValueError for a weight that is not above zero."""
    if weight_kg <= 0:
        raise ValueError("A weight above 0 kg is needed.")
    return dose_mg / weight_kg


def volume_ml(dose_mg: Decimal, strength_mg_per_ml: Decimal) -> Decimal:
    """Volume to draw up, to a hundredth of a mL. ValueError for a strength that is not above zero."""
    if strength_mg_per_ml <= 0:
        raise ValueError("A strength above 0 mg/mL is needed.")
    return rounded(dose_mg / strength_mg_per_ml)


def bmi(weight_kg: Decimal, height_cm: Decimal) -> Decimal:
    """kg/m², to a tenth."""
    if weight_kg <= 0 or height_cm <= 0:
        raise ValueError("A weight and a height above 0 are needed.")
    return rounded(weight_kg / (height_cm / 100) ** 2, TENTH)


def celsius(fahrenheit: Decimal) -> Decimal:
    """°C, to a tenth."""
    return rounded((Decimal(fahrenheit) - 32) * 5 / 9, TENTH)


def kilograms(pounds: Decimal) -> Decimal:
    """kg, to a tenth."""
    return rounded(Decimal(pounds) * Decimal("0.45359237"), TENTH)


def age_on(born_on: date, day: date) -> int:
    """Whole years. Someone born on 29 February turns a year older on 1 March of other years."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def add_months(day: date, months: int) -> date:
    """The same day some months on, or the last day of a shorter month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def minutes_between(earlier: datetime, later: datetime) -> Decimal:
    """Elapsed minutes of two aware datetimes."""
    return Decimal((later - earlier) // timedelta(microseconds=1)) / 60_000_000
