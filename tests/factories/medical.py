"""A medical case through the real actions: forms sent, evaluated, diagnosed, ordered, planned, consented.

case = medical_case()                       # at medical evaluation, on the team of case.prescriber and case.therapist
evaluated(case); diagnosed(case); ordered(case); planned(case); consented(case)
ready = prepared_case()                     # all of it, gone on to preparation
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from intake import actions
from intake.days import clinic_today
from intake.models import Evaluation, Order, Plan
from kap.core.actions import System
from kap.documents import actions as documents
from kap.documents.models import Document, SignatureRequest
from kap.pathway import actions as pathway
from kap.pathway.models import Course
from kap.people.models import Client, Contact, Provider
from tests.factories.core import ClinicFactory
from tests.factories.intake import IntakeFactory, sent
from tests.factories.pathway import move
from tests.factories.people import ContactFactory, ProviderFactory, TeamMemberFactory

SYSTEM = System("tests")


@dataclass
class Case:
    course: Course
    prescriber: Provider
    therapist: Provider

    @property
    def client(self) -> Client:
        return self.course.client


def medical_case(answers=None, *, forms=True, **course) -> Case:
    """At medical evaluation, with forms sent (unless forms=False), a therapist and a prescriber on the care team."""
    ClinicFactory()
    documents.publish_defaults(by=SYSTEM)
    made = IntakeFactory(**course)
    if forms:
        sent(made, answers)
    move(made, "medical")
    made.client.refresh_from_db()
    prescriber = ProviderFactory(
        roles=["prescriber"], credentialed=True, title="MD", user__name="Ines Osei", npi="1234567893"
    )
    therapist = ProviderFactory(roles=["therapist"], credentialed=True, user__name="Mara Quinn")
    TeamMemberFactory(client=made.client, user=prescriber.user)
    TeamMemberFactory(client=made.client, user=therapist.user)
    return Case(made, prescriber, therapist)


def examined(**changes) -> dict:
    """What is measured at an ordinary visit."""
    today = clinic_today()
    return {
        "seen_in_person_on": today, "patient_state": "CA", "systolic_mmhg": 122, "diastolic_mmhg": 78,
        "heart_rate_bpm": 68, "spo2_percent": 98, "weight_kg": Decimal("70.0"), "height_cm": Decimal("168.0"),
        "weight_measured_on": today, "notes": {"heart": "Regular, no murmur."}, "conditions": "", "reasons": "", **changes,
    }  # fmt: skip


def drafted(case: Case, answer_flags=True, **changes) -> Evaluation:
    """An open evaluation with an ordinary examination; hard and soft flags answered."""
    draft = actions.start_evaluation(course=case.course, by=case.prescriber.user)
    flags = draft.submission.flags.all() if draft.submission and answer_flags else []
    return actions.save_evaluation(
        evaluation=draft, values=examined(**changes), answers={str(f.pk): "Asked: no concern." for f in flags},
        revision=draft.revision, by=case.prescriber.user,
    )  # fmt: skip


def evaluated(case: Case, decision="clear", exit_reason="", **changes) -> Evaluation:
    draft = drafted(case, **changes)
    return actions.decide(
        evaluation=draft, decision=decision, exit_reason=exit_reason, revision=draft.revision,
        printed_name=case.prescriber.name, by=case.prescriber.user,
    )  # fmt: skip


def diagnosed(case: Case, code="F33.1", **more):
    return actions.add_diagnosis(course=case.course, code=code, by=case.prescriber.user, **more)


def order_values(**changes) -> dict:
    """An ordinary first order: IM 35 mg (0.5 mg/kg at 70 kg), six sessions."""
    today = clinic_today()
    return {
        "setting": "in_clinic", "route": "im", "strength": "vial 50 mg/mL", "dose_min_mg": Decimal("25"),
        "dose_max_mg": Decimal("35"), "booster_max_mg": None, "infusion_minutes": None, "session_max_mg": Decimal("35"),
        "sessions": 6, "weight_kg": Decimal("70.0"), "weight_measured_on": today, "start_systolic_max_mmhg": 150,
        "start_diastolic_max_mmhg": 95, "call_systolic_mmhg": 180, "call_diastolic_mmhg": 110,
        "call_spo2_below_percent": 92, "call_heart_rate_above_bpm": 120, "instructions": "",
        "expires_on": today + timedelta(days=120), **changes,
    }  # fmt: skip


LOZENGE = {
    "setting": "remote", "route": "sl", "strength": "lozenge 100 mg", "dose_min_mg": Decimal("100"),
    "dose_max_mg": Decimal("100"), "session_max_mg": Decimal("100"),
}  # fmt: skip


def ordered(case: Case, *, reason="", override_hard=False, **changes) -> Order:
    draft = actions.draft_order(course=case.course, values=order_values(**changes), by=case.prescriber.user)
    return actions.sign_order(
        order=draft, printed_name=case.prescriber.name, soft_reason=reason, override_hard=override_hard,
        by=case.prescriber.user,
    )  # fmt: skip


def plan_values(**changes) -> dict:
    return {
        "problems": "Recurrent depression, sleep.",
        "goals": [{"goal": "Lift mood", "measure": "PHQ-9", "target": "below 10", "by": ""}],
        "interventions": "Ketamine-assisted psychotherapy with integration after each dose.", "sessions_planned": 6,
        "days_between": 7, "support": "Brother, weekly group.", "review_on": clinic_today() + timedelta(days=60), **changes,
    }  # fmt: skip


def planned(case: Case, **changes) -> Plan:
    by = case.therapist.user
    draft = actions.start_plan(course=case.course, by=by)
    draft = actions.save_plan(plan=draft, values=plan_values(**changes), revision=draft.revision, by=by)
    return actions.sign_plan(plan=draft, revision=draft.revision, printed_name=by.name, by=by)


def chaperone_of(client) -> Contact:
    return ContactFactory(client=client, is_chaperone=True, is_driver=False, name="Sam Friend")


def consented(case: Case) -> list[Document]:
    """The client (and, at home, her chaperone) signs everything that she was asked to sign."""
    client, made = case.client, []
    for request in SignatureRequest.objects.filter(course=case.course, document=None, cancelled_at=None):
        by = chaperone_of(client) if request.template.kind == "chaperone_agreement" else client.user
        name = by.name if isinstance(by, Contact) else client.legal_name
        initials = {section["key"]: "HI" for section in request.template.sections if section.get("initial")}
        made.append(documents.sign_request(request=request, printed_name=name, initials=initials, by=by))
    return made


def prepared_case(**order) -> Case:
    """Evaluated, diagnosed, ordered, planned, consented, and at preparation."""
    case = medical_case()
    evaluated(case)
    diagnosed(case)
    ordered(case, **order)
    planned(case)
    consented(case)
    pathway.advance(course=case.course, gate="preparation", by=case.prescriber.user)
    case.course.refresh_from_db()
    return case
