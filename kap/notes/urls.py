from django.urls import path

from kap.notes.psychotherapy import views

app_name = "notes"
urlpatterns = [
    path("clients/<uuid:client>/own-notes/", views.own_list, name="psychotherapy_list"),
    path("clients/<uuid:client>/own-notes/new/", views.new, name="psychotherapy_new"),
    path("clients/<uuid:client>/own-notes/<uuid:note>/", views.one, name="psychotherapy"),
    path("clients/<uuid:client>/own-notes/<uuid:note>/lock/", views.lock, name="psychotherapy_lock"),
    path("clients/<uuid:client>/own-notes/<uuid:note>/discard/", views.discard, name="psychotherapy_discard"),
]
