"""Psychotherapy notes: one therapist's own, apart from the chart, sealed (45 CFR 164.501)."""
