"""allauth as we use it: no open sign-up; accounts come by invitation or by a verified e-mail code."""

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False
