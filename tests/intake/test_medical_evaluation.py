"""The medical evaluation as its prescriber works it: draft, flags, decision, and what is kept of it."""

import json
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from intake import actions
from intake.days import clinic_today
from intake.evidence import diagnosis_coded, evaluation_in_date
from intake.models import Evaluation, TelemedicineBasis
from intake.signing import DraftChanged
from kap.core.errors import Refused, Stale
from kap.documents.models import Document
from kap.pathway import actions as pathway
from kap.people.models import Allergy, Credential
from tests.factories.intake import answers, fill_in
from tests.factories.medical import diagnosed, drafted, evaluated, examined, medical_case

pytestmark = pytest.mark.django_db


def decide(case, draft, decision="clear", **more):
    given = {"printed_name": case.prescriber.name, "revision": draft.revision, **more}
    return actions.decide(evaluation=draft, decision=decision, by=case.prescriber.user, **given)


def test_a_clearance_is_frozen_signed_and_dated():
    case = medical_case()
    decided = evaluated(case)

    assert decided.valid_until == clinic_today() + timedelta(days=case.course.rules.validity.evaluation_days)
    document = Document.objects.get(kind="medical_evaluation", course=case.course)
    assert (document.about, document.sha256) == (decided.pk, decided.sha256)
    assert bytes(document.content) == bytes(decided.content)
    content = json.loads(bytes(document.content))["content"]
    assert content["decision"] == "clear"
    assert content["weight_kg"] == "70.0"
    signature = document.signatures.get()
    assert (signature.printed_name, signature.capacity) == ("Ines Osei", "prescriber")
    assert document.render_job.done_at is None
    assert evaluation_in_date(case.course) is None


