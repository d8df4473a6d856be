"""The pages: read, sign, ask first, decline, withdraw, ask to sign."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kap.audit.models import AccessLog
from kap.documents import lists, rendering
from kap.documents.models import Document, SignatureRequest
from tests.factories import documents as make
from tests.factories.people import ClientFactory, UserFactory


@pytest.fixture
def signed_in(client, ana):
    client.force_login(ana.user)
    return client


def form_for(request, name="Ana Lee", **more):
    boxes = {f"initials_{key}": letters for key, letters in make.initials_for(request.template).items()}
    return {**boxes, "printed_name": name, **more}


def page(response) -> str:
    return response.content.decode()


def test_she_reads_every_section_with_its_summary_and_signs(signed_in, course):
    wanted = make.asked(course, kind="kap_consent", route="sl", setting="in_clinic")
    text = page(signed_in.get(reverse("documents:sign", args=[wanted.pk])))
    for section in wanted.template.sections:
        assert section["summary"].replace("'", "&#x27;") in text
    assert text.count('name="initials_') == len(make.initials_for(wanted.template))
    answer = signed_in.post(reverse("documents:sign", args=[wanted.pk]), form_for(wanted))
    document = Document.objects.get()
    assert answer.url == reverse("documents:document", args=[document.pk])
    signature = document.signatures.get()
    assert signature.address == "127.0.0.1"
    text = page(signed_in.get(answer.url))
    assert "being prepared" in text
    assert document.sha256 in text
    assert "Initials" in text


def test_what_she_typed_stays_when_something_is_missing(signed_in, course):
    wanted = make.asked(course)
    data = form_for(wanted, name="Anna Le", initials_tele_what="QX", initials_tele_place="")
    answer = signed_in.post(reverse("documents:sign", args=[wanted.pk]), data)
    text = page(answer)
    assert answer.status_code == 422
    assert 'value="QX"' in text
    assert "Where you are: put your initials" in text
    assert not Document.objects.exists()
    data = form_for(wanted, name="Anna Le")
    answer = signed_in.post(reverse("documents:sign", args=[wanted.pk]), data)
    assert answer.status_code == 422
    assert 'value="Anna Le"' in page(answer)
    assert "Type your name as we have it: Ana Lee or Robin Lee" in page(answer)


def test_a_double_click_signs_once(signed_in, course):
    wanted = make.asked(course)
    address, data = (
        reverse("documents:sign", args=[wanted.pk]),
        form_for(wanted, once="6b1f0d3e-8a4e-4e0e-9f0a-000000000001"),
    )
    first, second = signed_in.post(address, data), signed_in.post(address, data)
    assert first.url == second.url
    assert Document.objects.count() == 1


def test_asking_first_and_saying_no_weigh_the_same(signed_in, course):
    wanted = make.asked(course)
    text = page(signed_in.get(reverse("documents:sign", args=[wanted.pk])))
    assert text.count('<a class="btn btn-quiet" href="/documents/sign/') == 2
    signed_in.post(reverse("documents:ask_first", args=[wanted.pk]), {"words": "What does it cost?"})
    assert "What does it cost?" in page(signed_in.get(reverse("documents:sign", args=[wanted.pk])))
    assert signed_in.post(reverse("documents:ask_first", args=[wanted.pk]), {"words": ""}).status_code == 422
    signed_in.post(reverse("documents:decline", args=[wanted.pk]), {"words": ""})
    assert SignatureRequest.objects.get().declined_at
    assert signed_in.get(reverse("documents:sign", args=[wanted.pk])).status_code == 302


def test_strangers_get_404_everywhere(client, course):
    document, wanted = make.signed(course), make.asked(course)
    for user in (ClientFactory(with_user=True).user, UserFactory(roles=["therapist"])):
        client.force_login(user)
        for name, thing in [("document", document), ("pdf", document), ("withdraw", document)]:
            assert client.get(reverse(f"documents:{name}", args=[thing.pk])).status_code == 404
    client.force_login(ClientFactory(with_user=True).user)
    assert client.get(reverse("documents:sign", args=[wanted.pk])).status_code == 404


def test_an_admin_opens_no_document(client, course):
    document = make.signed(course)
    client.force_login(UserFactory(roles=["admin"]))
    assert client.get(reverse("documents:document", args=[document.pk])).status_code == 403


def test_the_pdf_opens_in_the_browser_or_is_saved_and_the_reading_is_logged(signed_in, course):
    document = make.signed(course)
    address = reverse("documents:pdf", args=[document.pk])
    assert signed_in.get(address).url == reverse("documents:document", args=[document.pk])
    rendering.render_owed()
    shown = signed_in.get(address)
    assert shown["Content-Type"] == "application/pdf"
    assert shown["Content-Disposition"].startswith("inline; filename=")
    assert shown["Cache-Control"] == "no-store, private"
    assert signed_in.get(address + "?save")["Content-Disposition"].startswith("attachment")
    assert AccessLog.objects.filter(kind="document pdf", client_id=course.client_id).count() == 2
    assert AccessLog.objects.filter(kind="document").exists() is False
    assert "Open the PDF" in page(signed_in.get(reverse("documents:document", args=[document.pk])))


def test_hash_and_seal_can_be_checked_on_the_page(client, course, mara):
    document = make.signed(course)
    rendering.render_owed()
    client.force_login(mara)
    text = page(client.get(reverse("documents:document", args=[document.pk]), {"check": ""}))
    assert text.count("Good:") == 4


def test_she_withdraws_with_her_name(signed_in, course):
    document = make.signed(course)
    address = reverse("documents:withdraw", args=[document.pk])
    assert (
        signed_in.post(address, {"printed_name": "Somebody", "reason": "Changed my mind"}).status_code == 422
    )
    assert signed_in.post(address, {"printed_name": "Robin Lee", "reason": ""}).status_code == 302
    assert "Withdrawn" in page(signed_in.get(reverse("documents:document", args=[document.pk])))


def test_a_record_of_the_clinic_cannot_be_withdrawn(signed_in, course):
    assert signed_in.get(reverse("documents:withdraw", args=[make.record(course).pk])).status_code == 404


def test_staff_ask_for_a_text_and_take_it_back(client, course, mara):
    make.published()
    client.force_login(mara)
    address = reverse("documents:ask", args=[course.pk])
    assert client.post(address, {"text": ""}).status_code == 422
    client.post(address, {"text": "telehealth_consent|"})
    wanted = SignatureRequest.objects.get()
    assert "Waiting, not signed yet" in page(client.get(address))
    client.post(reverse("documents:cancel", args=[wanted.pk]))
    assert "No longer asked for" in page(client.get(address))


def test_the_list_of_a_client_loads_no_bytes_and_asks_the_same_with_1_and_100_documents(
    course, django_assert_num_queries
):
    counts = []
    for amount in (1, 99):
        for n in range(amount):
            make.record(course, title=f"Record {n}")
        with CaptureQueriesContext(connection) as queries:
            rows = list(lists.of_client(course.client))
            assert [row.has_pdf for row in rows].count(True) == 0
            assert [lists.standing(row) for row in rows]
        counts.append(len(queries))
        assert not any('"content"' in q["sql"] or '"html"' in q["sql"] for q in queries)
    assert counts[0] == counts[1] == 2
