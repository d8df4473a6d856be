"""Where the stories look for a free time when the wanted days are full."""

from kap.demo.acts.booking import _days


def test_a_dose_is_looked_for_on_the_wanted_days_then_sooner_then_later():
    assert _days(-14, 4) == [-14, -13, -12, -11, -15, -16, -17, -10, -9, -8, -7]


def test_a_dose_of_today_is_never_put_off():
    assert max(_days(0, 1)) == 0
