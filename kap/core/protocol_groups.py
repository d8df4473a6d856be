"""The groups of the protocol: what numbers the product asks for, with their units in their names.

The values and their sources are data (`data/protocol-2026.1.json`); nothing here is a clinical number.
Ranges are inclusive at both ends.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

Range = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Eligibility:
    minimum_age_years: int
    older_age_years: int
    adequate_trials_count: int
    lorazepam_equivalent_mg_per_day: Decimal
    liver_enzymes_hard_uln: Decimal
    cardiac_event_months: int
    ecg_age_years: int
    dose_weight_bmi: Decimal
    airway_bmi: Decimal


@dataclass(frozen=True)
class RouteLimits:
    """Limits of one route for the total of one session. None: no such limit for this route."""

    start_mg: Range | None
    start_mg_per_kg: Range | None
    usual_mg: Range | None
    usual_mg_per_kg: Range | None
    soft_mg: Decimal
    hard_mg: Decimal
    soft_mg_per_kg: Decimal | None
    hard_mg_per_kg: Decimal | None
    first_dose_soft_mg: Decimal | None
    bioavailability_fraction: Decimal
    usual_infusion_minutes: tuple[int, int] | None
    shortest_infusion_minutes: int | None
    hold_in_mouth_minutes: tuple[int, int] | None
    onset_minutes: tuple[int, int]
    peak_minutes: tuple[int, int] | None
    effect_minutes: tuple[int, int]
    split_allowed: bool


@dataclass(frozen=True)
class Routes:
    iv: RouteLimits
    im: RouteLimits
    sl: RouteLimits
    oral: RouteLimits
    in_: RouteLimits


@dataclass(frozen=True)
class Dosing:
    iv_equivalent_soft_mg_per_kg: Decimal
    iv_equivalent_hard_mg_per_kg: Decimal
    weight_max_age_days: int
    rise_soft_percent: Decimal
    rise_after_ae_grade: int
    rise_after_moaas_below_points: int
    rise_after_systolic_mmhg: int
    booster_max_percent: Decimal
    booster_max_count: int
    vial_strengths_mg_per_ml: tuple[Decimal, ...]
    volume_tolerance_percent: Decimal


@dataclass(frozen=True)
class Intervals:
    between_doses_hours: int


@dataclass(frozen=True)
class Series:
    usual_doses: tuple[int, int]
    early_review_doses: tuple[int, int]
    late_review_doses: int


@dataclass(frozen=True)
class Fasting:
    solids_hours: Decimal
    clear_fluids_hours: Decimal


@dataclass(frozen=True)
class Band:
    """GO from go_low to go_high; SOFT from soft_low to soft_high outside of that; HARD beyond. None: no such end."""

    go_low: Decimal | None
    go_high: Decimal | None
    soft_low: Decimal | None
    soft_high: Decimal | None


@dataclass(frozen=True)
class PreDoseVitals:
    systolic_mmhg: Band
    diastolic_mmhg: Band
    heart_rate_bpm: Band
    spo2_percent: Band
    respiratory_per_minute: Band
    temperature_c: Band
    recheck_count: int
    recheck_minutes: tuple[int, int]


@dataclass(frozen=True)
class Plausible:
    """`usual`: outside of it the person is asked once. `possible`: outside of it the value is refused."""

    usual: Range
    possible: Range


@dataclass(frozen=True)
class EntryChecks:
    """Against slips of the finger; these are not clinical limits."""

    systolic_mmhg: Plausible
    diastolic_mmhg: Plausible
    heart_rate_bpm: Plausible
    spo2_percent: Plausible
    respiratory_per_minute: Plausible
    temperature_c: Plausible
    narrow_pulse_pressure_mmhg: int


@dataclass(frozen=True)
class IntraAlerts:
    repeat_systolic_mmhg: int
    repeat_diastolic_mmhg: int
    repeat_after_minutes: int
    once_systolic_mmhg: int
    once_diastolic_mmhg: int
    heart_rate_above_bpm: int
    heart_rate_for_minutes: int
    spo2_oxygen_below_percent: int
    spo2_emergency_below_percent: int
    breathing_below_per_minute: int
    moaas_at_most_points: int


@dataclass(frozen=True)
class Monitoring:
    at_minutes: tuple[int, ...]
    then_every_minutes: int
    infusion_every_minutes: int
    early_by_minutes: int
    baseline_within_minutes: int
    continuous_spo2_routes: tuple[str, ...]
    maoi_every_minutes: tuple[int, int]


@dataclass(frozen=True)
class RouteMinutes:
    iv: int
    im: int
    sl: int
    oral: int
    in_: int


@dataclass(frozen=True)
class Discharge:
    minimum_minutes: RouteMinutes
    aldrete_minimum_points: int
    padss_minimum_points: int
    moaas_minimum_points: int
    systolic_below_mmhg: int
    diastolic_below_mmhg: int
    near_baseline_percent: Decimal
    no_driving_hours: int


@dataclass(frozen=True)
class Remote:
    allowed_routes: tuple[str, ...]
    reading_minutes: tuple[int, ...]
    reading_late_minutes: int
    then_every_minutes: int
    chaperone_age_years: int
    chaperone_check_minutes: int
    disconnect_ems_minutes: int


@dataclass(frozen=True)
class Telemedicine:
    basis_ends_on: date


@dataclass(frozen=True)
class Integration:
    opens_hours: int
    closes_hours: int

    def window(self, ended_at: datetime) -> tuple[datetime, datetime]:
        """Elapsed hours after the actual end of the dosing session (aware datetime; compute in UTC)."""
        return ended_at + timedelta(hours=self.opens_hours), ended_at + timedelta(hours=self.closes_hours)


@dataclass(frozen=True)
class FollowUp:
    check_in_hours: tuple[int, ...]
    relapse_watch_days: int


@dataclass(frozen=True)
class Validity:
    evaluation_days: int
    order_days: int
    consent_months: int
    labs_days: int
    plan_review_days: int
    maintenance_labs_months: int
    pregnancy_test_days: int
    pdmp_check_months: int


@dataclass(frozen=True)
class Credentials:
    warn_days: tuple[int, ...]


@dataclass(frozen=True)
class AdverseEvents:
    """Lowest pressure of grades 1, 2 and 3; grade 4 is a judgement, not a number."""

    hypertension_systolic_mmhg: tuple[int, ...]
    hypertension_diastolic_mmhg: tuple[int, ...]
