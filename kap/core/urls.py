from django.urls import path

from kap.core import views

app_name = "core"
urlpatterns = [path("help/", views.help_now, name="help")]
