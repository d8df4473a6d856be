"""Where, when and with whom. The database itself makes double booking impossible.

Resource: one row per provider, room and client. Reservation: a resource claimed for a stretch of time by an
appointment; one exclusion constraint refuses two live ones that overlap.
"""

import pghistory
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from kap.accounts.permissions import Can, Role
from kap.core import clock
from kap.core.constraints import at_and_by, no_truncate
from kap.core.models import Base
from kap.pathway.models import Course, Route, Setting
from kap.people.models import Client, Contact, Provider


@pghistory.track()
class Location(Base):
    name = models.CharField(max_length=80, unique=True)
    zone = models.CharField(max_length=64)
    state = models.CharField(max_length=2, help_text="US state: licences are matched against it")
    address = models.CharField(max_length=300)
    phone = models.CharField(max_length=40, blank=True)
    coming_soon = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


@pghistory.track()
class Room(Base):
    class Kind(models.TextChoices):
        THERAPY = "therapy", "Therapy room"
        DOSING = "dosing", "Dosing room"

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    buffer_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="To air and clean, after each use"
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["location__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["location", "name"], name="room_name_once_per_location")
        ]

    def __str__(self):
        return self.name


class Mode(models.TextChoices):
    IN_PERSON = "in_person", "In person"
    VIDEO = "video", "Video"
    PHONE = "phone", "Phone"


@pghistory.track()
class Service(Base):
    """A kind of appointment. Lengths are the clinic's to change (usual ones: design and requirements)."""

    class Code(models.TextChoices):
        INTAKE = "intake", "Intake session"
        EVALUATION = "evaluation", "Medical evaluation"
        PREPARATION = "preparation", "Preparation"
        DOSING = "dosing", "Dosing"
        INTEGRATION = "integration", "Integration"
        CHECK_IN = "check_in", "Check-in call"
        FOLLOW_UP = "follow_up", "Follow-up"

    code = models.CharField(max_length=12, choices=Code.choices, unique=True)
    name = models.CharField(max_length=80)
    minutes = models.PositiveSmallIntegerField()
    roles = models.JSONField(default=list, help_text="Roles of which at least one provider is needed, each")
    modes = models.JSONField(default=list)
    room_kind = models.CharField(max_length=8, choices=Room.Kind.choices, blank=True)
    offered = models.BooleanField(default=True)
    self_booking = models.BooleanField(default=False)
    notice_hours = models.PositiveSmallIntegerField(default=24, help_text="Cancelled later than this is late")

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gte=5, minutes__lte=720), name="service_has_a_sane_length"
            )
        ]

    def __str__(self):
        return self.name


@pghistory.track()
class Shift(Base):
    """Weekly working hours: wall-clock times in the location's zone, from a day and (perhaps) until one."""

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="shifts")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday")
    starts = models.TimeField()
    ends = models.TimeField()
    from_date = models.DateField()
    to_date = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="shift_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday_in_week"),
            models.CheckConstraint(
                condition=Q(to_date=None) | Q(to_date__gte=F("from_date")), name="shift_dates_in_order"
            ),
        ]


@pghistory.track()
class TimeOff(Base):
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="time_off")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    why = models.CharField(max_length=120, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="time_off_ends_after_it_starts"
            )
        ]


class Resource(models.Model):
    """What can be reserved. Locked FOR UPDATE in id order before anything is claimed."""

    id = models.BigAutoField(primary_key=True)
    provider = models.OneToOneField(Provider, null=True, on_delete=models.PROTECT, related_name="resource")
    room = models.OneToOneField(Room, null=True, on_delete=models.PROTECT, related_name="resource")
    client = models.OneToOneField(Client, null=True, on_delete=models.PROTECT, related_name="resource")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="resource_is_one_thing",
                condition=Q(provider__isnull=False, room=None, client=None)
                | Q(provider=None, room__isnull=False, client=None)
                | Q(provider=None, room=None, client__isnull=False),
            )
        ]


class AppointmentQuerySet(models.QuerySet):
    def live(self):
        return self.exclude(state__in=[State.CANCELLED])

    def upcoming(self, now=None):
        return self.filter(state__in=[State.BOOKED, State.ARRIVED], ends_at__gte=now or clock.now())

    def visible_to(self, user):
        """Staff see the calendar whole (names and times, nothing clinical); a client sees her own."""
        if user.may(Can.SEE_CALENDAR):
            if Role.ADMIN in user.roles:
                return self
            mine = Q(attendees__client__in=Client.objects.visible_to(user)) | Q(staff__provider__user=user)
            return self.filter(pk__in=self.model.objects.filter(mine).values("pk"))
        if user.may(Can.USE_PORTAL):
            return self.filter(attendees__client__user=user)
        return self.none()

    def between(self, start, end):
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class State(models.TextChoices):
    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    DONE = "done", "Done"
    NO_SHOW = "no_show", "Did not come"
    CANCELLED = "cancelled", "Cancelled"


class CancelReason(models.TextChoices):
    CLIENT = "client", "Client asked"
    LATE = "late", "Client asked, at short notice"
    CLINIC = "clinic", "Clinic cancelled"
    MOVED = "moved", "Moved to another time"
    COURSE_ENDED = "course_ended", "Treatment ended or paused"
    NOT_DOSED = "not_dosed", "Dosing did not take place"


