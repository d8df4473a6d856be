"""Every address that answers GET, in the demonstration: what stands in its gaps, who opens it, and when.

Columns: name of the address | words for its gaps (`=plan` is literal, `june` her id, `june.course` her course's; after
`?` a query, `{june}` in it) | whose eyes, the ones that see most | what to expect.

    (empty)   a page, under this very address
    goes on   leads to another page, which is looked at
    part      a fragment, file or sign of life: only its words are looked at

Headings say when: the clinic's day goes on from one to the next, see tests/journeys/demo_day.py.
"""

from dataclasses import dataclass

TABLE = """
== morning
desk:home                      |                            | mara  | goes on
desk:today                     |                            | mara  |
desk:pipeline                  |                            | osei  |
desk:blocker                   | june.course                | mara  | goes on
desk:clients                   |                            | mara  |
desk:search                    | ?q=a                       | mara  |
desk:reports                   |                            | osei  |
desk:reports_csv               |                            | osei  | part
worklist:list                  |                            | mara  |
worklist:item                  | dana.item                  | mara  |
pathway:pool                   |                            | osei  |
intake:queue                   |                            | osei  |
scheduling:calendar            |                            | mara  |
scheduling:calendar            | ?view=week                 | mara  |
scheduling:book                |                            | mara  |
scheduling:book                | ?client={june}&service=preparation | mara |
dosing:rooms                   |                            | ana   |

desk:chart                     | june                       | mara  |
desk:chart                     | june                       | admin |
desk:chart_tab                 | june =overview             | mara  |
desk:chart_tab                 | june =timeline             | mara  |
desk:chart_tab                 | june =notes                | mara  |
desk:chart_tab                 | june =dosing               | mara  |
desk:chart_tab                 | june =measures             | mara  |
desk:chart_tab                 | june =medical              | osei  |
desk:chart_tab                 | june =documents            | mara  |
desk:chart_tab                 | june =access               | mara  |
desk:chart_tab                 | rosa =timeline             | imani |
desk:chart_tab                 | rosa =measures             | imani |
people:client                  | june                       | mara  |
people:client_new              |                            | mara  | goes on
people:client_edit             | june                       | mara  |
people:contact_new             | june                       | mara  |
people:contact_change          | june june.contact          | mara  |
people:contact_end             | june june.contact          | mara  |
people:team                    | june                       | mara  |
people:team_end                | june june.member           | mara  |
people:allergies               | june                       | mara  |
people:medicines               | june                       | osei  |
people:emergency               |                            | imani |
people:emergency_review        | emergency                  | admin |
desk:chart                     | priya                      | imani |

notes:psychotherapy_list       | june                       | mara  |
notes:psychotherapy_new        | june                       | mara  |
notes:psychotherapy            | june june.own_open         | mara  |
notes:psychotherapy            | june june.own_locked       | mara  |

pathway:assign                 | ruth.course                | mara  |
pathway:enquiry_new            |                            | mara  |
pathway:course_new             | rosa                       | imani |
pathway:steps                  | june.course                | osei  |
pathway:steps                  | helen.course               | lindqvist |
pathway:leave                  | june.course                | osei  |
pathway:resume                 | malik.course               | osei  |
pathway:override               | june.course =medical =forms_sent | osei |

documents:document             | kap_consent                | reader |
documents:document             | telehealth_consent         | reader |
documents:document             | chaperone_agreement        | reader |
documents:document             | treatment_plan             | reader |
documents:document             | medical_evaluation         | reader |
documents:document             | order                      | reader |
documents:document             | session_record             | reader |
documents:document             | course_summary             | reader |
documents:pdf                  | rendered                   | reader | part
documents:ask                  | lee.course                 | mara  |
documents:withdraw             | june.consent               | june  |
documents:sign                 | lee.to_sign                | lee   |
documents:ask_first            | lee.to_sign                | lee   |
documents:decline              | lee.to_sign                | lee   |

measures:take                  | lee.measure                | lee   | goes on
measures:question              | lee.measure =1             | lee   |
measures:check                 | lee.measure                | lee   |
measures:enter                 | lee.measure                | mara  |
measures:sent                  | dana.answered              | dana  |
measures:crisis                | dana.answered              | dana  |

scheduling:appointment         | june.dose                  | mara  |
scheduling:appointment         | hana.today                 | mara  |
scheduling:move                | june.dose                  | mara  |
scheduling:cancel              | june.dose                  | mara  |
scheduling:companion_name      | june.dose                  | mara  |
scheduling:ics                 | june.dose                  | june  | part
scheduling:bring               | june.dose                  | june  |
scheduling:mine                |                            | june  |
scheduling:companion           | marcus.link                | -     |
scheduling:companion_agreement | graham.link                | -     |
scheduling:companion_thanks    | =yes                       | -     |
scheduling:companion_thanks    | =no                        | -     |

desk:portal                    |                            | june  |
desk:portal                    |                            | rosa  |
desk:portal                    |                            | freya |
desk:portal                    |                            | kit   |
desk:who_opened                |                            | june  |
intake:welcome                 |                            | kit   | goes on
intake:privacy                 | ruth.course                | admin |
intake:tasks                   |                            | freya |
intake:section                 | =goals                     | freya | goes on
intake:page                    | =goals =hopes              | freya |
intake:page                    | =medicines =medicines      | freya |
intake:page                    | =health =heart             | freya |
intake:check                   |                            | freya |
intake:sent                    |                            | alina |
intake:crisis                  |                            | freya |
intake:forms                   | samuel.course              | mara  |
intake:forms                   | june.course                | mara  |
intake:session_note            | hana.course                | mara  |
intake:session_note            | june.course                | mara  |
intake:for_enter               | samuel.course              | mara  |
intake:for_tasks               | samuel.course              | entering |
intake:for_section             | samuel.course =goals       | entering | goes on
intake:for_page                | samuel.course =goals =hopes | entering |
intake:for_check               | samuel.course              | entering |
intake:for_sent                | samuel.course              | entering | goes on
intake:for_crisis              | samuel.course              | entering |
intake:evaluation              | june.course                | osei  |
intake:evaluation              | naomi.course               | lindqvist |
intake:diagnosis_new           | june.course                | osei  |
intake:order                   | june.course                | osei  |
intake:order_write             | june.course                | osei  |
intake:order_review            | june.draft_order           | osei  |
intake:plan                    | june.course                | osei  |
dosing:preparation             | june.course                | mara  |
dosing:preparation             | lee.course                 | mara  |
dosing:open                    | june.dose                  | osei  |
dosing:readiness               | june.dose                  | osei  | part
dosing:pass_entry              | marcus.dose =companion_confirmed | osei |
dosing:session                 | june.done                  | mara  |
dosing:session                 | miles.not_dosed            | imani |
integration:note               | theo.integration           | mara  |
integration:note               | june.integration           | mara  |
integration:screen             | theo.integration           | mara  |
integration:summary            | nadia.course               | mara  |

people:roster                  |                            | admin |
people:provider_new            |                            | admin |
people:provider                | mara.provider              | admin |
people:provider_edit           | mara.provider              | admin |
people:credential_new          | mara.provider              | admin |
people:credential_end          | mara.provider mara.credential | admin |
scheduling:shifts              | mara.provider              | admin |
scheduling:shift_end           | mara.shift                 | admin |
scheduling:places              |                            | admin |
scheduling:location_new        |                            | admin |
scheduling:location            | location                   | admin |
scheduling:room_new            | location                   | admin |
scheduling:room                | room                       | admin |
scheduling:services            |                            | admin |
scheduling:service             | service                    | admin |
desk:settings                  |                            | osei  |
desk:settings                  |                            | admin |
desk:settings_clinic           |                            | admin |
desk:protocol_new              |                            | osei  |
desk:protocol                  | protocol                   | osei  |
desk:audit                     |                            | admin |
desk:audit_csv                 |                            | admin | part
outbox:list                    |                            | admin |
outbox:message                 | message                    | admin |
outbox:mailbox                 |                            | -     |
outbox:mailbox_item            | mail                       | -     |
outbox:mailbox_html            | mail                       | -     | part
accounts:staff                 |                            | admin |
accounts:invite                |                            | admin |
accounts:invite_withdraw       | invitation                 | admin |
accounts:roles                 | jonas.user                 | admin |
accounts:deactivate            | jonas.user                 | admin |
accounts:staff_sign_ins        | mara.user                  | admin |

accounts:account               |                            | mara  |
accounts:account               |                            | june  |
accounts:password              |                            | mara  |
accounts:pin                   |                            | mara  |
accounts:sign_ins              |                            | mara  |
accounts:sign_ins              |                            | june  |
accounts:typed                 |                            | typed |
accounts:back                  |                            | mara  |
accounts:state                 |                            | mara  | part
accounts:locked                |                            | locked |
accounts:sign_in               |                            | -     |
accounts:sign_in_staff         |                            | -     |
accounts:code                  |                            | asked |
accounts:link                  | link                       | -     |
accounts:password_forgotten    |                            | -     |
accounts:password_new          | uid reset_token            | -     |
accounts:invitation            | invitation_token           | -     |
intake:start                   |                            | -     |
intake:register                |                            | -     |
core:help                      |                            | -     |
healthz                        |                            | -     | part
readyz                         |                            | -     | part

== with a second factor
accounts:second                |                            | halfway |
accounts:factors               |                            | bare  |
accounts:factors               |                            | proved |
accounts:app_new               |                            | proved |
accounts:passkey_new           |                            | proved |
accounts:codes                 |                            | proved |
accounts:factor_remove         | factor                     | proved |
accounts:prove                 |                            | unproved |
accounts:resets                |                            | proved |
accounts:reset_ask             | mara.user                  | proved |

== before the medicine
dosing:rooms                   |                            | ana   |
dosing:session                 | marcus.session             | ana   |
dosing:safety                  | marcus.session             | mara  |
dosing:pass_start              | marcus.session =two_staff_present | osei |
dosing:not_dosed               | marcus.session             | ana   |

== under the medicine
dosing:rooms                   |                            | ana   |
dosing:session                 | marcus.session             | ana   |
dosing:flow                    | marcus.session             | ana   | part
dosing:observation             | marcus.session             | ana   |
dosing:dose                    | marcus.session             | ana   |
dosing:event                   | marcus.session             | ana   |
dosing:strike                  | marcus.session =vitals marcus.vitals | ana |
dosing:strike                  | marcus.session =dose marcus.given | ana |
dosing:strike                  | marcus.session =observation marcus.observed | ana |
dosing:discharge               | marcus.session             | ana   |
dosing:left                    | marcus.session             | ana   |
"""


@dataclass(frozen=True)
class Line:
    when: str
    name: str
    words: tuple[str, ...]
    query: str
    who: str
    expect: str

    @property
    def id(self) -> str:
        return " ".join((self.name, *self.words, self.query, self.who)).replace("  ", " ")


def lines(table: str = TABLE) -> list[Line]:
    """In the order of the day. A line that cannot be read is an error."""
    found, when = [], ""
    for row in table.splitlines():
        if row.startswith("== "):
            when = row[3:].strip()
        elif row.strip():
            name, words, who, expect = (cell.strip() for cell in row.split("|"))
            gaps, _, query = words.partition("?")
            assert expect in ("", "goes on", "part"), row
            found.append(Line(when, name, tuple(gaps.split()), query and f"?{query}", who, expect))
    return found
