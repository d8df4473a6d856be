"""Steps of the tests of the second factor: somebody who has one, and her codes."""

from kap.accounts.second import actions, factors
from kap.accounts.second.models import CodeSheet
from kap.core import clock
from tests.factories.people import PASSWORD, UserFactory


def secret_of(user) -> str:
    from kap.accounts.second.models import AppSecret
    from kap.core import vault

    return vault.read(AppSecret.objects.get(authenticator__user=user), "secret")


def code_of(user, steps=0) -> str:
    """What her app shows now, or `steps` times 30 seconds later."""
    return factors.code_at(secret_of(user), factors.step_now() + steps)


def enrol(user, kept=True) -> list[str]:
    """An app and recovery codes, set up a minute ago, so that the code of now is still to be used. Her codes."""
    secret = factors.new_secret()
    actions.add_app(user=user, secret=secret, code=factors.code_at(secret, factors.step_now() - 1), by=user)
    codes = actions.make_codes(user=user, by=user)
    if kept:
        CodeSheet.objects.filter(user=user).update(kept_at=clock.now())
    return codes


def enrolled(*roles, **values):
    user = UserFactory(roles=roles or ["therapist"], **values)
    enrol(user)
    return user


def sign_in(client, user, next_path=""):
    """Both steps, as the browser goes them."""
    client.post("/sign-in/staff/", {"email": user.email, "password": PASSWORD, "next": next_path})
    return client.post("/sign-in/second/", {"second_code": code_of(user)})
