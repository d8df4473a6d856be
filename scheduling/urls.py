from django.urls import path, register_converter

from scheduling.views import appointment, booking, calendar, companion, places, portal, shifts


class Answer:
    regex = "yes|no"

    def to_python(self, value):
        return value

    def to_url(self, value):
        return value


register_converter(Answer, "answer")

app_name = "scheduling"
urlpatterns = [
    path("calendar/", calendar.calendar, name="calendar"),
    path("book/", booking.book, name="book"),
    path("appointments/<uuid:pk>/", appointment.appointment, name="appointment"),
    path("appointments/<uuid:pk>/move/", appointment.move, name="move"),
    path("appointments/<uuid:pk>/cancel/", appointment.cancel, name="cancel"),
    path("appointments/<uuid:pk>/arrive/", appointment.arrive, name="arrive"),
    path("appointments/<uuid:pk>/no-show/", appointment.no_show, name="no_show"),
    path("appointments/<uuid:pk>/companion/", appointment.companion_name, name="companion_name"),
    path("appointments/<uuid:pk>/companion/spoke/", appointment.companion_spoke, name="companion_spoke"),
    path("appointments/<uuid:pk>/appointment.ics", calendar.ics, name="ics"),
    path("my/appointments/", portal.mine, name="mine"),
    path("my/appointments/<uuid:pk>/companion/", portal.bring, name="bring"),
    path("companion/thanks/<answer:answer>/", companion.companion_thanks, name="companion_thanks"),
    path("companion/<str:token>/", companion.companion, name="companion"),
    path("companion/<str:token>/agreement/", companion.companion_agreement, name="companion_agreement"),
    path("hours/<uuid:pk>/", shifts.shifts, name="shifts"),
    path("hours/<uuid:pk>/shifts/new/", shifts.shift_add, name="shift_add"),
    path("hours/shifts/<uuid:pk>/end/", shifts.shift_end, name="shift_end"),
    path("hours/<uuid:pk>/time-off/new/", shifts.time_off_add, name="time_off_add"),
    path("hours/time-off/<uuid:pk>/cancel/", shifts.time_off_cancel, name="time_off_cancel"),
    path("places/", places.places, name="places"),
    path("places/new/", places.location, name="location_new"),
    path("places/<uuid:pk>/", places.location, name="location"),
    path("places/<uuid:pk>/close/", places.location_close, name="location_close"),
    path("places/<uuid:pk>/rooms/new/", places.room_new, name="room_new"),
    path("places/rooms/<uuid:pk>/", places.room, name="room"),
    path("places/rooms/<uuid:pk>/close/", places.room_close, name="room_close"),
    path("services/", places.services, name="services"),
    path("services/<uuid:pk>/", places.service, name="service"),
]
