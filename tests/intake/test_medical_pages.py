"""The prescriber's pages: who opens them, what is typed stays, what is refused is said where she is."""

from datetime import timedelta

import pytest
from django.urls import reverse

from intake.days import clinic_today
from intake.models import Evaluation, Order
from kap.audit.models import AccessLog
from kap.core import clock
from tests.factories.intake import answers
from tests.factories.medical import (
    diagnosed,
    drafted,
    evaluated,
    medical_case,
    order_values,
    ordered,
    planned,
    prepared_case,
)
from tests.factories.people import ProviderFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return medical_case(answers(health={"glaucoma": "yes"}))


@pytest.fixture
def ines(case, client):
    client.force_login(case.prescriber.user)
    return client


def typed(**changes) -> dict:
    today = clinic_today().isoformat()
    return {
        "version": "0", "patient_state": "CA", "systolic_mmhg": "122", "diastolic_mmhg": "78", "heart_rate_bpm": "68",
        "spo2_percent": "98", "weight_kg": "70", "weight_measured_on": today, "height_cm": "168", "note_heart": "Regular.",
        "lab_tsh": "2.1", "lab_tsh_on": today, **changes,
    }  # fmt: skip


def responses(evaluation) -> dict:
    return {f"flag_{flag.pk}": "Asked: stable." for flag in evaluation.submission.flags.all()}


def begin(case, page) -> Evaluation:
    page.post(reverse("intake:evaluation_start", args=[case.course.pk]))
    return Evaluation.objects.get(course=case.course, decided_at=None)


def test_strangers_and_wrong_roles_see_nothing(case, client):
    pages = [
        reverse(f"intake:{name}", args=[case.course.pk])
        for name in ("evaluation", "order", "plan", "order_write")
    ]
    client.force_login(ProviderFactory(roles=["prescriber"]).user)
    assert {client.get(page).status_code for page in pages} == {404}
    assert client.post(reverse("intake:evaluation_start", args=[case.course.pk])).status_code == 404
    client.force_login(UserFactory(roles=["admin"]))
    assert {client.get(page).status_code for page in pages} == {403}
    client.force_login(case.client.user)
    assert {client.get(page).status_code for page in pages} == {403}
    client.logout()
    assert {client.get(page).status_code for page in pages} == {302}


def test_an_evaluation_from_the_queue_to_the_decision(case, ines):
    queue = ines.get(reverse("intake:queue")).content.decode()
    assert "Hana Ito" in queue
    assert "Evaluation, Diagnosis, Order, Plan" in queue
    draft = begin(case, ines)
    page = ines.get(reverse("intake:evaluation", args=[case.course.pk])).content.decode()
    assert "penicillin" in page
    assert 'href="#a-health-glaucoma"' in page
    assert 'id="a-health-glaucoma"' in page
    assert AccessLog.objects.filter(client_id=case.client.pk, kind="medical evaluation").exists()

    url = reverse("intake:evaluation_decide", args=[draft.pk])
    first = ines.post(url, typed(do="decide", decision="clear", printed_name="Ines Osei"))
    assert first.status_code == 422
    assert "has no response" in first.content.decode()
    draft.refresh_from_db()
    assert draft.systolic_mmhg == 122

    done = ines.post(
        url, typed(do="decide", decision="clear", printed_name="Ines Osei", version="1", **responses(draft))
    )
    assert done.status_code == 302
    page = ines.get(done["Location"]).content.decode()
    assert "Open the signed evaluation" in page
    draft.refresh_from_db()
    assert draft.notes == {
        "heart": "Regular.",
        "labs": {"tsh": {"result": "2.1", "on": clinic_today().isoformat()}},
    }


def test_nothing_is_filled_in_for_her(case, ines):
    begin(case, ines)
    page = ines.get(reverse("intake:evaluation", args=[case.course.pk]))
    form = page.context["form"]
    assert {form[name].value() for name in ("systolic_mmhg", "weight_kg", "patient_state", "height_cm")} <= {
        None,
        "",
    }
    assert page.context["decide"]["decision"].value() is None


def test_autosave_saves_refuses_and_tells_of_a_conflict(case, ines):
    draft = begin(case, ines)
    url = reverse("intake:evaluation_autosave", args=[draft.pk])
    saved = ines.post(url, typed(), headers={"X-Autosave": "1"}).json()
    assert saved["version"] == 1
    wrong = ines.post(
        url, typed(version="1", systolic_mmhg="9800", diastolic_mmhg="abc"), headers={"X-Autosave": "1"}
    )
    assert wrong.status_code == 422
    assert wrong.json()["errors"]["diastolic_mmhg"] == ["Diastolic: enter a number in mmHg"]
    stale = ines.post(url, typed(version="0"), headers={"X-Autosave": "1"})
    assert stale.status_code == 409
    assert "another window" in stale.json()["conflict"]
    swapped = ines.post(
        url, typed(version="1", systolic_mmhg="78", diastolic_mmhg="122"), headers={"X-Autosave": "1"}
    )
    assert "looks swapped" in swapped.json()["errors"]["diastolic_mmhg"][0]


