"""The clinical numbers are signed by a prescriber, whoever calls the action."""

import pytest
from django.core.exceptions import PermissionDenied

from kap.accounts.permissions import Can
from kap.core import clinic, protocol
from kap.core.actions import System
from kap.core.models import ProtocolVersion
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def sign(by):
    return clinic.sign_protocol(body=protocol.default(), reason="First version.", by=by)


def test_the_action_itself_asks_for_the_right():
    for role in ("therapist", "monitor", "admin"):
        with pytest.raises(PermissionDenied, match="prescriber"):
            sign(UserFactory(roles=[role]))
    with pytest.raises(PermissionDenied):
        sign(System("test"))
    assert not ProtocolVersion.objects.exists()
    assert sign(UserFactory(roles=["prescriber"])).signed_by.may(Can.SIGN_PROTOCOL)


def test_the_right_has_the_name_that_the_core_uses():
    assert clinic.SIGN_PROTOCOL == Can.SIGN_PROTOCOL
