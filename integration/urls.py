from django.urls import path

from integration import views

app_name = "integration"
urlpatterns = [
    path("<uuid:integration>/", views.note, name="note"),
    path("<uuid:integration>/held/", views.held, name="held"),
    path("<uuid:integration>/safety/", views.screen, name="screen"),
    path("courses/<uuid:course>/follow-up/", views.follow_up, name="follow_up"),
    path("courses/<uuid:course>/summary/", views.summary, name="summary"),
    path("courses/<uuid:course>/complete/", views.complete, name="complete"),
]