def test_a_stale_page_keeps_its_typing_and_changes_nothing(case, ines):
    draft = drafted(case)
    url = reverse("intake:evaluation_decide", args=[draft.pk])
    page = ines.post(
        url, typed(do="decide", decision="clear", printed_name="Ines Osei", note_liver="Mine, typed here")
    )
    assert page.status_code == 422
    assert "Mine, typed here" in page.content.decode()
    draft.refresh_from_db()
    assert "liver" not in draft.notes


def test_a_decision_is_made_once_however_often_it_is_pressed(case, ines):
    draft = drafted(case)
    given = typed(
        do="decide",
        decision="clear",
        printed_name="Ines Osei",
        version=str(draft.revision),
        **responses(draft),
    )
    given["once"] = "5f0d2c70-0a0b-4a55-9a55-2d8a6a1f0d11"
    url = reverse("intake:evaluation_decide", args=[draft.pk])
    assert [ines.post(url, given).status_code for _ in range(2)] == [302, 302]
    assert case.course.documents.filter(kind="medical_evaluation").count() == 1


def test_declining_from_the_page_takes_her_off_the_pathway(case, ines):
    draft = drafted(case)
    url = reverse("intake:evaluation_decide", args=[draft.pk])
    given = typed(do="decide", decision="decline", printed_name="Ines Osei", version=str(draft.revision))
    page = ines.post(url, given)
    assert page.status_code == 422
    assert "Reason to defer or decline: choose one." in page.content.decode()
    done = ines.post(
        url, {**given, "exit_reason": "contraindicated", "reasons": "Uncontrolled epilepsy; neurology first."}
    )
    assert done.status_code == 302
    case.course.refresh_from_db()
    assert case.course.stage == "declined"
    assert ines.get(done["Location"]).status_code == 200


def test_diagnoses_are_searched_and_added(case, ines):
    url = reverse("intake:diagnosis_new", args=[case.course.pk])
    assert "F33.1" in ines.get(url, {"q": "recurrent depress"}).content.decode()
    assert "Nothing in the clinic" in ines.get(url, {"q": "zzz"}).content.decode()
    assert ines.post(url, {"q": "F33", "code": "Z00.0"}).status_code == 422
    missing = ines.post(url, {"q": "F33.1", "code": "F33.1", "treatment_resistant": "on"})
    assert missing.status_code == 422
    assert "enter how many there were" in missing.content.decode()
    assert ines.post(url, {"q": "F33.1", "code": "F33.1"}).status_code == 302
    row = case.course.diagnoses.get()
    assert row.is_principal
    assert ines.post(reverse("intake:diagnosis_change", args=[row.pk]), {"do": "end"}).status_code == 302
    row.refresh_from_db()
    assert row.ended_at


def as_typed(values) -> dict:
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else str(value)
        for key, value in values.items()
        if value is not None
    }


def test_an_order_is_written_read_back_and_signed(case, ines):
    evaluated(case)
    write = reverse("intake:order_write", args=[case.course.pk])
    blank = ines.get(write).context["form"]
    assert {blank[name].value() for name in blank.fields} == {None}
    empty = ines.post(write, {})
    assert empty.status_code == 422
    assert "Lowest dose: enter a number in mg" in empty.content.decode()

    values = as_typed(order_values(dose_max_mg="80", session_max_mg="80"))
    values.pop("weight_kg")
    values.pop("weight_measured_on")
    review = ines.post(write, values)
    order = Order.objects.get(course=case.course)
    assert review["Location"] == reverse("intake:order_review", args=[order.pk])
    page = ines.get(review["Location"])
    body = page.content.decode()
    assert "80\xa0mg (1.14\xa0mg/kg)" in body
    assert "for 70 kg measured on" in body
    seen = page.context["form"].initial["seen"]
    sign = reverse("intake:order_sign", args=[order.pk])
    no_reason = ines.post(sign, {"printed_name": "Ines Osei", "seen": seen})
    assert no_reason.status_code == 422
    done = ines.post(
        sign, {"printed_name": "Ines Osei", "seen": seen, "soft_reason": "Second course, tolerated before."}
    )
    assert done.status_code == 302
    body = ines.get(done["Location"]).content.decode()
    assert "The consents for it wait for the client&#x27;s signature." in body
    assert "0 of 6 sessions used, 6 left" in body
    assert "print the order and sign it in ink" in body
    assert "Consent to treatment is not in force" in body


