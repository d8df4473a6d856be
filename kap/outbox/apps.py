from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "kap.outbox"
    label = "outbox"
