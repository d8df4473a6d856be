"""How a code or a passkey is checked. Writes happen in actions; here it is decided what fits.

Time steps follow the clinic's clock, which in production is the true one, as authenticator apps need it.
"""

import hmac
import secrets
from base64 import b64encode
from io import BytesIO

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from kap.accounts.second.models import Factor
from kap.core import clock

PERIOD = 30  # seconds; what every authenticator app takes for granted
DIGITS = 6
CODE_DIGITS = 10  # of a recovery code
CODES = 10
SLACK = 1  # steps before and after: a phone's clock is rarely right to the second

new_secret = generate_totp_secret


def step_now() -> int:
    return int(clock.now().timestamp()) // PERIOD


def code_at(secret: str, step: int) -> str:
    return format_hotp_value(hotp_value(secret, step))


def matching_step(secret: str, code: str, after: int = 0) -> int | None:
    """The time step whose code this is, if it is near now and later than `after`, the last one used."""
    now, found = step_now(), None
    for step in range(now - SLACK, now + SLACK + 1):
        if hmac.compare_digest(code_at(secret, step), code) and step > after:
            found = step
    return found


def digits(typed: str) -> str:
    """Codes are typed and pasted with spaces and dashes."""
    return "".join(c for c in typed if c.isascii() and c.isdigit())


def qr_code(user, secret: str) -> str:
    """The enrolment code for a camera as an image that needs nothing from elsewhere: a data: address."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    picture = BytesIO()
    address = get_adapter().build_totp_url(user, secret)
    qrcode.make(address, image_factory=SvgPathFillImage, border=3).save(picture)
    return "data:image/svg+xml;base64," + b64encode(picture.getvalue()).decode()


def spaced(code: str, every: int = 4) -> str:
    return " ".join(code[i : i + every] for i in range(0, len(code), every))


def new_codes() -> list[str]:
    return [f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}" for _ in range(CODES)]


def code_hash(code: str, sheet) -> str:
    return salted_hmac("kap.accounts.recovery", f"{sheet.pk}:{code}", algorithm="sha256").hexdigest()


# ---------------------------------------------------------------- passkeys


def begin_passkey(user) -> dict:
    """What the browser needs to make a new passkey. The challenge stays in the session."""
    return webauthn.begin_registration(user, False)


def finish_passkey(credential: dict) -> bool:
    """Whether this answers the challenge, with the person verified by PIN, finger or face."""
    try:
        webauthn.parse_registration_response(credential)
        webauthn.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return False
    finally:
        webauthn.clear_state()
    return True


def ask_passkey(user) -> dict:
    """A challenge for one of her passkeys."""
    return webauthn.begin_authentication(user)


def proves_passkey(user, credential: dict) -> tuple[Factor, int] | None:
    """Her passkey that answered the challenge and how often it says that it has signed, or None.

    A challenge is good once, whatever came of it.
    """
    try:
        found = webauthn.complete_authentication(user, credential)
        count = webauthn.parse_authentication_response(credential).response.authenticator_data.counter
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return None
    finally:
        webauthn.clear_state()
    return Factor.objects.of(user).get(pk=found.pk), count
