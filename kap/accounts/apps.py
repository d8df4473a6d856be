from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "kap.accounts"
    label = "accounts"

    def ready(self):
        from django.contrib.auth.signals import user_logged_in

        from kap.accounts import idle

        user_logged_in.connect(idle.begin, dispatch_uid="kap.accounts.idle.begin")
