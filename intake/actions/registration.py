"""Opening a client's own account, record and forms."""

from django.utils.translation import gettext as _

from kap.accounts.actions import open_account
from kap.accounts.models import User
from kap.accounts.permissions import Can, Role, require
from kap.core.actions import System, action
from kap.core.errors import Refused
from kap.pathway.actions import acknowledge_privacy, advance, open_course
from kap.pathway.models import Course
from kap.pathway.stages import Stage
from kap.people import actions as people
from kap.people.models import Client

__all__ = ["REGISTRATION", "open_client_account", "open_forms", "register"]

REGISTRATION = System("intake.registration")


@action("intake.open_client_account")
def open_client_account(*, name: str, email: str, by) -> User | None:
    """An account that only a code sent to this address can open. None, and no word about it, if there is one already.

    Anybody may have asked in this person's place and put any name: until a code was used, the newest name counts.
    """
    if (known := User.objects.select_for_update().filter(email__iexact=email.strip()).first()) is not None:
        if known.is_unclaimed:
            known.name = name.strip()
            known.save(update_fields=["name"])
        return None
    try:
        return open_account(email=email, name=name, roles={Role.CLIENT}, by=by)
    except Refused:  # somebody pressed twice
        return None


@action("intake.register")
def register(*, user, by) -> Course:
    """Her address is proved and she has read the privacy notice: her record, her course and her forms.

    A record that staff made from a phone call, with this very address and name and no account yet, is hers.
    """
    if Role.CLIENT not in user.roles or user.pk != by.pk:
        raise Refused(_("Sign in with your own account first."))
    client = Client.objects.filter(user=user).first() or _waiting_record(user)
    if client is None:
        client = people.add_client(legal_name=user.name, email=user.email, by=REGISTRATION)
    if client.user_id is None:
        client.user = user
        client.save(update_fields=["user"])
    course = client.courses.open().first() or open_course(client=client, by=by)
    return open_forms(course=course, by=by)


def _waiting_record(user) -> Client | None:
    found = Client.objects.filter(user=None, email__iexact=user.email, legal_name__iexact=user.name)[:2]
    return found[0] if len(found) == 1 else None


@action("intake.open_forms")
def open_forms(*, course, by) -> Course:
    """The privacy notice is acknowledged: the forms open. Pressed twice, the second changes nothing.

    Raises GateClosed, Refused, PermissionDenied.
    """
    if by.pk != course.client.user_id:
        require(by, Can.ADD_CLIENT)
    course = acknowledge_privacy(course=course, by=by)
    if course.stage == Stage.ENQUIRY:
        course = advance(course=course, gate="open_intake", by=by)
    return course
