"""The privacy notice on show: the clinic's newest published text, else the one that ships."""

from django.utils.translation import gettext as _

from kap.documents.models import Kind, Template


def current() -> dict:
    """{title, version, sections: [{title, text}]}. Version 0 is the text that ships."""
    published = Template.objects.filter(kind=Kind.PRIVACY_NOTICE).order_by("-version").first()
    if published:
        return {"title": published.title, "version": published.version, "sections": published.sections}
    return {"title": _("Privacy notice"), "version": 0, "sections": shipped()}


def shipped() -> list[dict]:
    return [
        {
            "title": _("What we write down"),
            "text": _(
                "What you tell us on the forms, what your care team notes, your measurements and medicines, and what "
                "you sign. Part of it is about your mental health and about alcohol and drugs, which the law protects "
                "more strictly."
            ),
        },
        {
            "title": _("Who may see it"),
            "text": _(
                "The therapist, prescriber and monitor who care for you. The front desk sees your name, how to reach "
                "you and your appointments. Every time somebody opens your record, that is logged, and you may see "
                "the log."
            ),
        },
        {
            "title": _("When we share it"),
            "text": _(
                "For your treatment, for payment, and to run the clinic. Otherwise only if you allow it in writing, or "
                "if the law demands it: to prevent serious harm to you or others, for abuse of a child or an adult who "
                "depends on others, or by order of a court."
            ),
        },
        {
            "title": _("Your rights"),
            "text": _(
                "You may see and get a copy of your record, ask for a correction, ask whom we told, ask us to reach "
                "you in another way, and complain, to us or to the U.S. Department of Health and Human Services. "
                "Nobody treats you worse for it."
            ),
        },
        {
            "title": _("How we protect it"),
            "text": _(
                "Your forms are kept on the clinic’s own system. Emails from us say that something waits for you, "
                "never what it is about. If your information is ever exposed, we tell you within 60 days."
            ),
        },
    ]