@pytest.mark.parametrize(
    ("changes", "in_force"),
    [
        ({"dose_max_mg": "80", "session_max_mg": "80"}, True),
        ({"route": "sl", "strength": "lozenge 50 mg"}, False),
    ],
)
def test_consents_that_hold_for_the_next_order_do_not_wait(client, changes, in_force):
    """clinical.md §7: a consent is to a route and a setting, not to one order."""
    case = prepared_case()
    client.force_login(case.prescriber.user)
    values = as_typed(order_values(**changes))
    review = client.post(reverse("intake:order_write", args=[case.course.pk]), values, follow=True)
    order = case.course.orders.get(signed_at=None)
    given = {
        "printed_name": "Ines Osei",
        "seen": review.context["form"].initial["seen"],
        "soft_reason": "Known well.",
    }
    done = client.post(reverse("intake:order_sign", args=[order.pk]), given)
    body = client.get(done["Location"]).content.decode()
    assert ("The consents in force hold for it, too." in body) == in_force
    assert ("signature." in body) != in_force
    assert ("is not in force" in body) != in_force


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dose_max_mg": "20"}, "Highest dose: enter one that is not below the lowest."),
        ({"session_max_mg": "30"}, "Most in one session: enter at least the highest dose."),
        ({"route": "iv"}, "Infused over: enter the minutes of the infusion."),
        ({"infusion_minutes": "40"}, "Infused over: clear this"),
        ({"setting": "remote"}, "Route: at home, choose the lozenge or by mouth."),
        ({"dose_min_mg": "0"}, "Lowest dose: enter a number above 0 mg."),
        ({"dose_min_mg": "twenty"}, "Lowest dose: enter a number in mg"),
        ({"weight_measured_on": ""}, "Measured on: enter the weight and its day together."),
        ({"expires_on": ""}, "Expires on: enter a date that exists"),
    ],
)
def test_what_an_order_form_says_of_slips(case, ines, changes, words):
    evaluated(case)
    page = ines.post(
        reverse("intake:order_write", args=[case.course.pk]), {**as_typed(order_values()), **changes}
    )
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not Order.objects.exists()


def test_an_order_beyond_what_anybody_may_sign_has_no_sign_button(case, ines):
    evaluated(case)
    values = as_typed(order_values(expires_on=clinic_today() + timedelta(days=200)))
    page = ines.post(
        reverse("intake:order_write", args=[case.course.pk]), values, follow=True
    ).content.decode()
    assert "Nobody may override what is named above" in page
    assert "Sign the order" not in page


def test_ending_an_order_wants_words(case, ines):
    evaluated(case)
    order = ordered(case)
    url = reverse("intake:order_end", args=[order.pk])
    ines.post(url, {"words": ""})
    order.refresh_from_db()
    assert order.ended_at is None
    ines.post(url, {"words": "Nausea twice, new dose to follow"})
    order.refresh_from_db()
    assert order.ended_at


def test_a_plan_is_written_by_the_therapist_and_signed(case, client):
    evaluated(case)
    client.force_login(case.therapist.user)
    assert "Write the plan" in client.get(reverse("intake:plan", args=[case.course.pk])).content.decode()
    client.post(reverse("intake:plan_start", args=[case.course.pk]))
    plan = case.course.plans.get()
    given = {"version": "0", "problems": "Low mood.", "goal_1": "Lift mood", "measure_1": "PHQ-9"}
    saved = client.post(reverse("intake:plan_autosave", args=[plan.pk]), given, headers={"X-Autosave": "1"})
    assert saved.json()["version"] == 1
    sign = reverse("intake:plan_sign", args=[plan.pk])
    given |= {"version": "1", "do": "sign", "printed_name": "Mara Quinn"}
    short = client.post(sign, given)
    assert short.status_code == 422
    assert "say how it is measured, and the target" in short.content.decode()
    given |= {"version": "2", "target_1": "below 10", "interventions": "KAP", "sessions_planned": "6",
              "review_on": (clinic_today() + timedelta(days=60)).isoformat()}  # fmt: skip
    assert client.post(sign, given).status_code == 302
    assert (
        "Open the signed plan" in client.get(reverse("intake:plan", args=[case.course.pk])).content.decode()
    )


def test_going_on_to_preparation_from_the_page(case, ines):
    evaluated(case)
    diagnosed(case)
    ordered(case)
    url = reverse("intake:to_preparation", args=[case.course.pk])
    refused = ines.post(url, follow=True).content.decode()
    assert "The treatment plan is not signed." in refused
    planned(case)
    assert "Go on to preparation" in ines.get(reverse("intake:order", args=[case.course.pk])).content.decode()
    ines.post(url)
    case.course.refresh_from_db()
    assert case.course.stage == "preparation"


def test_the_queue_shows_whose_papers_run_out(client, at):
    case = prepared_case()
    client.force_login(case.prescriber.user)
    assert "papers running out" not in client.get(reverse("intake:queue")).content.decode()
    clock.advance(timedelta(days=80))
    client.force_login(case.prescriber.user)
    assert "papers running out" in client.get(reverse("intake:queue")).content.decode()