def test_a_decided_evaluation_cannot_be_changed_by_anybody():
    case = medical_case()
    decided = evaluated(case)

    with pytest.raises(Stale):
        actions.save_evaluation(
            evaluation=decided,
            values=examined(),
            answers={},
            revision=decided.revision,
            by=case.prescriber.user,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Evaluation.objects.filter(pk=decided.pk).update(decision="decline")
    with pytest.raises(IntegrityError), transaction.atomic():
        decided.flag_answers.update(words="rewritten")


def test_an_unanswered_hard_flag_stops_clear_but_not_decline():
    case = medical_case(answers(health={"glaucoma": "yes"}, mental_health={"psychosis_now": "yes"}))
    draft = drafted(case, answer_flags=False, reasons="Current psychosis; refer to early intervention.")

    with pytest.raises(Refused) as refused:
        decide(case, draft)
    assert any("has no response" in reason for reason in refused.value.reasons)

    declined = decide(case, draft, "decline", exit_reason="contraindicated")
    case.course.refresh_from_db()
    assert case.course.stage == "declined"
    assert declined.valid_until is None
    move = case.course.moves.last()
    assert (move.reason, move.words) == ("contraindicated", "Current psychosis; refer to early intervention.")


def test_pregnancy_is_never_cleared_whatever_is_written():
    case = medical_case(answers(health={"pregnant": "yes"}))
    draft = drafted(case, reasons="She asks for it and understands the risk.")

    with pytest.raises(Refused) as refused:
        decide(case, draft)
    assert any("Nobody may override this" in reason for reason in refused.value.reasons)


def test_an_allergy_to_ketamine_written_down_later_stops_clear():
    case = medical_case()
    Allergy.objects.create(client=case.client, substance="Ketamine")
    draft = drafted(case)
    with pytest.raises(Refused, match="Ketamine"):
        decide(case, draft)


def test_nobody_under_age_is_cleared():
    case = medical_case(forms=False)
    case.client.birth_date = clinic_today() - timedelta(days=17 * 365)
    case.client.save(update_fields=["birth_date"])
    draft = drafted(case)
    with pytest.raises(Refused, match="youngest age is 18"):
        decide(case, draft)


def test_high_pressure_is_cleared_only_with_reasons():
    case = medical_case()
    draft = drafted(case, systolic_mmhg=165)
    with pytest.raises(Refused, match="Give your reasons"):
        decide(case, draft)

    draft.refresh_from_db()
    draft = drafted(case, systolic_mmhg=165, reasons="White-coat; 128/80 at home over two weeks.")
    assert decide(case, draft).decision == "clear"


def test_conditions_are_written_down():
    case = medical_case()
    draft = drafted(case)
    with pytest.raises(Refused, match="conditions"):
        decide(case, draft, "conditions")
    draft = drafted(case, conditions="Take the morning dose of lisinopril; BP before each session.")
    assert decide(case, draft, "conditions").conditions.startswith("Take the morning")


def test_deferring_needs_a_listed_reason_and_words_and_leaves_the_pathway():
    case = medical_case()
    draft = drafted(case)
    with pytest.raises(Refused, match="reason"):
        decide(case, draft, "defer")
    with pytest.raises(Refused, match="full sentence"):
        decide(case, draft, "defer", exit_reason="awaiting_clearance")

    draft = drafted(case, reasons="Cardiology letter is on its way.", weight_kg=None, weight_measured_on=None)
    decide(case, draft, "defer", exit_reason="awaiting_clearance")
    case.course.refresh_from_db()
    assert case.course.stage == "deferred"
    assert "says: defer" in evaluation_in_date(case.course).words


def test_a_decision_needs_the_prescribers_own_name_and_right():
    case = medical_case()
    draft = drafted(case)
    with pytest.raises(Refused, match="Ines Osei"):
        decide(case, draft, printed_name="Somebody Else")
    with pytest.raises(PermissionDenied):
        actions.decide(
            evaluation=draft,
            decision="clear",
            revision=draft.revision,
            printed_name="Mara Quinn",
            by=case.therapist.user,
        )
    assert Document.objects.filter(kind="medical_evaluation").count() == 0


def test_without_a_licence_where_the_client_was_she_cannot_clear():
    case = medical_case()
    draft = drafted(case, patient_state="NV")
    with pytest.raises(Refused, match="no professional licence in NV"):
        decide(case, draft)


def test_an_older_page_does_not_overwrite_a_newer_draft():
    case = medical_case()
    draft = drafted(case)
    with pytest.raises(DraftChanged):
        actions.save_evaluation(
            evaluation=draft, values=examined(systolic_mmhg=99), answers={}, revision=draft.revision - 1,
            by=case.prescriber.user,
        )  # fmt: skip
    draft.refresh_from_db()
    assert draft.systolic_mmhg == 122


def test_forms_sent_again_must_be_read_before_deciding():
    case = medical_case(answers(health={"glaucoma": "yes"}))
    draft = drafted(case)
    said = draft.flag_answers.count()
    fill_in(
        case.course,
        answers(health={"glaucoma": "yes"}, goals={"hopes": "To work again."}),
        only=["health", "goals"],
    )
    actions.send_forms(course=case.course, by=case.client.user)
    with pytest.raises(Refused, match="sent the forms again"):
        decide(case, draft)

    draft = actions.use_newest_forms(evaluation=draft, by=case.prescriber.user)
    assert draft.flag_answers.count() == said
    assert decide(case, draft).submission.number == 2


def test_a_visit_in_person_is_kept_as_a_ground_for_telemedicine():
    case = medical_case()
    evaluated(case)
    basis = TelemedicineBasis.objects.get(client=case.client)
    assert (basis.basis, basis.valid_from) == ("in_person", clinic_today())


def test_a_clearance_ends_by_itself_and_by_a_later_refusal(at):
    case = medical_case()
    decided = evaluated(case)
    from kap.core import clock

    clock.advance(timedelta(days=case.course.rules.validity.evaluation_days))
    assert evaluation_in_date(case.course) is None
    clock.advance(timedelta(days=1))
    assert f"ended on {decided.valid_until:%-d %B %Y}" in evaluation_in_date(case.course).words
    assert not evaluation_in_date(case.course).overridable


def test_one_principal_diagnosis_and_psychosis_stops_the_gate():
    case = medical_case()
    assert "no diagnosis to treat" in diagnosis_coded(case.course)[0].words
    first, second = diagnosed(case, "F33.1"), diagnosed(case, "F43.10", principal=True)
    first.refresh_from_db()
    assert (first.is_principal, second.is_principal) == (False, True)
    assert diagnosis_coded(case.course) is None

    psychotic = diagnosed(case, "F33.3")
    assert not psychotic.is_principal
    assert diagnosis_coded(case.course)[0].overridable
    actions.end_diagnosis(diagnosis=psychotic, by=case.prescriber.user)
    actions.end_diagnosis(diagnosis=second, by=case.prescriber.user)
    assert "principal" in diagnosis_coded(case.course)[0].words
    actions.make_principal(diagnosis=first, by=case.prescriber.user)
    assert diagnosis_coded(case.course) is None


def test_treatment_resistance_needs_its_trials():
    case = medical_case()
    with pytest.raises(Refused, match="at least 2"):
        diagnosed(
            case, treatment_resistant=True, adequate_trials=1, trials="sertraline 200 mg, 10 weeks, none"
        )
    with pytest.raises(Refused, match="Write down the trials"):
        diagnosed(case, treatment_resistant=True, adequate_trials=2)
    made = diagnosed(
        case, treatment_resistant=True, adequate_trials=2, trials="sertraline 200 mg\nbupropion 300 mg"
    )
    assert made.trials.startswith("Adequate trials: 2")
    with pytest.raises(Stale):
        diagnosed(case)
    with pytest.raises(Refused, match="not a code"):
        diagnosed(case, "Z99.9")


def test_an_expired_licence_stops_clearing():
    case = medical_case()
    Credential.objects.filter(provider=case.prescriber, kind="licence").update(
        expires_on=clinic_today() - timedelta(days=1)
    )
    with pytest.raises(Refused, match="expired"):
        decide(case, drafted(case))


def test_a_deferred_client_who_comes_back_answers_anew_and_can_be_cleared():
    case = medical_case(answers(health={"pregnant": "yes"}))
    draft = drafted(case, reasons="Pregnant; come back after weaning.")
    decide(case, draft, "defer", exit_reason="other")
    pathway.resume(course=case.course, words="Weaned in May.", by=case.prescriber.user)
    case.course.refresh_from_db()
    assert case.course.stage == "medical"

    fill_in(case.course, answers(health={"pregnant": "no"}), only=["health"])
    actions.send_forms(course=case.course, by=case.client.user)
    assert evaluated(case).submission.number == 2
    assert evaluation_in_date(case.course) is None
