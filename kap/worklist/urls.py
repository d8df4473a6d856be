from django.urls import path

from kap.worklist import views

app_name = "worklist"
urlpatterns = [
    path("", views.items, name="list"),
    path("<uuid:pk>", views.item, name="item"),
]
