"""A clinic of its own begins without a protocol: a prescriber signs the numbers that ship, changed or as they are."""

import pytest

from kap.core import protocol
from kap.core.models import ProtocolVersion
from tests.factories.core import ClinicFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
NEW = "/settings/protocol/new/"
SHIPPED = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def prescriber(db):
    ClinicFactory()
    return UserFactory(roles=["prescriber"], name="Dr. Noor Amin")


def send(client, **more):
    about = {"version": "2026.1", "effective_on": "2026-12-01", "reason": "Read and agreed", "base": SHIPPED}
    return client.post(NEW, about | more)


def test_settings_lead_the_prescriber_to_the_numbers_and_tell_others_who_signs(client, prescriber):
    client.force_login(prescriber)
    assert f'href="{NEW}"' in client.get("/settings/").content.decode()
    client.force_login(UserFactory(roles=["admin"]))
    words = client.get("/settings/").content.decode()
    assert f'href="{NEW}"' not in words
    assert "A prescriber reads the numbers that ship and signs them here" in words


def test_the_shipped_numbers_are_shown_whole_and_signed_unchanged(client, prescriber):
    client.force_login(prescriber)
    begun = client.get(NEW)
    assert begun.status_code == 200
    assert begun.context["form"].initial["version"] == protocol.shipped().version
    shown = send(client)
    assert shown.status_code == 200
    for entry in protocol.shipped().entries():
        assert entry.label in shown.content.decode().replace("&#x27;", "'")
    assert not ProtocolVersion.objects.exists()
    assert send(client, printed_name="Somebody Else").status_code == 422
    assert send(client, printed_name="Dr. Noor Amin").status_code == 302
    made = ProtocolVersion.objects.get()
    assert made.signed_by == prescriber
    assert not protocol.differences(protocol.shipped(), made.rules)


def test_a_number_of_the_first_version_may_be_changed(client, prescriber):
    client.force_login(prescriber)
    assert send(client, printed_name="Dr. Noor Amin", **{"at:fasting.solids_hours": "7"}).status_code == 302
    assert ProtocolVersion.objects.get().rules.fasting.solids_hours == 7


def test_of_two_first_versions_one_is_signed_and_the_other_told(client, prescriber):
    client.force_login(prescriber)
    send(client, printed_name="Dr. Noor Amin")
    late = send(client, printed_name="Dr. Noor Amin", version="2026.1b")
    assert late.status_code == 409
    assert "was signed while you were at it" in late.content.decode()
    assert ProtocolVersion.objects.count() == 1


def test_today_says_that_nothing_can_begin_until_it_is_signed(client, prescriber):
    admin = UserFactory(roles=["admin"])
    client.force_login(admin)
    assert "A prescriber reads and signs the clinical numbers." in client.get("/today/").content.decode()
    client.force_login(prescriber)
    assert f'href="{NEW}"' in client.get("/today/").content.decode()
    send(client, printed_name="Dr. Noor Amin")
    for user in (prescriber, admin, UserFactory(roles=["therapist"])):
        client.force_login(user)
        assert "No protocol is signed yet" not in client.get("/today/").content.decode()
