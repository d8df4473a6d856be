"""The people and places of the demonstration clinic. All invented; phone numbers are of the range kept for fiction."""

# ruff: noqa: E501 - a table reads best with one person a line

from dataclasses import dataclass

CLINIC = {
    "name": "Alder House",
    "zone": "America/Los_Angeles",
    "phone": "(310) 555-0100",
    "email": "hello@alderhouse.test",
    "address": "240 Alder Street, Riverside, CA 92501",
    "privacy_officer_email": "privacy@alderhouse.test",
    "tax_id": "00-0000000",
}

LOCATIONS = (
    {
        "name": "Riverside",
        "zone": "America/Los_Angeles",
        "state": "CA",
        "address": "240 Alder Street, Riverside, CA 92501",
    },
    {
        "name": "Corona",
        "zone": "America/Los_Angeles",
        "state": "CA",
        "address": "18 Quarry Road, Corona, CA 92882",
    },
)
ROOMS = (
    ("Riverside", "Willow room", "dosing"),
    ("Riverside", "Room 2", "therapy"),
    ("Corona", "Juniper room", "dosing"),
    ("Corona", "Room 1", "therapy"),
)

PASSWORD = "alder house is a demo"  # noqa: S105  # nosec B105 # printed for everyone to use
PIN = "2468"


@dataclass(frozen=True)
class Member:
    """`days` (0 is Monday) at `location`; `rides`: one day a week, chosen when the clinic is made, at the other one."""

    email: str
    name: str
    title: str
    roles: tuple[str, ...]
    location: str = ""
    days: tuple[int, ...] = ()
    hours: tuple[str, str] = ("09:00", "18:00")
    rides: bool = False
    around_today: bool = False
    colour: int = 1
    npi: str = ""
    dea: str = ""
    licence: str = ""
    licence_days_left: int = 400

    @property
    def key(self) -> str:
        return self.email.partition("@")[0]


