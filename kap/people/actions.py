"""Every write about clients, those around them, and providers."""

from django.db import IntegrityError, connection
from django.db.models import Max
from django.urls import reverse

from kap.accounts import mail
from kap.accounts.actions import change_email, open_account
from kap.accounts.permissions import CLINICAL, Can, Role, require
from kap.core import clock, credentials
from kap.core.actions import System, action, audit_label, constraint_name
from kap.core.errors import Refused, Stale
from kap.core.models import Clinic
from kap.people.break_glass import only_by_emergency
from kap.people.models import Allergy, Client, Contact, Credential, Medicine, Provider, TeamMember

CLIENT_FIELDS = (
    "legal_name", "chosen_name", "pronouns", "birth_date", "sex", "email", "phone", "address", "state", "zone",
    "voicemail_ok", "email_ok", "text_ok",
)  # fmt: skip
CONTACT_FIELDS = (
    "name",
    "relation",
    "phone",
    "email",
    "is_emergency",
    "is_driver",
    "is_chaperone",
    "is_adult",
)
PROVIDER_FIELDS = ("title", "npi", "colour", "buffer_minutes", "bookable")


def _may(by, can, *, client=None) -> None:
    """Staff need the right; the product acts for itself; a client speaks for herself."""
    if isinstance(by, System) or (client is not None and client.user_id and by.pk == client.user_id):
        return
    require(by, can)


