from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "kap.people"
    label = "people"
