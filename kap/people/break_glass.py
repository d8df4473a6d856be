"""Emergency access: one chart outside one's care teams, with a reason, for an hour at most, told at once.

It opens what a member of the care team sees; psychotherapy notes stay their author's. It gives no right that
the role has not, and does not let her put herself on the care team. It ends by itself.
"""

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.module_loading import import_string

from kap.accounts import mail
from kap.accounts.models import User
from kap.accounts.permissions import Can, Role, require
from kap.core import clock
from kap.core.actions import action
from kap.core.context import current_clinic
from kap.core.errors import Refused, Stale
from kap.people.models import BreakGlass, Client, TeamMember

SHORTEST = 10  # characters of a reason


def find(*, number: str = "", name: str = "", birth_date=None) -> Client | None:
    """By the exact KAP number, or by the full name with the birth date. No search: nobody browses here."""
    digits = "".join(c for c in number if c.isdigit())
    if digits:
        return Client.objects.filter(number=int(digits[:9])).first()
    if not name or birth_date is None:
        return None
    names = Q(legal_name__iexact=" ".join(name.split()))
    found = list(Client.objects.filter(names, birth_date=birth_date)[:2])
    return found[0] if len(found) == 1 else None


def live_of(user) -> dict:
    """client id -> emergency access of this person that has not ended."""
    if not getattr(user, "is_authenticated", False) or not user.may(Can.BREAK_GLASS):
        return {}
    rows = BreakGlass.objects.live().filter(user=user).select_related("client").order_by("opened_at")
    return {row.client_id: row for row in rows}


def only_by_emergency(client, user) -> bool:
    """She sees this client by emergency access, and not as one of the care team."""
    on_team = TeamMember.objects.current().filter(client=client, user=user).exists()
    return not on_team and BreakGlass.objects.live().filter(client=client, user=user).exists()


@action("people.break_glass")
def break_glass(*, client, reason: str, words: str, by) -> BreakGlass:
    """Open the chart for LIMIT from now on; tell the privacy officer and put it up for review, all in one.

    Raises Refused without a reason in words, Stale when the chart is open to her already.
    """
    require(by, Can.BREAK_GLASS)
    if Client.objects.visible_to(by).filter(pk=client.pk).exists():
        raise Stale("This record is open to you already.", link=reverse("desk:chart", args=[client.pk]))
    words = " ".join(words.split())
    if reason not in BreakGlass.Reason.values or len(words) < SHORTEST:
        raise Refused("Choose a reason and say in a few words why you need this record now.")
    now = clock.now()
    row = BreakGlass.objects.create(
        client=client, user=by, reason=reason, words=words[:500], opened_at=now, until=now + BreakGlass.LIMIT
    )
    _tell(row, by)
    return row


@action("people.end_break_glass")
def end_break_glass(*, emergency, by) -> BreakGlass:
    """Her own, before its hour is over. Raises Stale when it has ended."""
    row = BreakGlass.objects.live().select_for_update(of=("self",)).filter(pk=emergency.pk, user=by).first()
    if row is None:
        raise Stale("This emergency access has ended already.")
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
    return row


def _tell(row: BreakGlass, by) -> None:
    """The privacy officer at once; without one named in the clinic's details, every admin. No word of the record."""
    path = reverse("people:emergency_review", args=[row.pk])
    officer = getattr(current_clinic(), "privacy_officer_email", "")
    told = [(officer, "")] if officer else [(u.email, u.name) for u in User.objects.with_role(Role.ADMIN)]
    for address, name in told:
        mail.owe(
            key=f"break_glass:{row.pk}:{address}", kind="emergency_access", send_at=row.opened_at,
            to_address=address, to_name=name, context={"provider": by.name, "path": path}, by=by,
        )  # fmt: skip
    import_string(settings.RAISE)(
        key=f"break_glass:{row.pk}", kind="break_glass", urgency="today", client=row.client, for_role=Role.ADMIN,
        title=f"{by.name} opened a record by emergency access", detail=f"Reason: {row.get_reason_display()}.",
        link=path, link_words="Review it", by=by,
    )  # fmt: skip
