"""Where a form page is opened from: by the client herself, or by staff who write down what she says.

The same pages serve both; only the shell and the addresses differ.
"""

from dataclasses import dataclass

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

    @property
    def tasks(self) -> str:
        return self.url("tasks")

    @property
    def check(self) -> str:
        return self.url("check")

    @property
    def send(self) -> str:
        return self.url("send")
