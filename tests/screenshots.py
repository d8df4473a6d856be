"""`make screenshots`: the pictures of docs/screens, taken from a demonstration clinic that really runs.

    python -m tests.screenshots [--new] [name …]      all of them, or those whose names begin so

The clinic lives in var/screenshots with servers of its own, and its clock stands at half past ten of today, so that
every picture shows the same working day. A second run on the same day takes the clinic that is there,
unless it is asked for a new one.
"""

import os
import sys
from contextlib import ExitStack
from datetime import timedelta
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screens"
VAR = ROOT / "var" / "screenshots"
MORNING, AFTERNOON = "10:34", "13:49"
LARGEST = 250_000  # bytes of one picture


def main(wanted: list[str]) -> int:
    for name in (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "FIELD_KEYS",
        "KAP_CLOCK_FILE",
        "SITE_URL",
    ):
        os.environ.pop(name, None)
    os.environ |= {
        "KAP_VAR_DIR": str(VAR), "KAP_MODE": "demo", "DJANGO_SETTINGS_MODULE": "kap.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's own loop runs in this thread
    }  # fmt: skip
    from kap.ops.environment import Servers, prepare

    with Servers(prepare(), say=print):
        _migrate()
        import django

        django.setup()
        _clinic(anew="--new" in wanted)
        _pictures([name for name in wanted if name != "--new"])
    return 0


def _migrate() -> None:
    import subprocess

    for command in (
        ["migrate", "--no-input", "-v", "0"],
        ["createcachetable"],
        ["collectstatic", "--no-input", "-v", "0"],
    ):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, check=True, env={**os.environ, "KAP_AS_OWNER": "1"},
            stdout=subprocess.DEVNULL,
        )  # fmt: skip


def _clinic(*, anew: bool) -> None:
    """The demonstration of today, made at MORNING; an older one is removed first."""
    from kap.core import clock
    from kap.core.models import Clinic
    from kap.demo import build, clinic
    from kap.demo.management.commands.demo import Command

    clock.reset()
    clock.move_to(clinic.reload().at(0, MORNING))
    if Clinic.objects.exists() and not build.is_stale() and not anew:
        return
    if Clinic.objects.exists():
        owner = Command()._owner()
        build.wipe(owner)
        owner.close()
    build.build()


def _pictures(wanted) -> None:
    from django.conf import settings

    from kap.ops.stack import stack
    from tests.browser import chromium

    FOLDER.mkdir(parents=True, exist_ok=True)
    env = {"KAP_MODE": "demo", "KAP_VAR_DIR": str(VAR), "KAP_CLOCK_FILE": str(settings.CLOCK_FILE)}
    with ExitStack() as until_done:
        running = until_done.enter_context(
            stack(
                os.environ["DATABASE_URL"],
                os.environ["REDIS_URL"],
                folder=VAR / "stack",
                names=("web", "worker"),
                env=env,
            )
        )
        browser = until_done.enter_context(chromium())
        camera = Camera(browser, running.url, wanted)
        morning(camera)
        afternoon(camera)


class Camera:
    def __init__(self, browser, url: str, wanted: list[str]):
        self.browser, self.url, self.wanted = browser, url, wanted

    def take(
        self, name: str, path: str, *, who=None, size=(1440, 1000), theme="light", full=False, before=None
    ) -> None:
        if self.wanted and not any(name.startswith(one) for one in self.wanted):
            return
        from tests.browser import context

        with context(self.browser, self.url, size=size, theme=theme, device_scale_factor=1) as visitor:
            if who is not None:
                visitor.add_cookies([self._session(who)])
            page = visitor.new_page()
            answer = page.goto(path)
            if answer is None or answer.status != 200:
                raise SystemExit(f"{name}: {path} answered {answer and answer.status}.")
            page.wait_for_load_state("networkidle")
            page.evaluate("document.fonts.ready")
            if before is not None:
                before(page)
            self._keep(name, page.screenshot(full_page=full))

    def _session(self, user) -> dict:
        """Signed in as this person, as the sign-in pages would do it."""
        from django.conf import settings
        from django.test import Client

        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        name = settings.SESSION_COOKIE_NAME
        return {"name": name, "value": client.cookies[name].value, "url": self.url}

    def _keep(self, name: str, taken: bytes) -> None:
        """As small as it can be without looking worse: fewer colours only where it must."""
        from PIL import Image

        picture = Image.open(BytesIO(taken)).convert("RGB")
        for colours in (None, 256, 128, 64):
            made = BytesIO()
            shown = picture if colours is None else picture.quantize(colours, dither=Image.Dither.NONE)
            shown.save(made, "PNG", optimize=True)
            if len(made.getvalue()) <= LARGEST:
                break
        (FOLDER / f"{name}.png").write_bytes(made.getvalue())
        print(f"{name:<22} {picture.width}x{picture.height}  {len(made.getvalue()) // 1024} KB", flush=True)


