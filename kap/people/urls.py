from django.urls import path

from kap.people.views import clients, emergency, roster

app_name = "people"

urlpatterns = [
    path("clients/new/", clients.client_new, name="client_new"),
    path("clients/<uuid:client>/details/", clients.client, name="client"),
    path("clients/<uuid:client>/details/edit/", clients.client_edit, name="client_edit"),
    path("clients/<uuid:client>/details/invite/", clients.client_invite, name="client_invite"),
    path("clients/<uuid:client>/contacts/new/", clients.contact_new, name="contact_new"),
    path("clients/<uuid:client>/contacts/<uuid:contact>/", clients.contact_change, name="contact_change"),
    path("clients/<uuid:client>/contacts/<uuid:contact>/end/", clients.contact_end, name="contact_end"),
    path("clients/<uuid:client>/team/", clients.team, name="team"),
    path("clients/<uuid:client>/team/<uuid:member>/end/", clients.team_end, name="team_end"),
    path("clients/<uuid:client>/allergies/", clients.allergies, name="allergies"),
    path("clients/<uuid:client>/medicines/", clients.medicines, name="medicines"),
    path("emergency/", emergency.emergency, name="emergency"),
    path("emergency/<uuid:emergency>/", emergency.emergency_review, name="emergency_review"),
    path("emergency/<uuid:emergency>/end/", emergency.emergency_end, name="emergency_end"),
    path("roster/", roster.index, name="roster"),
    path("roster/new/", roster.provider_new, name="provider_new"),
    path("roster/<uuid:provider>/", roster.provider, name="provider"),
    path("roster/<uuid:provider>/edit/", roster.provider_edit, name="provider_edit"),
    path("roster/<uuid:provider>/credentials/new/", roster.credential_new, name="credential_new"),
    path(
        "roster/<uuid:provider>/credentials/<uuid:credential>/end/",
        roster.credential_end,
        name="credential_end",
    ),
]
