"""Who gets in where: one line for each address of the product. Whoever is not named on a line is refused.

Columns: name of the address | what stands in its gaps (words of tests/security/ground.py; `=plan` is literal) |
who may GET | who may POST | what a POST carries, where without it nobody would reach the rule.

    all     everybody, signed in or not (out: the latter)   .   nobody, or no such method
    c       the client whose record it is               C   any client, her own record in view
    w       the therapist on the care team who wrote it (W: such a one of either team)
    t p m   therapist, prescriber, monitor on the care team (w is a t)
    T P M   any therapist, prescriber, monitor, on the care team or not (T is t and more)
    a       whoever runs the clinic (admin)

Those who are refused: to the sign-in page (not signed in, account withdrawn, a companion with her link elsewhere),
403 (no such right), 404 (a right, but not to this one, and then nothing tells it from one that does not exist) or 405.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

TABLE = """
# signs of life, help, the door
healthz                        |                            | all     | .
readyz                         |                            | all     | .
core:help                      |                            | all     | .
desk:home                      |                            | T P M a C out | .
intake:start                   |                            | all     | .
intake:register                |                            | all     | all
accounts:sign_in               |                            | all     | all
accounts:code                  |                            | all     | all
accounts:link                  | =some-link                 | all     | all
accounts:sign_in_staff         |                            | all     | all
accounts:second                |                            | all     | all
accounts:challenge             |                            | .       | W
accounts:sign_out              |                            | .       | all
accounts:theme                 |                            | .       | all
accounts:state                 |                            | all     | .
accounts:active                |                            | .       | all
accounts:locked                |                            | all     | all
accounts:password_forgotten    |                            | all     | all
accounts:password_new          | uid reset_token            | all     | all
accounts:invitation            | invitation_token           | all     | all
# the demonstration's mailbox does not exist in a clinic
outbox:mailbox                 |                            | .       | .
outbox:mailbox_item            | =1                         | .       | .
outbox:mailbox_html            | =1                         | .       | .
# the companion's link
scheduling:companion           | dora.link                  | all     | all
scheduling:companion_agreement | wilma.link                 | all     | all
scheduling:companion_thanks    | =yes                       | all     | .

# one's own account
accounts:account               |                            | T P M a C | .
accounts:password              |                            | T P M a C | T P M a C
accounts:pin                   |                            | T P M a | T P M a
accounts:factors               |                            | T P M a | .
accounts:app_new               |                            | T P M a | T P M a
accounts:passkey_new           |                            | T P M a | T P M a
accounts:passkey_options       |                            | .       | T P M a
accounts:codes                 |                            | T P M a | T P M a
accounts:codes_kept            |                            | .       | T P M a
accounts:prove                 |                            | T P M a | T P M a
accounts:factor_remove         | factor                     | w       | w
accounts:sign_ins              |                            | T P M a C | .
accounts:sign_ins_end          |                            | .       | T P M a C
accounts:sign_in_end           | sign_in                    | .       | w
accounts:typed                 |                            | T P M a C | T P M a C
accounts:back                  |                            | T P M a C | .

# staff and their accounts; of resets the action says who may be the second person
accounts:staff                 |                            | a       | .
accounts:invite                |                            | a       | a
accounts:invite_again          | invitation                 | .       | a
accounts:invite_withdraw       | invitation                 | a       | a
accounts:roles                 | person                     | a       | a
accounts:deactivate            | person                     | a       | a
accounts:reactivate            | left                       | .       | a
accounts:let_in                | person                     | .       | a
accounts:staff_sign_ins        | person                     | a       | .
accounts:staff_sign_ins_end    | person                     | .       | a
accounts:resets                |                            | P a     | .
accounts:reset_ask             | person                     | P a     | P a
accounts:reset_confirm         | reset                      | .       | P a
accounts:reset_drop            | reset                      | .       | P a

