"""An order read back in words, before it is signed and on paper. Pure: an order in, sentences out."""

from kap.core.units import amount, plain
from kap.pathway.models import Route, Setting

PER_SESSION = "session"


def dose_words(dose_mg, weight_kg) -> str:
    """ "35 mg (0.48 mg/kg)"."""
    return f"{amount(dose_mg, 'mg')} ({amount(round(dose_mg / weight_kg, 2), 'mg/kg')})"


def sentences(order, name: str) -> list[str]:
    """The order as one person would say it to another. `name`: the client's."""
    o = order
    route, where = Route(o.route).label.lower(), Setting(o.setting).label.lower()
    doses = dose_words(o.dose_min_mg, o.weight_kg)
    if o.dose_max_mg != o.dose_min_mg:
        doses += f" to {dose_words(o.dose_max_mg, o.weight_kg)}"
    said = [
        f"Ketamine {o.strength}, {route}, {where}, for {name}.",
        f"{doses} at a session, for {plain(o.weight_kg)} kg measured on {o.weight_measured_on:%-d %B %Y}.",
    ]
    if o.infusion_minutes:
        said.append(f"Infused over {o.infusion_minutes} minutes.")
    if o.booster_max_mg is not None:
        said.append(f"One booster of at most {amount(o.booster_max_mg, 'mg')} in the same session.")
    else:
        said.append("No booster.")
    times = "One session" if o.sessions == 1 else f"{o.sessions} sessions"
    return [
        *said,
        f"Never more than {dose_words(o.session_max_mg, o.weight_kg)} in one session.",
        f"{times}, through {o.expires_on:%-d %B %Y}.",
        f"Do not start above {o.start_systolic_max_mmhg}/{o.start_diastolic_max_mmhg} mmHg.",
        f"Call me from {o.call_systolic_mmhg}/{o.call_diastolic_mmhg} mmHg, at SpO2 below "
        f"{o.call_spo2_below_percent}%, or a heart rate above {o.call_heart_rate_above_bpm} beats/min.",
    ]
