"""Every write of the intake rooms: the client's forms, and what the prescriber decides on them."""

from importlib.util import find_spec

from intake.actions.forms import *  # noqa: F403
from intake.actions.registration import *  # noqa: F403
from intake.actions.session import *  # noqa: F403

if find_spec("intake.actions.medical"):
    from intake.actions.medical import *  # noqa: F403