# the clinic: roster, hours, places, numbers, messages
people:roster                  |                            | a       | .
people:provider_new            |                            | a       | a
people:provider                | provider                   | a       | .
people:provider_edit           | provider                   | a       | a
people:credential_new          | provider                   | a       | a
people:credential_end          | provider credential        | a       | a
scheduling:shifts              | provider                   | w a     | .
scheduling:shift_add           | provider                   | .       | a
scheduling:shift_end           | shift                      | a       | a
scheduling:time_off_add        | provider                   | .       | a
scheduling:time_off_cancel     | off                        | .       | a
scheduling:places              |                            | a       | .
scheduling:location_new        |                            | a       | a
scheduling:location            | location                   | a       | a
scheduling:location_close      | location                   | .       | a
scheduling:room_new            | location                   | a       | a
scheduling:room                | room                       | a       | a
scheduling:room_close          | room                       | .       | a
scheduling:services            |                            | a       | .
scheduling:service             | service                    | a       | a
desk:settings                  |                            | P a     | .
desk:settings_clinic           |                            | a       | a
desk:protocol_new              |                            | P       | P
desk:protocol                  | version                    | T P M a | .
outbox:list                    |                            | T a     | .
outbox:message                 | iris.message               | t a     | .
outbox:retry                   | iris.message               | .       | t a

# lists of the desk: each shows only what its reader may see
desk:today                     |                            | T P M a | .
desk:clients                   |                            | T P M a | .
desk:search                    |                            | T P M a | .
desk:pipeline                  |                            | T P M   | .
desk:reports                   |                            | T P M a | .
desk:reports_csv               |                            | T P M a | .
worklist:list                  |                            | T P M a | .
worklist:item                  | iris.item                  | t p m   | t p m
pathway:pool                   |                            | T P a   | .
intake:queue                   |                            | P       | .
scheduling:calendar            |                            | T P M a | .
scheduling:book                |                            | T P a   | T P a
dosing:rooms                   |                            | T P M   | .

# looking afterwards at who did what
desk:audit                     |                            | a       | .
desk:audit_csv                 |                            | a       | .

# opened in an emergency, by the one therapist who said why; whoever runs the clinic sees logistics, as always
people:emergency               |                            | T P     | T P
people:emergency_end           | broken.emergency           | .       | w
people:emergency_review        | broken.emergency           | a       | .
desk:chart                     | broken                     | w a     | .
desk:chart_tab                 | broken =medical            | w       | .
notes:psychotherapy_list       | broken                     | w       | .
notes:psychotherapy_new        | broken                     | w       | w

# one client: who she is, who is around her
people:client_new              |                            | T a     | .
pathway:enquiry_new            |                            | T a     | T a
people:client                  | iris                       | t p m a | .
people:client_edit             | iris                       | t a     | t a
people:client_invite           | iris                       | .       | t a
people:contact_new             | iris                       | t a     | t a
people:contact_change          | iris iris.contact          | t a     | t a
people:contact_end             | iris iris.contact          | t a     | t a
people:team                    | iris                       | t p a   | t p a
people:team_end                | iris iris.member           | t p a   | t p a
people:allergies               | iris                       | t p m   | t p m
people:medicines               | iris                       | t p m   | t p m

# the chart; an admin sees logistics and who opened it, nothing clinical
desk:chart                     | iris                       | t p m a | .
desk:chart_tab                 | iris =overview             | t p m a | .
desk:chart_tab                 | iris =timeline             | t p m   | .
desk:chart_tab                 | iris =notes                | t p m   | .
desk:chart_tab                 | iris =dosing               | t p m   | .
desk:chart_tab                 | iris =measures             | t p m   | .
desk:chart_tab                 | iris =medical              | t p m   | .
desk:chart_tab                 | iris =documents            | t p m   | .
desk:chart_tab                 | iris =access               | t p m a | .
desk:blocker                   | iris.course                | t p m   | .

# a therapist's own notes
notes:psychotherapy_list       | iris                       | t       | .
notes:psychotherapy_new        | iris                       | t       | t
notes:psychotherapy            | iris iris.own_note         | w       | w
notes:psychotherapy_lock       | iris iris.own_note         | .       | w
notes:psychotherapy_discard    | iris iris.own_note         | .       | w