# Weekends are staffed, since a dose on Thursday or Friday needs its integration 24 to 48 hours later.
STAFF = (
    Member("mara@alderhouse.test", "Mara Quinn", "LMFT", ("therapist",), "Riverside", (0, 1, 2, 3, 4, 5), rides=True,
           around_today=True, colour=1, licence="LMFT 104417"),
    Member("jonas@alderhouse.test", "Jonas Feld", "LCSW", ("therapist",), "Riverside", (0, 1, 2, 3, 5), colour=2,
           licence="LCSW 88213", licence_days_left=24),
    Member("imani@alderhouse.test", "Imani Brook", "PsyD", ("therapist",), "Corona", (1, 2, 3, 4, 6), colour=3,
           licence="PSY 30952"),
    Member("osei@alderhouse.test", "Dr. Kwame Osei", "MD", ("prescriber",), "Riverside", (0, 1, 2, 3, 4, 5), rides=True,
           around_today=True, hours=("08:00", "18:00"), colour=4, npi="1234567893", dea="AO1234563", licence="A 147702"),
    Member("lindqvist@alderhouse.test", "Dr. Sofia Lindqvist", "DO", ("prescriber",), "Corona", (1, 2, 3, 4), colour=5,
           npi="1245319599", dea="BL7654329", licence="20A 19841"),
    Member("ana@alderhouse.test", "Ana Ruiz", "RN", ("monitor",), "Riverside", (0, 1, 2, 3, 4, 5), around_today=True,
           colour=6, licence="RN 801177"),
    Member("tomas@alderhouse.test", "Tomas Reed", "RN", ("monitor",), "Corona", (0, 1, 2, 3, 4, 6), colour=7,
           licence="RN 779034"),
    Member("admin@alderhouse.test", "Grace Holloway", "", ("admin",)),
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """One client: who she is, and how far her story goes."""

    name: str
    chosen: str
    pronouns: str
    sex: str
    born: str
    story: str  # see kap.demo.stories
    cycles: int = 0
    route: str = "sl"
    setting: str = "in_clinic"
    phq: tuple[int, ...] = (17,)
    diagnosis: str = "F33.1"
    medicines: tuple[tuple[str, str, str, str], ...] = ()
    allergy: tuple[str, str] | None = None
    companion: str = ""
    therapist: str = "mara"
    weight_kg: str = "70.0"


SERTRALINE = ("sertraline", "100", "mg", "Every morning")
LORAZEPAM = ("lorazepam", "0.5", "mg", "If needed")
LISINOPRIL = ("lisinopril", "10", "mg", "Every morning")
BUPROPION = ("bupropion", "150", "mg", "Every morning")
LAMOTRIGINE = ("lamotrigine", "100", "mg", "Twice a day")

CLIENTS = (
    Person("June Ashworth", "", "she/her", "female", "1984-08-03", "dosing_tomorrow", 2, phq=(19, 12, 10, 8),
           medicines=(SERTRALINE, LORAZEPAM, LISINOPRIL), allergy=("penicillin", "hives"), companion="Sam Ashworth", weight_kg="72.5"),
    Person("Marcus Bell", "", "he/him", "male", "1979-02-17", "dosing_today", 1, phq=(21, 15), companion="Tina Bell", weight_kg="84.0"),
    Person("Theodore Kask", "Theo", "he/him", "male", "1991-11-28", "integration_today", 3, phq=(16, 13, 9, 7), route="im", weight_kg="78.0"),
    Person("Priya Shah", "", "she/her", "female", "1988-05-09", "integration_open", 1, phq=(20, 14), weight_kg="61.0"),
    Person("Dana Reyes", "", "they/them", "female", "1995-01-22", "intake_safety", phq=(18,), weight_kg="66.0"),
    Person("Hana Lindholm", "", "she/her", "female", "1990-07-14", "intake_session_today", phq=(15,), weight_kg="58.5"),
    Person("Lee Warren", "", "he/him", "male", "1969-10-30", "preparation", phq=(17,), diagnosis="F43.10", weight_kg="90.0"),
    Person("Rosa Delgado", "", "she/her", "female", "1975-03-19", "completed", 4, phq=(22, 16, 11, 8, 4), route="im", therapist="imani", weight_kg="68.0"),
    Person("Owen Castellan", "", "he/him", "male", "1982-12-05", "completed", 6, phq=(19, 17, 13, 12, 9, 7, 5), route="iv", therapist="jonas", weight_kg="81.5"),
    Person("Nadia Petrov", "", "she/her", "female", "1993-04-26", "follow_up", 4, phq=(18, 14, 10, 9, 6), weight_kg="64.0"),
    Person("Caleb Winters", "", "he/him", "male", "1986-09-11", "follow_up", 5, phq=(23, 19, 18, 15, 14, 12), route="im",
           medicines=(BUPROPION,), therapist="imani", weight_kg="88.0"),
    Person("Amara Osborne", "", "she/her", "female", "1998-06-02", "integration_done", 2, phq=(16, 12, 9), therapist="jonas", weight_kg="60.0"),
    Person("Felix Grant", "", "he/him", "male", "1972-08-24", "integration_done", 3, phq=(20, 18, 17, 12), route="im",
           medicines=(LISINOPRIL,), therapist="imani", weight_kg="92.5"),
    Person("Simone Hartley", "", "she/her", "female", "1980-01-08", "integration_done", 1, phq=(19, 13), therapist="jonas", weight_kg="70.0"),
    Person("Victor Amsel", "", "he/him", "male", "1965-05-31", "integration_done", 4, phq=(17, 15, 12, 10, 8), route="iv", therapist="imani", weight_kg="86.0"),
    Person("Leila Haddad", "", "she/her", "female", "1989-10-12", "integration_late", 2, phq=(21, 17, 14), therapist="imani", weight_kg="59.0"),
    Person("Graham Pruitt", "", "he/him", "male", "1977-07-07", "remote", 1, setting="remote", phq=(16, 12),
           companion="Ellen Pruitt", therapist="jonas", weight_kg="83.0"),
    Person("Yuki Tanabe", "", "she/her", "female", "1992-02-29", "remote", 2, setting="remote", phq=(18, 13, 10),
           companion="Ken Tanabe", therapist="imani", weight_kg="55.5"),
    Person("Isaac Moreau", "", "he/him", "male", "1983-11-16", "preparation_signed", phq=(22,), route="im", therapist="jonas", weight_kg="79.0"),
    Person("Bianca Ferro", "", "she/her", "female", "1996-08-20", "preparation_signed", phq=(15,), therapist="imani", weight_kg="63.0"),
    Person("Elliot Nash", "", "they/them", "male", "1987-04-04", "preparation", phq=(19,), medicines=(LAMOTRIGINE,), therapist="jonas", weight_kg="71.0"),
    Person("Carmen Vidal", "", "she/her", "female", "1971-12-21", "medical_taken", phq=(20,), therapist="imani", weight_kg="74.0"),
    Person("Joel Sandberg", "", "he/him", "male", "1994-03-03", "medical_taken", phq=(14,), diagnosis="F41.1", weight_kg="77.5"),
    Person("Tessa Morrow", "", "she/her", "female", "1985-06-18", "medical_pool", phq=(18,), weight_kg="69.0"),
    Person("Andre Whitlock", "", "he/him", "male", "1978-09-27", "medical_pool", phq=(23,), therapist="jonas", weight_kg="95.0"),
    Person("Naomi Fairchild", "", "she/her", "female", "1999-01-15", "medical_deciding", phq=(17,), therapist="imani", weight_kg="57.0"),
    Person("Peter Lang", "", "he/him", "male", "1961-02-06", "intake_sent", phq=(16,), medicines=(LISINOPRIL,), therapist="jonas", weight_kg="82.0"),
    Person("Alina Marsh", "", "she/her", "female", "1990-12-30", "intake_sent", phq=(13,)),
    Person("Dominic Shore", "", "he/him", "male", "1988-10-10", "intake_half"),
    Person("Freya Holm", "", "she/her", "female", "1997-05-25", "intake_half"),
    Person("Samuel Ortega", "Sam", "he/him", "male", "1974-07-29", "intake_half"),
    Person("Ruth Abernathy", "", "she/her", "female", "1958-11-02", "enquiry"),
    Person("Kit Lawson", "", "they/them", "female", "2000-03-17", "enquiry"),
    Person("Oscar Bennett", "", "he/him", "male", "1981-08-08", "enquiry"),
    Person("Helen Strand", "", "she/her", "female", "1967-06-06", "declined", phq=(18,), therapist="imani", weight_kg="65.0"),
    Person("Malik Jordan", "", "he/him", "male", "1984-10-01", "deferred", phq=(21,), therapist="jonas", weight_kg="87.0"),
    Person("Ivy Caldwell", "", "she/her", "female", "1993-09-09", "resumed", phq=(17,), therapist="imani", weight_kg="62.0"),
    Person("Noah Trent", "", "he/him", "male", "1976-04-13", "withdrawn", 1, phq=(19, 16), therapist="jonas", weight_kg="80.0"),
    Person("Greta Olsen", "", "she/her", "female", "1970-01-27", "transferred", 2, phq=(20, 18, 16), therapist="imani", weight_kg="67.0"),
    Person("Miles Avery", "", "he/him", "male", "1989-02-12", "not_dosed", 1, phq=(18, 14), therapist="imani", weight_kg="85.0"),
)  # fmt: skip
