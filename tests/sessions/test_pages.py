"""Pages of the room: who may, what is shown, what happens to typing that was refused."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from kap.core import clock
from sessions.models import Administration, DosingSession, Observation, Vitals
from tests.factories.dosing import PIN, checked, dosed, opened, ready_to_dose, started
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def url(name, scene, **more):
    return reverse(f"dosing:{name}", kwargs={"pk": scene.session.pk, **more})


def test_rooms_list_todays_sessions(as_):
    scene = ready_to_dose()
    page = as_(scene.monitor).get(reverse("dosing:rooms"))
    assert page.status_code == 200
    assert "June Ashworth" in page.content.decode()
    chips = as_(scene.monitor).get(reverse("dosing:readiness", args=[scene.appointment.pk])).content.decode()
    assert "Open session" in chips
    assert "Preparation signed" in chips


def test_the_gate_is_read_on_the_page(as_):
    scene = ready_to_dose(prepared=False)
    page = as_(scene.monitor).get(reverse("dosing:open", args=[scene.appointment.pk]))
    assert "The preparation is not signed." in page.content.decode()
    assert "Open session</button>" not in page.content.decode()
    answer = as_(scene.monitor).post(reverse("dosing:open", args=[scene.appointment.pk]))
    assert answer.status_code == 422
    assert not DosingSession.objects.exists()


def test_opening_leads_into_the_room(as_):
    scene = ready_to_dose()
    answer = as_(scene.monitor).post(reverse("dosing:open", args=[scene.appointment.pk]))
    scene.session = DosingSession.objects.get()
    assert answer["Location"] == url("session", scene)
    page = as_(scene.monitor).get(url("session", scene)).content.decode()
    assert "Pre-dose check" in page
    assert "To be answered by" in page


def test_strangers_get_404_and_admins_403(as_):
    scene = ready_to_dose()
    opened(scene)
    assert as_(UserFactory(roles=["monitor"])).get(url("session", scene)).status_code == 404
    assert as_(UserFactory(roles=["admin"])).get(url("session", scene)).status_code == 403
    assert as_(UserFactory(roles=["monitor"])).get(
        reverse("dosing:open", args=[scene.appointment.pk])
    ).status_code == 404  # fmt: skip


def test_a_line_is_one_tap(as_):
    scene = ready_to_dose()
    opened(scene)
    answer = as_(scene.monitor).post(url("line", scene), {"line": "room", "answer": "fine"})
    assert answer["Location"].endswith("#line-room")
    refused = as_(scene.monitor).post(
        url("line", scene), {"line": "benzodiazepine", "answer": "problem", "detail": ""}
    )
    assert refused.status_code == 422
    assert "say in a few words" in refused.content.decode()


def test_the_pre_dose_page_starts_the_medicine_when_all_is_there(as_):
    scene = ready_to_dose()
    checked(scene)
    page = as_(scene.monitor).get(url("session", scene)).content.decode()
    assert "Start the medicine</button>" in page
    answer = as_(scene.monitor).post(url("start", scene), {"once": str(uuid4())})
    assert answer.status_code == 302
    scene.session.refresh_from_db()
    assert scene.session.started_at
    assert "Record a dose" in as_(scene.monitor).get(url("session", scene)).content.decode()


def test_a_plain_form_saves_a_reading_and_keeps_refused_typing(as_):
    scene = ready_to_dose()
    dosed(scene)
    browser, sent = (
        as_(scene.monitor),
        {"entry_key": str(uuid4()), "systolic_mmhg": "97", "diastolic_mmhg": "148"},
    )
    refused = browser.post(url("vitals", scene), sent)
    assert refused.status_code == 422
    assert 'value="97"' in refused.content.decode()
    assert "97/148, swapped?" in refused.content.decode()
    kept = browser.post(url("vitals", scene), {**sent, "systolic_mmhg": "148", "diastolic_mmhg": "97"})
    assert kept.status_code == 302
    wrong = browser.post(url("vitals", scene), {"entry_key": str(uuid4()), "spo2_percent": "9.8"})
    assert wrong.status_code == 422
    assert "SpO2: enter a number in %" in wrong.content.decode()


def test_a_script_gets_json_and_the_same_entry_twice_is_one_row(as_):
    scene = ready_to_dose()
    dosed(scene)
    browser = as_(scene.monitor)
    sent = {"entry_key": str(uuid4()), "systolic_mmhg": "152", "diastolic_mmhg": "94"}
    first = browser.post(url("vitals", scene), sent, headers={"X-Room": "1"})
    again = browser.post(url("vitals", scene), sent, headers={"X-Room": "1"})
    assert first.json()["crossed"]
    assert first.json() == again.json()
    assert Vitals.objects.filter(phase="during").count() == 1
    odd = browser.post(url("vitals", scene), {"entry_key": str(uuid4()), "systolic_mmhg": "97", "diastolic_mmhg": "148"},
                       headers={"X-Room": "1"})  # fmt: skip
    assert odd.status_code == 422
    assert odd.json()["swap"] is True


def test_other_devices_ask_cheaply_and_see_new_rows(as_, django_assert_num_queries):
    scene = ready_to_dose()
    dosed(scene)
    browser = as_(scene.monitor)
    page = browser.get(url("session", scene)).content.decode()
    seen = page.split("flow/?seen=")[1].split('"')[0]
    assert browser.get(url("flow", scene), {"seen": seen}).status_code == 204
    browser.post(url("observation", scene), {"words": "Tears, then calm."})
    changed = browser.get(url("flow", scene), {"seen": seen})
    assert changed.status_code == 200
    assert "Tears, then calm." in changed.content.decode()
    assert 'hx-swap-oob="true"' in changed.content.decode()


def test_a_dose_is_recorded_on_its_page(as_):
    scene = ready_to_dose()
    started(scene)
    browser = as_(scene.monitor)
    page = browser.get(url("dose", scene)).content.decode()
    assert "100 to 150 mg" in page
    assert 'name="dose_mg" value=' not in page
    refused = browser.post(url("dose", scene), {"dose_mg": "300", "witness": scene.therapist.pk, "pin": PIN})
    assert refused.status_code == 422
    assert "Give at most" in refused.content.decode()
    assert not Administration.objects.exists()
    done = browser.post(url("dose", scene), {"dose_mg": "150", "witness": scene.therapist.pk, "pin": PIN})
    assert done.status_code == 302
    assert Administration.objects.get().witness == scene.therapist


def test_a_double_press_records_one_observation(as_):
    scene = ready_to_dose()
    dosed(scene)
    sent = {"words": "Humming.", "once": str(uuid4())}
    for _press in range(2):
        assert as_(scene.monitor).post(url("observation", scene), sent).status_code == 302
    assert Observation.objects.count() == 1


def test_an_event_and_a_strike_by_their_pages(as_):
    scene = ready_to_dose()
    dosed(scene)
    browser = as_(scene.monitor)
    sent = {
        "code": "nausea",
        "grade": "1",
        "relatedness": "possible",
        "action": "watched",
        "outcome": "ongoing",
    }
    assert browser.post(url("event", scene), sent).status_code == 302
    assert browser.post(url("event", scene), {"code": "nausea"}).status_code == 422
    row = scene.session.adverseevents.get()
    page = browser.get(url("strike", scene, kind="event", row=row.pk))
    assert "Nausea, grade 1" in page.content.decode()
    assert (
        browser.post(url("strike", scene, kind="event", row=row.pk), {"reason": "Other client"}).status_code
        == 302
    )
    assert "Struck through" in browser.get(url("session", scene)).content.decode()
    assert browser.get(url("strike", scene, kind="hat", row=row.pk)).status_code == 404


def test_the_discharge_page_is_locked_with_its_reason(as_):
    scene = ready_to_dose()
    dosed(scene)
    page = as_(scene.monitor).get(url("discharge", scene)).content.decode()
    assert "2 h after the last dose" in page
    assert "Modified Aldrete" not in page
    clock.advance(timedelta(minutes=125))
    assert "Modified Aldrete" in as_(scene.monitor).get(url("discharge", scene)).content.decode()


def discharged(browser, scene, **changes):
    given = {
        f"aldrete_{c}": "2" for c in ("activity", "respiration", "circulation", "consciousness", "oxygen")
    }
    given |= {f"padss_{c}": "2" for c in ("vitals", "ambulation", "nausea", "pain", "bleeding")}
    given |= dict.fromkeys(
        ("oriented", "steady_gait", "mood_reviewed", "companion_took_charge", "instructions_given", "integration_time_told"),
        "yes",
    )  # fmt: skip
    given |= {
        "moaas": "5",
        "new_suicidal_thoughts": "no",
        "companion": scene.companion.pk,
        "printed_name": "Ana Ruiz",
    }
    return browser.post(url("discharge", scene), {**given, **changes})


def test_discharge_by_its_page_ends_in_the_record(as_):
    scene = ready_to_dose()
    dosed(scene)
    clock.advance(timedelta(minutes=125))
    browser = as_(scene.monitor)
    refused = discharged(browser, scene)
    assert refused.status_code == 422
    assert "Blood pressure before leaving is missing" in refused.content.decode()
    browser.post(
        url("vitals", scene), {"entry_key": str(uuid4()), "systolic_mmhg": "130", "diastolic_mmhg": "82"}
    )
    assert discharged(browser, scene).status_code == 302
    page = browser.get(url("session", scene)).content.decode()
    assert "Discharged" in page
    assert "Rosa Ashworth took charge" in page
    assert browser.get(url("discharge", scene)).status_code == 302


def test_left_and_not_dosed_by_their_pages(as_):
    scene = ready_to_dose()
    checked(scene)
    browser = as_(scene.monitor)
    assert browser.post(url("not_dosed", scene), {"words": "no"}).status_code == 422
    assert browser.post(url("not_dosed", scene), {"words": "She felt unwell today."}).status_code == 302
    assert "She felt unwell today." in browser.get(url("session", scene)).content.decode()
    other = ready_to_dose(team=scene)
    dosed(other)
    sent = {
        "words": "She left with her sister, against advice.",
        "printed_name": "Ana Ruiz",
        "companion": other.companion.pk,
    }
    assert browser.post(url("left", other), sent).status_code == 302
    assert "Not met when leaving" in browser.get(url("session", other)).content.decode()


def test_the_preparation_is_written_signed_and_pinned(as_):
    scene = ready_to_dose(prepared=False)
    page = as_(scene.therapist).get(reverse("dosing:preparation", args=[scene.course.pk]))
    assert page.status_code == 200
    assert "Intention" in page.content.decode()
    pinned = ready_to_dose(team=scene)
    started(pinned)
    assert (
        "To meet what I have been avoiding."
        in as_(scene.monitor).get(url("session", pinned)).content.decode()
    )


def test_a_prescriber_passes_a_short_interval(as_):
    scene = ready_to_dose()
    first = ready_to_dose(team=scene)
    dosed(first)
    from sessions.evidence import minimum_interval

    found = minimum_interval(first.course, None)
    assert found
    assert found[0].overridable
    page = as_(scene.prescriber).get(
        reverse("dosing:pass_entry", kwargs={"pk": first.appointment.pk, "evidence": "minimum_interval"})
    )
    assert page.status_code == 200
    assert as_(scene.monitor).get(
        reverse("dosing:pass_entry", kwargs={"pk": first.appointment.pk, "evidence": "minimum_interval"})
    ).status_code == 403  # fmt: skip


def test_reading_a_session_is_logged(as_):
    from kap.audit.models import AccessLog

    scene = ready_to_dose()
    dosed(scene)
    as_(scene.monitor).get(url("session", scene))
    row = AccessLog.objects.filter(kind="flowsheet").get()
    assert (row.client_id, row.actor) == (scene.client.pk, scene.monitor.audit_label)
