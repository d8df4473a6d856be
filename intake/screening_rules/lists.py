"""Rules over lists: medicines, allergies, questionnaires."""

from collections.abc import Mapping

from intake.medicine_classes import KETAMINE, classes_of, words_of
from intake.screening_rules.finding import finding, value
from intake.screening_rules.rule import CLINIC, COHORT, HARD, INFO, KNOWN, LABEL, SOFT

NOT_KNOWN = frozenset(
    {
        ("i", "don", "t", "know"),
        ("dont", "know"),
        ("don", "t", "know"),
        ("not", "sure"),
        ("unsure",),
        ("unknown",),
        ("i", "dont", "know"),
        (),
    }
)


NAMES = {"phq9": "PHQ-9", "gad7": "GAD-7", "pcl5": "PCL-5", "audit_c": "AUDIT-C"}


def rows_of(answers, section, given):
    if given is not None:
        return list(given)
    return value(answers, f"{section}.list") or []


def _name(row, key) -> str:
    given = row.get(key) if isinstance(row, Mapping) else row
    return given.strip() if isinstance(given, str) else ""


def medicine_findings(rows, answers, limits):
    """One finding for each class met, naming the medicines; plus those that are unnamed or on no list."""
    where = "medicines.list"
    groups, unknown, unnamed = _sorted_by_class(rows)
    found = []
    for group, names in groups.values():
        mend = group.mend.format(lorazepam=limits.lorazepam_equivalent_mg_per_day)
        words = f"{group.words}: {', '.join(names)}"
        found.append(finding(f"medicine_{group.code}", group.level, words, mend, group.source, where))
    if unknown:
        words = f"On no interaction list here: {', '.join(unknown)}"
        found.append(finding("medicine_not_listed", INFO, words, "Look up interactions.", CLINIC, where))
    if unnamed or (not rows and value(answers, "medicines.takes") == "yes"):
        words, mend = "A medicine without a name", "Ask for the box or call the pharmacy."
        found.append(finding("clarify_medicine_names", SOFT, words, mend, CLINIC, where))
    return found


def _sorted_by_class(rows):
    """({class code: (class, names)}, names on no list, whether a row has no usable name)."""
    groups, unknown, unnamed = {}, [], False
    for row in rows:
        name = _name(row, "name")
        if words_of(name) in NOT_KNOWN:
            unnamed = True
            continue
        matches = classes_of(name)
        if not matches:
            unknown.append(name)
        for match in matches:
            shown = name if match.exact else f"{name} (read as {match.name})"
            groups.setdefault(match.group.code, (match.group, []))[1].append(shown)
    return groups, unknown, unnamed


def allergy_findings(rows, answers):
    """Ketamine among the allergies is hard and final; all others are shown together."""
    where = "allergies.list"
    names = [_name(row, "substance") for row in rows]
    ketamine = [name for name in names if any(match.name in KETAMINE for match in classes_of(name))]
    others = [name for name in names if name not in ketamine and words_of(name) not in NOT_KNOWN]
    found = []
    if ketamine:
        words = f"Allergy named: {', '.join(ketamine)}"
        found.append(finding("ketamine_allergy", HARD, words, "Ketamine must not be given.", LABEL, where))
    if others:
        words, mend = f"Allergies: {', '.join(others)}", "Check against all that may be given in a session."
        found.append(finding("allergies_named", INFO, words, mend, CLINIC, where))
    nothing_listed = not rows and value(answers, "allergies.has") == "yes"
    if nothing_listed or any(words_of(name) in NOT_KNOWN for name in names):
        words, mend = "An allergy without a name", "Ask what happened and when."
        found.append(finding("clarify_allergy_names", SOFT, words, mend, CLINIC, where))
    return found


def measure_findings(measures, remote):
    """What questionnaires say: their safety findings, items left open, and cut-offs reached."""
    found = []
    for code, score in measures.items():
        if score is not None:
            found += _safety(code, score, remote)
            found += _left_open(code, score)
    audit, pcl = measures.get("audit_c"), measures.get("pcl5")
    if audit is not None and audit.positive:
        words, mend = f"AUDIT-C {audit.total}: at or above the cut-off", "Assess alcohol use and withdrawal."
        found.append(finding("audit_c_positive", SOFT, words, mend, COHORT, "audit_c."))
    if pcl is not None and (pcl.positive or pcl.provisional):
        words, mend = "PCL-5 points to PTSD", "Plan grounding; confirm the diagnosis."
        found.append(finding("pcl5_positive", INFO, words, mend, KNOWN, "pcl5."))
    return found


def _safety(code, score, remote):
    for safety in score.safety:
        level = HARD if remote and safety.blocks_remote else SOFT
        item = safety.items[0] if code != "cssrs" and safety.items else ""
        name = "clarify_cssrs" if safety.code == "cssrs_incomplete" else safety.code
        yield finding(name, level, safety.words, safety.mend, KNOWN, f"{code}.{item}")


def _left_open(code, score):
    """Items without an answer. The C-SSRS says so itself, as a safety finding."""
    if score.complete or code == "cssrs":
        return
    level = SOFT if code == "phq9" and "9" in score.missing_items else INFO
    words = f"{NAMES.get(code, code)}: item {', '.join(score.missing_items)} not answered"
    where = f"{code}.{score.missing_items[0]}"
    yield finding(f"clarify_{code}", level, words, "Ask these items together.", CLINIC, where)
