"""Whether somebody is through: what she still has to set up, and what this session has proved."""

from django.conf import settings

from kap.accounts.second.models import CodeSheet, Factor
from kap.core import clock

THROUGH = "kap_second"  # session: whose second factor this session has seen
READY = "kap_second_ready"  # session: she also has her recovery codes, so that nothing has to be looked up
NEW_APP = "kap_new_app"  # session: the sealed secret of an app that is being set up
PROVED_AT = "kap_proved_at"  # session: when it was last asked, seconds
FRESH_SECONDS = 5 * 60


def on() -> bool:
    """Read when asked, so that a test can turn it on. Off in the demonstration, always on in production."""
    return settings.SECOND_FACTOR


def concerns(user) -> bool:
    """Staff only. Clients prove their mailbox at each sign-in and have no password that could be stolen."""
    return on() and user.is_authenticated and user.is_staff_member


def lacks(user) -> str:
    """ "factor", "codes" or "": what she has still to set up before she can do anything else."""
    if not Factor.objects.of(user).exists():
        return "factor"
    return "" if CodeSheet.objects.filter(user=user, kept_at__isnull=False).exists() else "codes"


def is_through(request) -> bool:
    return request.session.get(THROUGH) == str(request.user.pk)


def let_through(request) -> None:
    """This session has seen her second factor; also counts as proof for the next minutes."""
    request.session[THROUGH] = str(request.user.pk)
    prove(request)


def is_ready(request) -> bool:
    """Through, and nothing left to set up; looked up until it is so, then remembered with the session."""
    if not is_through(request):
        return False
    if not request.session.get(READY):
        if lacks(request.user):
            return False
        request.session[READY] = True
    return True


def prove(request) -> None:
    request.session[PROVED_AT] = clock.now().timestamp()


def proved_lately(session) -> bool:
    proved = session.get(PROVED_AT)
    return proved is not None and 0 <= clock.now().timestamp() - proved < FRESH_SECONDS


def is_fresh(request) -> bool:
    """A password proves only while there is no factor: a session of before must not add one beside hers."""
    if not proved_lately(request.session):
        return False
    return is_through(request) or not Factor.objects.of(request.user).exists()
