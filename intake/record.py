"""What sent answers say about the client's own record: her details, contacts, allergies, medicines. Pure."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from intake import questions
from intake.questions.kinds import UNSURE, YES
from intake.us_states import state_code


@dataclass(frozen=True)
class Person:
    """One contact as the forms name her; `roles` are the Contact's flags that are set."""

    name: str
    relation: str
    phone: str
    email: str = ""
    roles: tuple[str, ...] = ()
    is_adult: bool = False

    @property
    def key(self) -> str:
        return " ".join(self.name.casefold().split())


def client_fields(details) -> dict:
    """Fields of Client by name. The address stands in one line; `state` is two letters or "" if not recognised."""
    ways = details.get("safe_ways") or []
    place = " ".join(filter(None, [details.get("state", "").strip(), details.get("postcode", "").strip()]))
    address = ", ".join(filter(None, [details.get("street", ""), details.get("city", ""), place]))
    return {
        "legal_name": " ".join(details.get("legal_name", "").split()),
        "chosen_name": " ".join(details.get("chosen_name", "").split()),
        "pronouns": details.get("pronouns", "").strip(),
        "birth_date": questions.read_date(details.get("birth_date")),
        "sex": details.get("sex_at_birth", ""),
        "phone": details.get("phone", "").strip(),
        "email": details.get("email", "").strip(),
        "address": " ".join(address.split())[:300],
        "state": state_code(details.get("state", "")),
        "zone": details.get("time_zone", ""),
        "voicemail_ok": details.get("voicemail") in ("with_name", "first_name_only"),
        "email_ok": "email" in ways,
        "text_ok": "text" in ways,
    }


COMPANION_ROLES = {"clinic": ("is_driver",), "home": ("is_chaperone",), UNSURE: ("is_driver", "is_chaperone")}


def people_around(answers) -> list[Person]:
    """Emergency contact and companion; one person if both have the same name, nobody without a part to play."""
    found: dict[str, Person] = {}
    emergency = answers.get("emergency_contact") or {}
    if emergency.get("name"):
        person = Person(
            emergency["name"],
            emergency.get("relation", ""),
            emergency.get("phone", ""),
            "",
            ("is_emergency",),
        )
        found[person.key] = person
    companion = answers.get("companion") or {}
    if companion.get("who") == "now" and companion.get("name"):
        adult = companion.get("adult") == YES  # nobody younger drives or stays with a client
        roles = COMPANION_ROLES.get(companion.get("setting"), COMPANION_ROLES[UNSURE]) if adult else ()
        person = Person(
            companion["name"], companion.get("relation", ""), companion.get("phone", ""), companion.get("email", ""),
            roles, adult,
        )  # fmt: skip
        if before := found.get(person.key):
            person = Person(
                person.name,
                person.relation,
                person.phone,
                person.email,
                before.roles + roles,
                person.is_adult,
            )
        found[person.key] = person
    return [person for person in found.values() if person.roles]


def allergies(answers) -> list[dict] | None:
    """[{substance, reaction}]; [] for "none that I know of"; None if the client does not know."""
    given = answers.get("allergies") or {}
    rows = [
        {"substance": row.get("substance", ""), "reaction": row.get("reaction", "")}
        for row in given.get("list") or []
        if row.get("substance")
    ]
    if given.get("ketamine_reaction") == YES and not any(
        "ketamine" in row["substance"].casefold() for row in rows
    ):
        rows.append({"substance": "ketamine or esketamine", "reaction": _("Reaction reported on the forms")})
    if given.get("has") == UNSURE and not rows:
        return None
    return rows


def medicines(answers) -> list[dict] | None:
    """[{name, dose_amount (Decimal or None), dose_unit, how_often}]; [] for "I take none"; None if not known.

    An amount that is no plain number ("half a tablet") is kept in words, in front of how often.
    """
    given = answers.get("medicines") or {}
    if given.get("takes") == UNSURE:
        return None
    return [_medicine(row) for row in given.get("list") or [] if row.get("name")]


def _medicine(row) -> dict:
    fields = {field.key: field for field in questions.get("medicines").question("list").fields}
    often = fields["how_often"].choice(row.get("how_often"))
    words = [str(often.words)] if often and often.value != UNSURE else []
    unit = fields["dose_unit"].choice(row.get("dose_unit"))
    unit_words = str(unit.words) if unit and unit.value != UNSURE else ""
    text = row.get("dose_amount", "").strip()
    amount = _amount(text)
    if amount is None or not unit_words:
        words = ([f"{text} {unit_words}".strip()] if text else []) + words
        amount, unit_words = None, ""
    return {
        "name": row["name"],
        "dose_amount": amount,
        "dose_unit": unit_words,
        "how_often": ", ".join(words)[:120],
    }


def _amount(text: str) -> Decimal | None:
    """A number above zero, with at most three decimals and six digits before them."""
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    fits = number.is_finite() and 0 < number < 1_000_000 and number == round(number, 3)
    return number if fits else None
