"""The intake's answers to the gates, each computed live. The gate table names them as intake.evidence.<name>."""

from importlib.util import find_spec

from intake.evidence.forms import *  # noqa: F403

if find_spec("intake.evidence.medical"):
    from intake.evidence.medical import *  # noqa: F403
