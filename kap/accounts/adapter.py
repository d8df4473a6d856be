"""allauth as we use it: no open sign-up; accounts come by invitation or by a verified email code."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False


class MfaAdapter(DefaultMFAAdapter):
    """Names on passkeys and in authenticator apps; secrets are kept by kap.accounts.second alone."""

    def encrypt(self, text: str) -> str:
        raise RuntimeError("Secrets are sealed to their row: kap.accounts.second.models.AppSecret.")

    def decrypt(self, encrypted_text: str) -> str:
        raise RuntimeError("Secrets are sealed to their row: kap.accounts.second.models.AppSecret.")

    def get_totp_issuer(self) -> str:
        return self._get_site_name()

    def _get_site_name(self) -> str:
        from kap.core.context import current_clinic

        clinic = current_clinic()
        return clinic.name if clinic else "KAP"

    def _get_user_identifier(self, user) -> str:
        return user.email

    def get_public_key_credential_user_entity(self, user) -> dict:
        return {"id": user.pk.bytes, "display_name": user.name, "name": user.email}

    def send_notification_mail(self, *args, **kwargs) -> None:
        """Notices go through the outbox, like every message: kap.accounts.second.actions."""
