from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "kap.core"
    label = "core"

    def ready(self):
        from kap.core import grants, nav, vault

        try:
            vault.keys()
        except ValueError as error:  # its words name the key, and never show it
            raise ImproperlyConfigured(f"FIELD_KEYS cannot be read. {error}") from None
        post_migrate.connect(grants.apply_after_migrate, dispatch_uid="kap.core.grants")
        nav.discover()