# the pathway; whoever is in the pool may be taken by any whose role is waited for
pathway:take                   | pola.course                | .       | T
pathway:take                   | iris.course                | .       | .
pathway:assign                 | pola.course                | T a     | T a
pathway:assign                 | iris.course                | .       | .
pathway:course_new             | olga                       | t a     | t a
pathway:steps                  | iris.course                | t p m a | .
pathway:advance                | iris.course                | .       | t      | gate=follow_up
pathway:advance                | nele.course                | .       | t a    | gate=open_intake
pathway:leave                  | iris.course                | t p     | t p
pathway:resume                 | ella.course                | t p     | t p
pathway:override               | iris.course =medical =forms_sent | p | p

# documents
documents:document             | iris.document              | c t p m | .
documents:pdf                  | iris.document              | c t p m | .
documents:render_again         | iris.document              | .       | t p m
documents:withdraw             | iris.document              | c t p   | c t p
documents:sign                 | iris.to_sign               | c       | c
documents:ask_first            | iris.to_sign               | c       | c
documents:decline              | iris.to_sign               | c       | c
documents:ask                  | iris.course                | t p     | t p
documents:cancel               | iris.to_sign               | .       | t p

# questionnaires
measures:take                  | iris.measure               | c t p m | .
measures:question              | iris.measure =1            | c       | c
measures:check                 | iris.measure               | c       | c
measures:sent                  | iris.measure               | c       | .
measures:crisis                | iris.measure               | c       | .
measures:enter                 | iris.measure               | t p m   | t p m

# appointments
scheduling:appointment         | iris.visit                 | t p m a | .
scheduling:move                | iris.visit                 | t p a   | t p a
scheduling:cancel              | iris.visit                 | t p a   | t p a
scheduling:arrive              | dora.appointment           | .       | t p m a
scheduling:no_show             | dora.appointment           | .       | t p m a
scheduling:companion_name      | dora.appointment           | t p m a | t p m a
scheduling:companion_spoke     | dora.appointment           | .       | t p m a
scheduling:ics                 | iris.visit                 | c t p m a | .
scheduling:bring               | dora.appointment           | c       | c

# the client's own pages: they name no id
desk:portal                    |                            | C       | .
desk:who_opened                |                            | C       | .
scheduling:mine                |                            | C       | .
intake:welcome                 |                            | C       | C
intake:tasks                   |                            | C       | .
intake:check                   |                            | C       | .
intake:send                    |                            | .       | C
intake:sent                    |                            | C       | .
intake:crisis                  |                            | C       | .
intake:section                 | =goals                     | C       | .
intake:page                    | =goals =hopes              | C       | C
intake:autosave                | =goals =hopes              | .       | C
intake:privacy                 | nele.course                | c t a   | c t a

# forms, read and entered by the clinic
intake:forms                   | noor.course                | t p m   | .
intake:session_note            | noor.course                | t p m   | t
intake:to_medical              | noor.course                | .       | t
intake:for_enter               | noor.course                | t       | t
intake:for_tasks               | noor.course                | t       | .
intake:for_check               | noor.course                | t       | .
intake:for_send                | noor.course                | .       | t
intake:for_sent                | noor.course                | t       | .
intake:for_crisis              | noor.course                | t       | .
intake:for_section             | noor.course =goals         | t       | .
intake:for_page                | noor.course =goals =hopes  | t       | t
intake:for_autosave            | noor.course =goals =hopes  | .       | t

# the medical side
intake:evaluation              | hana.course                | t p     | .
intake:evaluation_start        | lena.course                | .       | p
intake:evaluation_autosave     | hana.evaluation            | .       | p
intake:evaluation_decide       | hana.evaluation            | .       | p
intake:evaluation_renew        | hana.evaluation            | .       | p
intake:diagnosis_new           | hana.course                | p       | p
intake:diagnosis_change        | hana.diagnosis             | .       | p
intake:to_preparation          | hana.course                | .       | p
intake:order                   | hana.course                | t p     | .
intake:order_write             | hana.course                | p       | p
intake:order_review            | hana.draft_order           | p       | .
intake:order_sign              | hana.draft_order           | .       | p
intake:order_discard           | hana.draft_order           | .       | p
intake:order_end               | hana.order                 | .       | p
intake:plan                    | hana.course                | t p     | .
intake:plan_start              | hana.course                | .       | t p
intake:plan_autosave           | lena.plan                  | .       | t p
intake:plan_sign               | lena.plan                  | .       | t p

