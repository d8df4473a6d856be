"""What a new clinic begins with: kinds of appointment and their usual lengths. Every one can be changed in the browser.

Lengths: dosing about 2 h plus a 30-minute closing integration; the others as clinics of this kind book them.
"""

SERVICES = (
    # code, name, minutes, roles of which one provider each is needed, modes, kind of room
    ("intake", "Intake session", 80, ["therapist"], ["in_person", "video"], "therapy"),
    ("evaluation", "Medical evaluation", 45, ["prescriber"], ["in_person", "video"], "therapy"),
    ("preparation", "Preparation", 60, ["therapist"], ["in_person", "video"], "therapy"),
    ("dosing", "Dosing", 150, ["therapist"], ["in_person", "video"], "dosing"),
    ("integration", "Integration", 60, ["therapist"], ["in_person", "video"], "therapy"),
    ("check_in", "Check-in call", 20, ["therapist"], ["phone", "video"], ""),
    ("follow_up", "Follow-up", 50, ["therapist"], ["in_person", "video"], "therapy"),
)
