"""Notes: drafts and signed ones, through the actions, by a therapist of the care team."""

from kap.notes import actions, forms
from tests.factories.pathway import CourseFactory
from tests.factories.people import TeamMemberFactory, UserFactory


def author_for(course, roles=("therapist",)):
    user = UserFactory(roles=list(roles))
    TeamMemberFactory(client=course.client, user=user)
    return user


def full_body(kind: str) -> dict:
    """Every section filled in: text, the first choice, or all choices."""
    body = {}
    for section in forms.form(kind).sections:
        words = f"{section.title}, as it was."
        body[section.key] = {"one": section.choices[:1], "many": list(section.choices)}.get(
            section.look, words
        )
        if section.look == "one":
            body[section.key] = section.choices[0]
    return body


def draft(course=None, kind: str = "progress", by=None, about=None, body=None):
    course = course or CourseFactory()
    by = by or author_for(course)
    note = actions.start(course=course, kind=kind, about=about, by=by)
    return actions.save_draft(
        note=note, body=full_body(kind) if body is None else body, revision=note.revision, by=by
    )


def signed(course=None, kind: str = "progress", by=None, about=None):
    note = draft(course, kind, by, about)
    return actions.sign(note=note, printed_name=note.author.name, by=note.author)