# the dosing room
dosing:preparation             | vera.course                | t p m   | t
dosing:open                    | dora.appointment           | t p m   | t p m
dosing:readiness               | dora.appointment           | t p m   | .
dosing:pass_entry              | dora.appointment =companion_confirmed | p | p
dosing:session                 | june.session               | t p m   | .
dosing:session                 | rita.session               | t p m   | .
dosing:session                 | iris.dosing                | t p m   | .
dosing:flow                    | june.session               | t p m   | .
dosing:vitals                  | june.session               | .       | t p m
dosing:call                    | june.session               | .       | t p m
dosing:line                    | rita.session               | .       | t p m
dosing:place                   | wilma.session              | .       | t p m
dosing:safety                  | rita.session               | t p     | t p
dosing:second                  | rita.session               | .       | t p m
dosing:release                 | rita.session               | .       | p
dosing:pass_start              | rita.session =two_staff_present | p  | p
dosing:start                   | rita.session               | .       | t p m
dosing:observation             | june.session               | t p m   | t p m
dosing:dose                    | june.session               | p m     | p m
dosing:event                   | june.session               | t p m   | t p m
dosing:strike                  | june.session =vitals june.vitals | t p m | t p m
dosing:strike                  | june.session =dose june.dose | t p m | t p m
dosing:strike                  | june.session =observation june.observation | t p m | t p m
dosing:strike                  | june.session =event june.event | t p m | t p m
dosing:discharge               | june.session               | t p m   | t p m
dosing:left                    | june.session               | t p m   | t p m
dosing:not_dosed               | rita.session               | t p m   | t p m

# integration and the end
integration:note               | iris.integration           | t p m   | t
integration:held               | iris.integration           | .       | t
integration:screen             | iris.integration           | t       | t
integration:follow_up          | iris.course                | .       | t
integration:summary            | vera.course                | t p m   | t      | words=Well+again&printed_name=X
integration:complete           | vera.course                | .       | t
"""

# letter of the table → who comes (words of tests/security/ground.py)
PEOPLE = {
    "w": {"therapist"},
    "W": {"therapist", "therapist elsewhere"},
    "t": {"therapist", "colleague"},
    "p": {"prescriber"},
    "m": {"monitor"},
    "T": {"therapist", "colleague", "therapist elsewhere"},
    "P": {"prescriber", "prescriber elsewhere"},
    "M": {"monitor", "monitor elsewhere"},
    "a": {"admin", "second admin"},
    "c": {"client"},
    "C": {"client", "client elsewhere"},
    ".": set(),
}
OUTSIDE = {"anonymous", "companion", "disabled"}  # not signed in, whatever their browser holds
EVERYBODY = set().union(*PEOPLE.values()) | OUTSIDE | {"staff without a role"}
PEOPLE |= {"all": EVERYBODY, "out": OUTSIDE}


@dataclass(frozen=True)
class Line:
    name: str
    words: tuple[str, ...]
    get: frozenset[str]
    post: frozenset[str]
    payload: tuple = ()

    @property
    def id(self) -> str:
        return " ".join((self.name, *self.words))

    @property
    def gaps(self) -> list[int]:
        """Places of the address where an id or a token stands."""
        return [n for n, word in enumerate(self.words) if not word.startswith("=")]

    def may(self, method: str) -> frozenset[str]:
        return {"get": self.get, "post": self.post}[method]


def _who(letters: str) -> frozenset[str]:
    return frozenset().union(*(PEOPLE[letter] for letter in letters.split()))


def lines(table: str = TABLE) -> list[Line]:
    """A line that cannot be read is an error, so that none is lost by a slip of the pen."""
    found = []
    for row in table.splitlines():
        if not row.strip() or row.startswith("#"):
            continue
        name, words, get, post, *rest = (cell.strip() for cell in row.split("|"))
        found.append(
            Line(name, tuple(words.split()), _who(get), _who(post), tuple(parse_qsl(*rest)) if rest else ())
        )
    return found
