"""Orders: limits, credentials, read-back, one in force at a time, consents asked for; plans; and what the gates see."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from intake import actions
from intake.days import clinic_today
from intake.evidence import (
    consents_in_force,
    evaluation_in_date,
    order_active,
    plan_signed,
    telemedicine_basis,
)
from intake.follow import end_orders
from intake.models import Order, Plan, TelemedicineBasis
from intake.order_facts import order_findings
from kap.core import clock
from kap.core.errors import Refused, Stale
from kap.documents import actions as documents
from kap.documents.models import Document, SignatureRequest
from kap.pathway import actions as pathway
from kap.pathway.gates import GateClosed, ask, closed
from kap.people.models import Credential
from tests.factories.medical import (
    LOZENGE,
    SYSTEM,
    consented,
    diagnosed,
    evaluated,
    medical_case,
    order_values,
    ordered,
    plan_values,
    planned,
    prepared_case,
)
from tests.factories.pathway import move

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    made = medical_case()
    evaluated(made)
    return made


def draft(case, **changes):
    return actions.draft_order(course=case.course, values=order_values(**changes), by=case.prescriber.user)


def sign(case, order, **more):
    return actions.sign_order(order=order, printed_name=case.prescriber.name, by=case.prescriber.user, **more)


def test_a_signed_order_is_frozen_and_printed_for_ink(case):
    order = ordered(case)
    document = Document.objects.get(kind="order")
    assert (document.about, document.sha256, document.route) == (order.pk, order.sha256, "im")
    html = bytes(document.html).decode()
    for words in ("25\xa0mg (0.36\xa0mg/kg) to 35\xa0mg (0.5\xa0mg/kg)", "DEA registration", "AB1234563",
                  "Signature in ink",
                  "not an electronic prescription", "12 Elm Street", "Schedule III",
                  "210\xa0mg, all sessions together"):  # fmt: skip
        assert words in html
    assert order_active(case.course) is None

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(dose_max_mg=Decimal("90"))


def test_no_order_without_a_clearance():
    case = medical_case()
    with pytest.raises(Refused, match="not cleared today"):
        draft(case)


def test_an_order_does_not_outlive_the_clearance_it_was_written_on(case):
    order = draft(case)
    evaluated(case, "decline", exit_reason="contraindicated", reasons="New finding on the ECG, refer on.")
    with pytest.raises(Refused):
        sign(case, order)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dose_max_mg": Decimal("160"), "session_max_mg": Decimal("160")}, "above the limit of 150"),
        ({"weight_measured_on": -31}, "measured 31 days ago"),
        ({"expires_on": 181}, "An order may run 180 days"),
        ({"strength": ""}, "does not say the strength"),
    ],
)
def test_hard_limits_stop_an_order(case, changes, words):
    days = {
        key: clinic_today() + timedelta(days=value)
        for key, value in changes.items()
        if isinstance(value, int)
    }
    order = draft(case, **{**changes, **days})
    with pytest.raises(Refused, match=words):
        sign(case, order, soft_reason="A reason in a full sentence.")
    order.refresh_from_db()
    assert order.signed_at is None
    assert not Document.objects.filter(kind="order").exists()


def test_a_hard_limit_is_passed_only_on_purpose_with_a_reason(case):
    order = draft(case, dose_max_mg=Decimal("110"), session_max_mg=Decimal("110"))
    assert [f.code for f in order_findings(order, clinic_today()) if f.is_hard] == ["dose_per_kg_above_hard"]
    with pytest.raises(Refused, match="Give your reason"):
        sign(case, order, override_hard=True)
    signed = sign(
        case, order, override_hard=True, soft_reason="Tolerated 100 mg twice elsewhere, records on file."
    )
    content = json.loads(bytes(signed.content))["content"]
    assert "dose_per_kg_above_hard" in content["overridden"]


def test_a_soft_limit_needs_a_written_reason(case):
    order = draft(case, dose_max_mg=Decimal("80"), session_max_mg=Decimal("80"))
    with pytest.raises(Refused, match="Give your reason"):
        sign(case, order)
    assert sign(case, order, soft_reason="Second course, tolerated well before.").soft_reason.startswith(
        "Second course"
    )


def test_what_has_changed_since_the_read_back_is_read_again(case):
    order = draft(case, dose_max_mg=Decimal("80"), session_max_mg=Decimal("80"))
    with pytest.raises(Stale, match="has changed since you read it"):
        sign(case, order, soft_reason="A reason in a full sentence.", seen=[])


@pytest.mark.parametrize(
    ("kind", "words"),
    [("licence", "professional licence in CA expired"), ("dea", "DEA registration in CA expired")],
)
def test_expired_credentials_stop_signing_and_close_the_gate_at_once(case, kind, words):
    order = ordered(case)
    yesterday = clinic_today() - timedelta(days=1)
    Credential.objects.filter(provider=case.prescriber, kind=kind).update(expires_on=yesterday)
    missing = order_active(case.course)
    assert words in missing[0].words
    assert not missing[0].overridable

    actions.end_order(order=order, words="Dose to be changed", by=case.prescriber.user)
    with pytest.raises(Refused, match=words):
        sign(case, draft(case), soft_reason="A reason in a full sentence.", override_hard=True)


def test_a_new_order_ends_the_old_one_in_the_same_act(case):
    old = ordered(case)
    new = ordered(case, dose_max_mg=Decimal("40"), session_max_mg=Decimal("40"), sessions=4)
    old.refresh_from_db()
    assert old.end_words == "Superseded by a new order"
    assert new.supersedes == old
    assert case.course.orders.active(clinic_today()).get() == new

    before = Order.objects.count()
    order = draft(case, dose_max_mg=Decimal("400"), session_max_mg=Decimal("400"))
    with pytest.raises(Refused):
        sign(case, order)
    new.refresh_from_db()
    assert new.ended_at is None
    assert Order.objects.count() == before + 1


def test_an_order_is_not_changed_while_a_dosing_session_is_open(case):
    order = draft(case)
    move(case.course, "preparation")
    move(case.course, "dosing")
    with pytest.raises(Refused, match="between sessions"):
        sign(case, order)


def test_only_the_author_signs_her_draft_and_only_prescribers_order(case):
    order = draft(case)
    with pytest.raises(PermissionDenied):
        actions.sign_order(order=order, printed_name="Mara Quinn", by=case.therapist.user)
    with pytest.raises(Refused, match="Ines Osei"):
        actions.sign_order(order=order, printed_name="I. Osei", by=case.prescriber.user)
    actions.discard_order(order=order, by=case.prescriber.user)
    with pytest.raises(Stale):
        sign(case, order)


def test_remote_is_by_mouth_only(case):
    with pytest.raises(Refused, match="At home only"):
        draft(case, setting="remote")


def test_signing_asks_for_the_right_consents_and_the_gate_wants_them(case):
    ordered(case)
    kinds = [r.template.kind for r in SignatureRequest.objects.filter(course=case.course)]
    assert kinds == ["kap_consent"]
    assert not consents_in_force(case.course)[0].overridable

    consent = consented(case)[0]
    assert consents_in_force(case.course) is None
    documents.withdraw(document=consent, printed_name=case.client.legal_name, by=case.client.user)
    assert "Consent to treatment is not in force" in consents_in_force(case.course)[0].words


def test_a_consent_for_another_route_or_setting_does_not_hold(case):
    ordered(case)
    consented(case)
    ordered(case, **LOZENGE, reason="Client lives far away.")
    case.course.refresh_from_db()
    assert case.course.setting == "remote"
    missing = [m.words for m in consents_in_force(case.course)]
    assert len(missing) == 3
    assert "Telehealth consent is not in force." in missing
    assert {r.template.kind for r in SignatureRequest.objects.filter(course=case.course, document=None)} == {
        "kap_consent", "telehealth_consent", "chaperone_agreement",
    }  # fmt: skip
    consented(case)
    assert consents_in_force(case.course) is None


def test_telemedicine_without_a_visit_ends_with_the_flexibility(at):
    at(2026, 11, 12, 18, 0)
    case = medical_case()
    evaluated(case, seen_in_person_on=None)
    ordered(case, **LOZENGE, expires_on=clinic_today() + timedelta(days=120), reason="Client lives far away.")
    case.course.refresh_from_db()
    assert telemedicine_basis(case.course) is None
    basis = TelemedicineBasis.objects.get(client=case.client)
    assert (basis.basis, str(basis.valid_to)) == ("flexibility", "2026-12-31")

    at(2027, 1, 1, 18, 0)
    missing = telemedicine_basis(case.course)
    assert "31 December 2026" in missing[0].words
    assert not missing[0].overridable
    with pytest.raises(Refused, match="31 December 2026"):
        sign(case, draft(case, **LOZENGE), soft_reason="Client lives far away.", override_hard=True)

    evaluated(case)
    assert telemedicine_basis(case.course) is None


def test_an_expired_order_closes_the_gate(case, at):
    ordered(case, expires_on=clinic_today() + timedelta(days=3))
    clock.advance(timedelta(days=4))
    assert "has expired" in order_active(case.course)[0].words


def test_leaving_the_course_ends_its_orders(case):
    order = ordered(case)
    draft(case)
    pathway.leave(
        course=case.course,
        to="withdrawn",
        reason="client_choice",
        words="Changed her mind.",
        by=case.therapist.user,
    )
    order.refresh_from_db()
    assert order.ended_at is not None
    assert case.course.orders.filter(signed_at=None).count() == 0
    assert end_orders(course=case.course, by=SYSTEM) == 0


def test_a_plan_is_signed_whole_and_tells_the_course_its_sessions(case):
    diagnosed(case)
    plan = planned(case)
    case.course.refresh_from_db()
    assert case.course.planned_sessions == 6
    assert "PHQ-9: below 10" in bytes(plan.document.html).decode()
    assert plan_signed(case.course) is None

    planned(case, sessions_planned=4)
    plan.refresh_from_db()
    case.course.refresh_from_db()
    assert plan.superseded_at is not None
    assert case.course.planned_sessions == 4
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(problems="other")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"problems": " "}, "problems"),
        ({"goals": []}, "at least one goal"),
        ({"goals": [{"goal": "Sleep", "measure": "", "target": ""}]}, "how it is measured"),
        ({"interventions": ""}, "interventions"),
        ({"sessions_planned": None}, "how many dosing sessions"),
        ({"review_on": None}, "reviewed"),
    ],
)
def test_what_a_plan_lacks_is_said(case, changes, words):
    by = case.therapist.user
    plan = actions.start_plan(course=case.course, by=by)
    plan = actions.save_plan(plan=plan, values=plan_values(**changes), revision=plan.revision, by=by)
    with pytest.raises(Refused, match=words):
        actions.sign_plan(plan=plan, revision=plan.revision, printed_name=by.name, by=by)


def test_the_review_lies_ahead_and_within_the_protocol(case):
    for days, words in ((0, "must lie ahead"), (91, "within 90 days")):
        with pytest.raises(Refused, match=words):
            planned(case, review_on=clinic_today() + timedelta(days=days))


def test_the_whole_way_to_preparation():
    case = medical_case()
    with pytest.raises(GateClosed):
        pathway.advance(course=case.course, gate="preparation", by=case.prescriber.user)
    evaluated(case)
    diagnosed(case)
    ordered(case)
    assert [s.key for s in closed(ask("preparation", case.course))] == ["plan_signed"]
    planned(case)
    pathway.advance(course=case.course, gate="preparation", by=case.prescriber.user)
    case.course.refresh_from_db()
    assert case.course.stage == "preparation"


def test_a_prepared_case_lacks_nothing_of_the_prescriber():
    course = prepared_case().course
    for evidence in (evaluation_in_date, order_active, plan_signed, consents_in_force, telemedicine_basis):
        assert evidence(course) is None