@pghistory.track()
class Appointment(Base):
    """A booked time. Cancelling keeps the row and frees the time; `version` grows with each move, so that a
    reminder owed for the old time is known to be stale."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments"
    )
    mode = models.CharField(max_length=10, choices=Mode.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.BOOKED)
    version = models.PositiveIntegerField(default=1)
    route = models.CharField(max_length=4, choices=Route.choices, blank=True, help_text="Dosing only")
    setting = models.CharField(max_length=10, choices=Setting.choices, blank=True, help_text="Dosing only")
    dosing = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="integrations",
        help_text="An integration appointment's own dosing appointment",
    )  # fmt: skip
    companion = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.PROTECT, related_name="accompanies"
    )
    companion_role = models.CharField(
        max_length=9, blank=True, choices=[("driver", "Driver"), ("chaperone", "Chaperone")]
    )
    companion_confirmed_at = models.DateTimeField(null=True, blank=True)
    companion_confirmed_by = models.CharField(max_length=80, null=True, blank=True)
    booked_at = models.DateTimeField(default=clock.now)
    booked_by = models.CharField(max_length=80)
    arrived_at = models.DateTimeField(null=True, blank=True)
    arrived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Done or not come")
    ended_by = models.CharField(max_length=80, null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(max_length=80, null=True, blank=True)
    cancel_reason = models.CharField(max_length=12, choices=CancelReason.choices, blank=True)
    note = models.CharField(max_length=300, blank=True, help_text="Logistics, nothing clinical")
    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["starts_at", "ends_at"]),
            models.Index(fields=["location", "starts_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=at_and_by("arrived"), name="appointment_arrived_at_and_by_together"
            ),
            models.CheckConstraint(condition=at_and_by("ended"), name="appointment_ended_at_and_by_together"),
            models.CheckConstraint(
                condition=at_and_by("cancelled"), name="appointment_cancelled_at_and_by_together"
            ),
            models.CheckConstraint(
                condition=at_and_by("companion_confirmed"), name="companion_confirmed_at_and_by_together"
            ),
            models.CheckConstraint(
                name="appointment_cancelled_says_why",
                condition=Q(state="cancelled", cancelled_at__isnull=False) & ~Q(cancel_reason="")
                | ~Q(state="cancelled") & Q(cancelled_at=None, cancel_reason=""),
            ),
            models.CheckConstraint(
                name="companion_has_a_role",
                condition=Q(companion=None, companion_role="", companion_confirmed_at=None)
                | (Q(companion__isnull=False) & ~Q(companion_role="")),
            ),
            models.UniqueConstraint(
                fields=["dosing"],
                condition=~Q(state="cancelled"),
                name="one_integration_appointment_per_dose",
            ),
            models.CheckConstraint(
                condition=~Q(mode="in_person") | Q(room__isnull=False), name="in_person_has_a_room"
            ),
        ]

    def __str__(self):
        return f"{self.service.name}, {self.starts_at:%Y-%m-%d %H:%M} UTC"

    @property
    def client_id(self):
        """Whose record a change of it belongs to; the history of each action asks for it."""
        return next((attendee.client_id for attendee in self.attendees.all()), None)

    @property
    def is_live(self) -> bool:
        return self.state in (State.BOOKED, State.ARRIVED)

    @property
    def integration(self):
        """The integration booked for this dose, if one stands."""
        return self.integrations.exclude(state=State.CANCELLED).first()


class Attendee(Base):
    """A client on an appointment; one or several (a group integration)."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="attendees")
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="attends")
    course = models.ForeignKey(Course, null=True, on_delete=models.PROTECT, related_name="attends")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment", "client"], name="client_attends_once"),
            models.UniqueConstraint(fields=["appointment", "course"], name="appointment_with_its_course"),
        ]


class StaffOn(Base):
    """A provider on an appointment and in which part. A prescriber on call is named but not reserved."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="staff")
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="on_appointments")
    role = models.CharField(max_length=12, choices=Role.choices)
    on_call = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment", "provider"], name="provider_on_appointment_once")
        ]


class Reservation(models.Model):
    """A claim on a resource. `during` includes the buffers of provider and room, not of the client."""

    id = models.BigAutoField(primary_key=True)
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="reservations")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="reservations")
    during = DateTimeRangeField()
    live = models.BooleanField(default=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="nothing_reserved_twice_at_once",
                expressions=[("resource", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(live=True),
            ),
            models.CheckConstraint(
                name="reservation_has_a_beginning_and_an_end",
                condition=Q(
                    during__startswith__isnull=False, during__endswith__isnull=False, during__isempty=False
                ),
            ),
        ]
        triggers = [no_truncate("reservation")]


@pghistory.track()
class WaitlistEntry(Base):
    """A client who would take an earlier time. First come, first offered."""

    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="waits")
    course = models.ForeignKey(Course, null=True, on_delete=models.PROTECT, related_name="waits")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="waits")
    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="waits"
    )
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True)
    words = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
