"""A session at home: the companion who confirms by her link also reads and signs the chaperone's agreement there."""

import pytest
from django.urls import reverse

from intake import consents
from intake.evidence import consents_in_force
from kap.core.actions import System
from kap.documents import actions as documents
from kap.documents import chaperone
from kap.documents.models import Document
from kap.pathway import gates
from scheduling import actions as scheduling
from scheduling import tokens
from tests.factories import documents as make
from tests.factories.core import ClinicFactory
from tests.factories.pathway import CourseFactory
from tests.factories.people import ContactFactory
from tests.factories.scheduling import AppointmentFactory, tomorrow


@pytest.fixture
def remote(db):
    ClinicFactory()
    course = CourseFactory(stage="preparation", setting="remote")
    friend = ContactFactory(client=course.client, name="Sam Friend", is_chaperone=True)
    one = AppointmentFactory(
        service__code="dosing", client=course.client, course=course, starts_at=tomorrow(10, days=5), mode="video",
        setting="remote", route="sl", companion=friend, companion_role="chaperone",
    )  # fmt: skip
    return one, course


def confirm(client, one):
    return client.post(
        reverse("scheduling:companion", args=[tokens.token_for(one)]),
        {"answer": "yes", "agreed": "on"},
    )


def test_after_confirming_she_reads_and_signs_the_agreement(client, remote):
    one, course = remote
    wanted = make.asked(course, kind="chaperone_agreement")
    page = confirm(client, one).url
    assert page.endswith("/agreement/")
    text = client.get(page).content.decode()
    assert "What a chaperone does" in text
    assert course.client.legal_name not in text
    boxes = {f"initials_{key}": "SF" for key in make.initials_for(wanted.template)}
    wrong = client.post(page, {**boxes, "printed_name": "Somebody Else"})
    assert wrong.status_code == 422
    assert 'value="Somebody Else"' in wrong.content.decode()
    assert client.post(page, {**boxes, "printed_name": "sam friend"}).status_code == 302
    signature = Document.objects.get().signatures.get()
    assert (signature.signer, signature.capacity) == (one.companion.audit_label, "chaperone")
    assert client.get(page).status_code == 302


def test_without_an_agreement_to_sign_confirming_ends_with_thanks(client, remote):
    one, _course = remote
    assert "thanks" in confirm(client, one).url


def test_a_link_that_no_longer_fits_shows_no_agreement(client, remote):
    one, course = remote
    make.asked(course, kind="chaperone_agreement")
    token = tokens.token_for(one)
    type(one).objects.filter(pk=one.pk).update(version=one.version + 1)
    assert client.get(reverse("scheduling:companion_agreement", args=[token])).status_code == 410
    assert client.get(reverse("scheduling:companion_agreement", args=[token + "x"])).status_code == 404


def _sign(course, contact):
    wanted = chaperone.waiting(course.client)
    return documents.sign_request(
        request=wanted, printed_name=contact.name, initials=make.initials_for(wanted.template), by=contact
    )


def _gaps(course, one):
    return [gap for gap in consents.missing(course, "sl", "remote", one) if "haperone" in gap.words]


def test_what_one_chaperone_signed_does_not_bind_the_one_named_after_her(remote):
    one, course = remote
    make.asked(course, kind="chaperone_agreement")
    _sign(course, one.companion)
    assert _gaps(course, one) == []

    other = ContactFactory(client=course.client, name="Robin Other", is_chaperone=True)
    one = scheduling.name_companion(appointment=one, contact=other, by=System("test"))
    gap = _gaps(course, one)[0]
    assert gap.words == "Robin Other, who is named as chaperone, has not signed the chaperone agreement."
    assert gap.link == reverse("scheduling:appointment", args=[one.pk])
    assert not gap.overridable
    assert "Robin Other" in consents_in_force(course, one)[-1].words
    step = next(step for step in gates.ask("enter_dosing", course, one) if step.key == "consent_in_force")
    assert "Robin Other" in step.why

    _sign(course, other)
    assert _gaps(course, one) == []


def test_naming_her_who_signed_already_asks_nothing_anew(remote):
    one, course = remote
    make.asked(course, kind="chaperone_agreement")
    _sign(course, one.companion)
    scheduling.name_companion(appointment=one, contact=one.companion, by=System("test"))
    assert chaperone.waiting(course.client) is None


def test_a_driver_is_asked_for_no_agreement(remote):
    one, course = remote
    make.asked(course, kind="chaperone_agreement").delete()
    type(one).objects.filter(pk=one.pk).update(setting="in_clinic", companion_role="driver")
    scheduling.name_companion(appointment=one, contact=one.companion, by=System("test"))
    assert chaperone.waiting(course.client) is None