def _change(thing, fields: dict, known: tuple[str, ...]):
    if unknown := set(fields) - set(known):
        raise TypeError(f"Not to be changed here: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(thing, name, value.strip() if isinstance(value, str) else value)
    thing.save(update_fields=sorted(fields) or None)
    return thing


# ---------------------------------------------------------------- clients


@action("people.add_client")
def add_client(*, legal_name: str, by, **details) -> Client:
    """Enter a client under the next number. `details`: any of CLIENT_FIELDS; an email is not needed.

    Whether somebody sounds alike is asked by the form (`Client.objects.similar_to`), not here: two people may
    have one name. A person who is signing herself up passes System.
    """
    _may(by, Can.ADD_CLIENT)
    with connection.cursor() as cursor:  # numbers have no gaps and no doubles, however many are added at once
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kap.people.client_number'))")
    last = Client.objects.aggregate(n=Max("number"))["n"] or 0
    client = Client(number=last + 1, added_by=audit_label(by))
    fields = {"legal_name": legal_name, **details}
    if unknown := set(fields) - set(CLIENT_FIELDS):
        raise TypeError(f"Not a detail of a client: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(client, name, value.strip() if isinstance(value, str) else value)
    client.save(force_insert=True)
    return client


@action("people.update_client")
def update_client(*, client, by, **details) -> Client:
    """Change any of CLIENT_FIELDS; by staff, or by the client herself. Raises Refused.

    When staff change the email, her way of signing in moves along. When she does it herself it does not: a
    slip of the finger must not lock her out.
    """
    _may(by, Can.EDIT_CLIENT_DETAILS, client=client)
    client = Client.objects.select_for_update(of=("self",)).select_related("user").get(pk=client.pk)
    email = details.get("email", client.email).strip()
    if client.user and email != client.email and getattr(by, "pk", None) != client.user_id:
        if not email:
            raise Refused("This client signs in by email. Enter an address, or leave the one that was there.")
        change_email(user=client.user, email=email, by=by)
    return _change(client, details, CLIENT_FIELDS)


@action("people.give_account")
def give_account(*, client, by) -> Client:
    """A way to sign in by emailed code. Her email must be on record and be nobody else's account.

    Raises Refused; Stale when she has one.
    """
    _may(by, Can.ADD_CLIENT)
    client = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    if client.user_id:
        raise Stale(f"{client.name} has an account already.")
    if not client.email:
        raise Refused("Enter an email address first: the code to sign in is sent there.")
    client.user = open_account(email=client.email, name=client.name[:120], roles=[Role.CLIENT], by=by)
    client.save(update_fields=["user"])
    return client


@action("people.invite_client")
def invite_client(*, client, by) -> Client:
    """Open her account if she has none, and owe her an email that says where to sign in. Raises Refused."""
    _may(by, Can.ADD_CLIENT)
    if not client.user_id:
        client = give_account(client=client, by=by)
    now = clock.now()
    mail.owe(
        key=f"client_invitation:{client.pk}:{now.isoformat()}", kind="client_invitation", send_at=now,
        to_address=client.user.email, to_name=client.name, client=client,
        context={"path": reverse("accounts:sign_in")}, by=by,
    )  # fmt: skip
    return client


# ---------------------------------------------------------------- those around her


@action("people.add_contact")
def add_contact(*, client, by, **details) -> Contact:
    """`details`: CONTACT_FIELDS; name, relation and phone are needed, and at least one part she plays."""
    _may(by, Can.EDIT_CLIENT_DETAILS, client=client)
    contact = Contact(client=client)
    for name in CONTACT_FIELDS:
        value = details.pop(name, getattr(contact, name))
        setattr(contact, name, value.strip() if isinstance(value, str) else value)
    if details:
        raise TypeError(f"Not a detail of a contact: {', '.join(sorted(details))}")
    _plays_a_part(contact)
    contact.save(force_insert=True)
    return contact


@action("people.change_contact")
def change_contact(*, contact, by, **details) -> Contact:
    _may(by, Can.EDIT_CLIENT_DETAILS, client=contact.client)
    contact = Contact.objects.select_for_update(of=("self",)).select_related("client").get(pk=contact.pk)
    if contact.ended_at:
        raise Stale(f"{contact.name} was removed from the contacts meanwhile.")
    contact = _change(contact, details, CONTACT_FIELDS)
    _plays_a_part(contact)
    return contact


@action("people.end_contact")
def end_contact(*, contact, by) -> Contact:
    """She is no longer a contact. The row stays: sessions name her as driver or chaperone."""
    _may(by, Can.EDIT_CLIENT_DETAILS, client=contact.client)
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact.pk)
    if contact.ended_at:
        raise Stale(f"{contact.name} was removed from the contacts already.")
    contact.ended_at, contact.ended_by = clock.now(), audit_label(by)
    contact.save(update_fields=["ended_at", "ended_by"])
    return contact


def _plays_a_part(contact) -> None:
    if not (contact.is_emergency or contact.is_driver or contact.is_chaperone):
        raise Refused("Tick at least one: emergency contact, driver or chaperone.")
    if (contact.is_driver or contact.is_chaperone) and not contact.is_adult:
        raise Refused("A driver or chaperone must be 18 or older. Ask, and tick it.")


# ---------------------------------------------------------------- allergies and medicines


@action("people.set_allergies")
def set_allergies(*, client, rows, by) -> list[Allergy]:
    """Make these her allergies: [{"substance", "reaction"}]. None is an answer, too, and is dated.

    What is unchanged stays; what is gone is ended, never deleted.
    """
    _may(by, Can.OPEN_CHART, client=client)
    client = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    wanted = [
        {"substance": r["substance"].strip(), "reaction": (r.get("reaction") or "").strip()} for r in rows
    ]
    _replace(client, Allergy, wanted, ("substance", "reaction"), by)
    client.allergies_checked_on = clock.today(_zone())
    client.save(update_fields=["allergies_checked_on"])
    return list(client.allergies.filter(ended_at=None))


@action("people.set_medicines")
def set_medicines(*, client, rows, by) -> list[Medicine]:
    """Make these her medicines: [{"name", "dose_amount", "dose_unit", "how_often"}], "why" if known.

    Amounts are what she says she takes, with their unit; an amount without a unit is refused. A prescriber's
    instruction on a medicine outlives a change of its dose.
    """
    _may(by, Can.OPEN_CHART, client=client)
    client = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    holds = {m.name.casefold(): m.hold_words for m in client.medicines.filter(ended_at=None)}
    wanted = [_medicine(row, holds) for row in rows]
    _replace(client, Medicine, wanted, ("name", "dose_amount", "dose_unit", "how_often", "why"), by)
    client.medicines_checked_on = clock.today(_zone())
    client.save(update_fields=["medicines_checked_on"])
    return list(client.medicines.filter(ended_at=None))


def _medicine(row, holds) -> dict:
    texts = {key: (row.get(key) or "").strip() for key in ("name", "dose_unit", "how_often", "why")}
    amount = row.get("dose_amount") or None
    if amount is not None and not texts["dose_unit"]:
        raise Refused(f"{texts['name']}: enter the unit of the dose, such as mg.")
    if amount is not None and amount <= 0:
        raise Refused(f"{texts['name']}: enter a dose above zero, or leave it empty.")
    return {**texts, "dose_amount": amount, "hold_words": holds.get(texts["name"].casefold(), "")}


def _replace(client, model, wanted, same, by) -> None:
    """End the rows that are not among `wanted`, add those that are new; `same`: what makes two equal."""
    left = list(wanted)
    for row in model.objects.filter(client=client, ended_at=None):
        alike = next((w for w in left if all(w.get(name) == getattr(row, name) for name in same)), None)
        if alike is not None:
            left.remove(alike)
            continue
        row.ended_at, row.ended_by = clock.now(), audit_label(by)
        row.save(update_fields=["ended_at", "ended_by"])
    for values in left:
        model.objects.create(client=client, **values)


def _zone() -> str:
    clinic = Clinic.objects.first()
    return clinic.zone if clinic else "UTC"


# ---------------------------------------------------------------- care team


@action("people.join_team")
def join_team(*, client, user, role: str, until=None, why: str = "", since=None, by) -> TeamMember:
    """Put somebody on the care team, which opens the chart to her. `until` (an instant) makes it a cover.

    Joining twice is one membership: it gets the later end, and no end wins. `since` begins it later.
    Raises Refused when she does not have the role or is deactivated.
    """
    _may(by, Can.MANAGE_CARE_TEAM)
    if getattr(by, "pk", None) and only_by_emergency(client, by):
        raise Refused(
            "Emergency access does not change the care team. Ask somebody on the team, or the clinic."
        )
    if role not in CLINICAL or role not in user.roles or not user.is_active:
        raise Refused(
            f"{user.name} cannot be on the care team as {Role(role).label.lower()}: that role was not given."
        )
    client = Client.objects.select_for_update(of=("self",)).get(pk=client.pk)
    now = clock.now()
    since = max(since or now, now)
    if until is not None and until <= since:
        raise Refused("The cover must end after it begins. Choose a later day.")
    member = TeamMember.objects.filter(client=client, user=user, role=role, since__lte=since)
    member = member.exclude(until__lte=since).order_by("since").last()
    if member is None:
        return TeamMember.objects.create(
            client=client,
            user=user,
            role=role,
            since=since,
            until=until,
            why=why.strip(),
            joined_by=audit_label(by),
        )
    if member.until is not None and (until is None or until > member.until):
        member.until = until
        member.save(update_fields=["until"])
    return member


@action("people.leave_team")
def leave_team(*, member, by) -> TeamMember:
    """The chart closes to her at once. What she wrote stays. Raises Stale when she has left."""
    _may(by, Can.MANAGE_CARE_TEAM)
    Client.objects.select_for_update(of=("self",)).get(pk=member.client_id)
    member = TeamMember.objects.select_for_update(of=("self",)).select_related("user").get(pk=member.pk)
    now = clock.now()
    if member.until is not None and member.until <= now:
        raise Stale(f"{member.user.name} has left this care team already.")
    member.until = max(now, member.since)
    member.save(update_fields=["until"])
    return member


# ---------------------------------------------------------------- providers and credentials


@action("people.add_provider")
def add_provider(
    *, user, title: str, npi: str = "", colour: int = 1, buffer_minutes=10, bookable=True, by
) -> Provider:
    """Put a staff member on the roster, so that clients can be booked with her. Raises Refused, Stale."""
    _may(by, Can.MANAGE_ROSTER)
    if not user.roles & CLINICAL:
        raise Refused(
            f"{user.name} is no therapist, prescriber or monitor. Give the role first, under Staff."
        )
    try:
        return Provider.objects.create(
            user=user, title=title.strip(), npi=_npi(npi), colour=colour, buffer_minutes=buffer_minutes,
            bookable=bookable,
        )  # fmt: skip
    except IntegrityError as error:
        if "user_id" in constraint_name(error):
            raise Stale(f"{user.name} is on the roster already.") from error
        raise


@action("people.change_provider")
def change_provider(*, provider, by, **details) -> Provider:
    _may(by, Can.MANAGE_ROSTER)
    provider = Provider.objects.select_for_update(of=("self",)).get(pk=provider.pk)
    if "npi" in details:
        details["npi"] = _npi(details["npi"])
    return _change(provider, details, PROVIDER_FIELDS)


def _npi(text: str) -> str:
    digits = "".join(c for c in text or "" if c not in " -")
    if digits and (why := credentials.npi_problem(digits)):
        raise Refused(why)
    return digits


@action("people.add_credential")
def add_credential(
    *, provider, kind: str, number: str, state: str = "", issued_on, expires_on, by
) -> Credential:
    """A licence or certificate. A renewal is a new row beside the old one. Raises Refused, Stale."""
    _may(by, Can.MANAGE_ROSTER)
    number = number.strip()
    if kind == Credential.Kind.DEA:
        number = "".join(c for c in number.upper() if c not in " -")
        if why := credentials.dea_problem(number):
            raise Refused(why)
    if kind in (Credential.Kind.LICENCE, Credential.Kind.DEA) and not state:
        raise Refused("Choose the state it is for.")
    if expires_on <= issued_on:
        raise Refused("It must expire after the day it was issued. Check both dates.")
    Provider.objects.select_for_update(of=("self",)).get(pk=provider.pk)
    same = {"provider": provider, "kind": kind, "number": number, "state": state}
    if Credential.objects.live().filter(**same, expires_on=expires_on).exists():
        raise Stale("This credential is on record already.")
    return Credential.objects.create(**same, issued_on=issued_on, expires_on=expires_on)


@action("people.end_credential")
def end_credential(*, credential, by) -> Credential:
    """Revoked, or entered by mistake: it covers nothing from now on, and stays on record."""
    _may(by, Can.MANAGE_ROSTER)
    credential = Credential.objects.select_for_update(of=("self",)).get(pk=credential.pk)
    if credential.ended_at:
        raise Stale("This credential was ended already.")
    credential.ended_at, credential.ended_by = clock.now(), audit_label(by)
    credential.save(update_fields=["ended_at", "ended_by"])
    return credential
