from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "kap.audit"
    label = "audit"
