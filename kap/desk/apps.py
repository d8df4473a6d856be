from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "kap.desk"
    label = "desk"
