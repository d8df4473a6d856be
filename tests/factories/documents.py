"""Published texts, requests to sign, signed documents. All through the actions: the tables are insert-only."""

from kap.core.actions import System
from kap.documents import actions, texts
from kap.documents.models import Template
from tests.factories.pathway import CourseFactory
from tests.factories.people import ClientFactory

TESTS = System("tests")


def published(kind: str = "telehealth_consent", route: str = "", setting: str = "") -> Template:
    """The shipped text of that kind, route and setting; published once."""
    found = Template.objects.filter(kind=kind, route=route, setting=setting).first()
    if found:
        return found
    text = next(t for t in texts.shipped() if (t["kind"], t["route"], t["setting"]) == (kind, route, setting))
    return actions.publish_template(**text, by=TESTS)


def asked(course=None, kind: str = "telehealth_consent", route: str = "", setting: str = ""):
    """An open request to the client of `course`; without one, to a new client with an account."""
    if course is None:
        course = CourseFactory(client=ClientFactory(with_user=True))
    published(kind, route, setting)
    return actions.ask_to_sign(course=course, kind=kind, route=route, by=TESTS)


def initials_for(template, letters: str = "JA") -> dict[str, str]:
    return {section["key"]: letters for section in template.sections if section["initial"]}


def signed(course=None, **wanted):
    """A document that the client herself has signed."""
    request = asked(course, **wanted)
    client = request.course.client
    return actions.sign_request(
        request=request,
        printed_name=client.legal_name,
        initials=initials_for(request.template),
        by=client.user,
    )


def record(course=None, *, title: str = "Treatment plan", kind: str = "treatment_plan", by=TESTS, **extra):
    """A record of the clinic's own, made of sections, unsigned."""
    course = course or CourseFactory()
    content = {"sections": [{"title": "Goals", "rows": [["Sleep", "Six hours a night"]]}]}
    return actions.freeze(
        client=course.client, course=course, kind=kind, title=title, content=content, by=by, **extra
    )
