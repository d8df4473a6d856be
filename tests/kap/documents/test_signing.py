"""Asking, signing, asking first, declining, withdrawing: who may, what is refused, what follows."""

import pytest
from django.core.exceptions import PermissionDenied

from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.documents import actions, texts
from kap.documents.messages import still_stands
from kap.documents.models import Document, SignatureRequest, Template
from kap.outbox.models import Message
from kap.worklist.models import Item
from tests.factories import documents as make
from tests.factories.documents import TESTS, initials_for
from tests.factories.people import ContactFactory, UserFactory


def sign(request, name="Ana Lee", by=None, initials=None):
    initials = initials_for(request.template) if initials is None else initials
    return actions.sign_request(
        request=request, printed_name=name, initials=initials, by=by or request.client.user
    )


def test_asking_tells_the_client_once_and_twice_is_once(course):
    first = make.asked(course)
    assert make.asked(course).pk == first.pk
    message = Message.objects.get(kind="signature_wanted")
    assert message.to_address == course.client.email
    assert still_stands(message) == ""
    sign(first)
    message.refresh_from_db()
    assert message.state == "dropped"
    assert still_stands(message)


def test_asking_needs_the_right_and_a_published_text(course, mara):
    with pytest.raises(Refused, match="no published text"):
        actions.ask_to_sign(course=course, kind="kap_consent", route="iv", by=mara)
    make.published()
    with pytest.raises(PermissionDenied):
        actions.ask_to_sign(course=course, kind="telehealth_consent", by=UserFactory(roles=["monitor"]))


def test_the_consent_of_the_orders_route_is_asked(course):
    actions.publish_defaults(by=TESTS)
    assert actions.ask_to_sign(course=course, kind="kap_consent", route="iv", by=TESTS).template.route == "iv"
    with pytest.raises(Refused):
        actions.ask_to_sign(course=course, kind="kap_consent", by=TESTS)


@pytest.mark.parametrize("name", ["Ana Lee", "  ana   LEE ", "Robin Lee"])
def test_she_signs_with_her_legal_or_her_chosen_name(course, name):
    document = sign(make.asked(course), name)
    signature = document.signatures.get()
    assert signature.signer == course.client.user.audit_label
    assert (signature.capacity, signature.meaning, signature.sha256) == (
        "client",
        "consents",
        document.sha256,
    )
    assert Message.objects.filter(kind="document_copy").count() == 1


def test_a_wrong_name_and_missing_initials_are_all_told_at_once(course):
    request = make.asked(course)
    with pytest.raises(Refused) as refused:
        sign(request, "Anna", initials={})
    assert "Ana Lee" in refused.value.reasons[0]
    assert len(refused.value.reasons) == 1 + len(initials_for(request.template))
    assert not Document.objects.exists()


def test_nobody_signs_for_her(course, mara):
    with pytest.raises(Refused, match="Staff cannot sign"):
        sign(make.asked(course), "Mara Quinn", by=mara)


def test_a_second_click_is_told_that_it_is_signed(course):
    request = make.asked(course)
    sign(request)
    with pytest.raises(Stale):
        sign(SignatureRequest.objects.get(pk=request.pk))
    assert Document.objects.count() == 1


def test_the_chaperone_signs_her_own_agreement_and_the_client_does_not(course):
    request = make.asked(course, kind="chaperone_agreement")
    assert not Message.objects.filter(kind="signature_wanted").exists()
    with pytest.raises(Refused, match="chaperone signs"):
        sign(request)
    friend = ContactFactory(client=course.client, name="Sam Friend", is_chaperone=True)
    document = sign(request, "sam friend", by=friend)
    assert document.signatures.get().capacity == "chaperone"
    with pytest.raises(Refused):
        sign(make.asked(course), "Sam Friend", by=friend)


def test_another_clients_friend_cannot_sign(course):
    stranger = ContactFactory(name="Sam Friend")
    with pytest.raises(Refused):
        sign(make.asked(course, kind="chaperone_agreement"), "Sam Friend", by=stranger)


def test_a_question_keeps_the_text_open_and_reaches_the_care_team(course, mara):
    request = make.asked(course)
    actions.ask_first(request=request, words="What about my blood pressure?", by=course.client.user)
    assert "blood pressure" in Item.objects.visible_to(mara).get().detail
    assert sign(SignatureRequest.objects.get(pk=request.pk))


def test_declining_needs_no_reason_ends_the_request_and_tells_the_team(course, mara):
    request = make.asked(course)
    actions.decline(request=request, words="", by=course.client.user)
    assert "Not signed" in Item.objects.visible_to(mara).get().title
    with pytest.raises(Stale):
        sign(SignatureRequest.objects.get(pk=request.pk))
    assert make.asked(course).pk != request.pk


def test_withdrawing_ends_the_consent_at_once_and_raises_an_item(course, mara):
    document = make.signed(course)
    actions.withdraw(document=document, printed_name="Ana Lee", by=course.client.user)
    assert not Document.objects.in_force(clock.now()).exists()
    item = Item.objects.visible_to(mara).get()
    assert item.urgency == "now"
    with pytest.raises(Stale):
        actions.withdraw(document=Document.objects.get(), printed_name="Ana Lee", by=course.client.user)


def test_a_clinician_writes_down_a_withdrawal_with_when_and_how(course, mara):
    document = make.signed(course)
    with pytest.raises(Refused, match="when and how"):
        actions.withdraw(document=document, printed_name="Mara Quinn", by=mara)
    actions.withdraw(
        document=document, printed_name="Mara Quinn", reason="She said so on the phone today.", by=mara
    )
    with pytest.raises(PermissionDenied):
        actions.withdraw(document=make.signed(course), printed_name="x", by=UserFactory(roles=["monitor"]))


def test_a_new_version_never_touches_the_old(course):
    old = make.published()
    admin = UserFactory(roles=["admin"])
    new = actions.publish_template(kind=old.kind, title=old.title, sections=old.sections, by=admin)
    assert (old.version, new.version) == (1, 2)
    assert make.asked(course).template == new
    with pytest.raises(Refused, match="Section 1"):
        actions.publish_template(kind=old.kind, title="x", sections=[{"key": "a", "title": "A"}], by=admin)


def test_the_shipped_texts_are_whole_and_published_once(clinic):
    assert len(actions.publish_defaults(by=TESTS)) == len(texts.shipped()) == Template.objects.count()
    assert actions.publish_defaults(by=TESTS) == []


@pytest.mark.parametrize(
    "text", [t for t in texts.shipped() if t["kind"] == "kap_consent"], ids=lambda t: t["title"]
)
def test_every_consent_covers_every_point(text):
    keys = [section["key"] for section in text["sections"]]
    assert set(texts.COVERS.values()) <= set(keys)
    assert ("remote" in keys) == (text["setting"] == "remote")
    assert ("compounded" in keys) == (text["route"] in ("sl", "oral"))
    assert f"route_{text['route']}" in keys
    assert "{" not in "".join(section["text"] for section in text["sections"])
