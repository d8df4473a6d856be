from django.urls import path

from kap.measures.views import client, staff

app_name = "measures"
urlpatterns = [
    path("<uuid:pk>", client.take, name="take"),
    path("<uuid:pk>/question/<slug:key>", client.question, name="question"),
    path("<uuid:pk>/check", client.check, name="check"),
    path("<uuid:pk>/sent", client.sent, name="sent"),
    path("<uuid:pk>/help", client.crisis, name="crisis"),
    path("<uuid:pk>/enter", staff.enter, name="enter"),
]
