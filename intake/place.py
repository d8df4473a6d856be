"""Where a form page is opened from: by the client herself, or by staff who write down what she says.

The same pages serve both; only the shell and the addresses differ.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from kap.pathway.models import Course


@dataclass(frozen=True)
class Place:
    course: Course
    by: object
    on_behalf: bool = False

    @property
    def client(self):
        return self.course.client

    @property
    def shell(self) -> str:
        return "staff.html" if self.on_behalf else "client.html"

    def url(self, name: str, *args) -> str:
        """Address of tasks, section, page, autosave, check, sent or crisis, here."""
        if self.on_behalf:
            return reverse(f"intake:for_{name}", args=[self.course.pk, *args])
        return reverse(f"intake:{name}", args=args)

    def measure(self, request, back: str = "") -> str:
        """Address of a questionnaire, and the way back here from it. Staff get all its questions on one page."""
        name = "measures:enter" if self.on_behalf else "measures:take"
        return f"{reverse(name, args=[request.pk])}?{urlencode({'back': back or self.tasks})}"

    @property
    def tasks(self) -> str:
        return self.url("tasks")

    @property
    def check(self) -> str:
        return self.url("check")

    @property
    def send(self) -> str:
        return self.url("send")