PHONE = (390, 844)


def morning(camera: Camera) -> None:
    """Half past ten: the desk, the client's pages, the calendar."""
    from django.urls import reverse

    from integration.models import IntegrationSession
    from kap.demo import clinic
    from kap.demo.world import Case
    from kap.people.models import Client

    world = clinic.reopen()
    mara, admin = world.users["mara"], world.users["admin"]
    june = Case.standing(world, "June Ashworth")
    chart = reverse("desk:chart", args=[june.client.pk])
    freya, theo = Client.objects.get(legal_name="Freya Holm"), Client.objects.get(legal_name="Theodore Kask")
    open_one = IntegrationSession.objects.unsigned().get(course__client=theo)

    camera.take("today-1440", "/today/", who=mara)
    camera.take("today-390", "/today/", who=mara, size=PHONE)
    camera.take("chart-1440", chart, who=mara, size=(1440, 1100))
    camera.take("chart-dark-1440", chart, who=mara, size=(1440, 1100), theme="dark")
    camera.take("chart-390", chart, who=mara, size=PHONE)
    camera.take("calendar-1440", reverse("scheduling:calendar") + "?view=week", who=mara)
    camera.take("pipeline-1440", reverse("desk:pipeline"), who=world.users["osei"])
    camera.take("roster-1280", reverse("people:roster"), who=admin, size=(1280, 900))
    camera.take("messages-1280", reverse("outbox:list"), who=admin, size=(1280, 900))
    camera.take(
        "integration-1280", reverse("integration:note", args=[open_one.pk]), who=mara, size=(1280, 1100)
    )
    camera.take(
        "portal-390", reverse("desk:portal"), who=Case.standing(world, "Marcus Bell").user, size=PHONE
    )
    camera.take("start-390", reverse("intake:start"), size=PHONE)
    camera.take("intake-390", reverse("intake:tasks"), who=freya.user, size=PHONE)
    camera.take("question-390", reverse("intake:section", args=["safety"]), who=freya.user, size=PHONE)


def afternoon(camera: Camera) -> None:
    """Ten to two: a session is running in the dosing room."""
    from django.urls import reverse

    from kap.core import clock
    from kap.demo import clinic
    from kap.demo.acts import booking
    from kap.demo.acts.dosing import Sitting
    from kap.demo.world import Case
    from scheduling.models import Appointment
    from sessions.models import DosingSession

    world = clinic.reopen()
    marcus = Case.standing(world, "Marcus Bell")
    marcus.dose = Appointment.objects.filter(
        attendees__client=marcus.client, service__code="dosing", starts_at__gte=world.at(0, "00:00")
    ).earliest("starts_at")
    if not DosingSession.objects.filter(appointment=marcus.dose).exists():
        booking.confirm_companion(marcus)
        sitting = Sitting(marcus)
        sitting.open()
        sitting.check()
        sitting.start()
        sitting.chart(20)
    clock.move_to(marcus.dose.starts_at + timedelta(minutes=49))
    session = DosingSession.objects.get(appointment=marcus.dose)
    path, ana = reverse("dosing:session", args=[session.pk]), world.users["ana"]
    camera.take("dosing-room-1180", path, who=ana, size=(1180, 900), theme="dim")
    camera.take("dosing-room-820", path, who=ana, size=(820, 1180), theme="dim")
    clock.move_to(world.at(0, MORNING))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
