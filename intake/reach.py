"""How to reach a client by what stands in forms that are not sent yet: for a safety alert, which cannot wait for that.

Else such answers are the client's own. These two were asked for this purpose: "whom we may call if we are worried".
"""

from dataclasses import dataclass

from intake.drafts import OPEN_STAGES, Drafts

MAY_KNOW = {
    "safety_only": "may hear only that we are worried",
    "treatment": "knows about the treatment",
}


@dataclass(frozen=True)
class Way:
    """`note`: what to mind when calling; may be empty."""

    whose: str
    phone: str
    note: str = ""


def unsent(client) -> list[Way]:
    """The client's own number, then the emergency contact's, where the record has not got them. Three queries."""
    course = client.courses.filter(stage__in=OPEN_STAGES).order_by("-created_at").first()
    if course is None:
        return []
    rows = Drafts.of(course).rows
    details, contact = (getattr(rows.get(key), "answers", {}) for key in ("details", "emergency_contact"))
    known = {digits(client.phone), *(digits(one.phone) for one in client.contacts.filter(ended_at=None)), ""}
    found = []
    if digits(details.get("phone")) not in known:
        safe = details.get("safe_ways") or ["phone"]
        found.append(Way("Phone", details["phone"], "" if "phone" in safe else "not named as a safe way"))
    if digits(contact.get("phone")) not in known:
        who = ", ".join(filter(None, (contact.get("name"), contact.get("relation"))))
        found.append(
            Way(
                f"Emergency contact {who}".strip(),
                contact["phone"],
                MAY_KNOW.get(contact.get("may_know"), ""),
            )
        )
    return found


def digits(phone) -> str:
    """For comparing: without the country code that some write and some do not."""
    return "".join(c for c in str(phone or "") if c.isdigit())[-10:]
