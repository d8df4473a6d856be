"""What each action leaves behind: one line for each verb. A verb that stands nowhere fails test_audit_sweep.py.

LEAVES: verb | tables whose kept rows carry the verb (history tables without their ending `event`).
QUIET:  verb | why it leaves none.
"""

LEAVES = """
accounts.accept_invitation | accounts_user accounts_invitation
accounts.add_app | accounts_factor
accounts.add_passkey | accounts_factor
accounts.ask_reset | accounts_factorreset
accounts.change_email | accounts_user
accounts.change_roles | accounts_rolegrant
accounts.confirm_reset | accounts_factorreset
accounts.deactivate | accounts_user
accounts.drop_reset | accounts_factorreset
accounts.end_sessions | accounts_signin
accounts.invite | accounts_invitation
accounts.invite_again | accounts_invitation
accounts.open | accounts_user accounts_rolegrant
accounts.reactivate | accounts_user
accounts.remove_factor | accounts_factor
accounts.reset_from_server | accounts_factorreset
accounts.sign_in | accounts_signin
accounts.sign_out | accounts_signin
accounts.withdraw_invitation | accounts_invitation
core.change_clinic | core_clinic
core.set_up_clinic | core_clinic
core.sign_protocol | core_protocolversion
documents.ask_first | documents_signaturerequest
documents.ask_to_sign | documents_signaturerequest
documents.cancel_request | documents_signaturerequest
documents.decline | documents_signaturerequest
documents.freeze | documents_document
documents.publish_defaults | documents_template
documents.publish_template | documents_template
documents.sign | documents_signature
documents.sign_request | documents_document documents_signature
documents.store_pdf | documents_documentpdf
documents.withdraw | documents_withdrawal
dosing.answer_line | dosing_predoseanswer
dosing.call_prescriber | dosing_observation
dosing.close_not_dosed | dosing_dosingsession
dosing.discharge | dosing_discharge
dosing.give | dosing_administration
dosing.leave_against_advice | dosing_discharge
dosing.observe | dosing_observation
dosing.open | dosing_dosingsession pathway_stagemove
dosing.record_event | dosing_adverseevent
dosing.record_remote | dosing_dosingsession
dosing.record_vitals | dosing_vitals
dosing.release | dosing_release
dosing.screen_safety | measures_response
dosing.stand_by | dosing_dosingsession
dosing.start | dosing_dosingsession
dosing.strike | dosing_strike
intake.add_diagnosis | intake_diagnosis
intake.decide | intake_evaluation documents_document
intake.discard_order | intake_order
intake.draft_order | intake_order
intake.end_diagnosis | intake_diagnosis
intake.end_order | intake_order
intake.end_orders | intake_order
intake.make_principal | intake_diagnosis
intake.open_client_account | accounts_user
intake.open_forms | pathway_stagemove
intake.open_tasks | measures_request
intake.register | people_client pathway_course
intake.save_evaluation | intake_evaluation
intake.save_plan | intake_plan
intake.send_forms | intake_submission
intake.sign_order | intake_order documents_document
intake.sign_plan | intake_plan documents_document
intake.sign_session | notes_note
intake.start_evaluation | intake_evaluation
intake.start_plan | intake_plan
intake.use_newest_forms | intake_evaluation
integration.ask_final_measures | measures_request
integration.begin_note | integration_integrationsession notes_note
integration.open | integration_integrationsession
integration.screen_safety | measures_response
integration.set_held | integration_integrationsession
integration.sign | integration_integrationsession notes_note
integration.sign_summary | integration_coursesummary
integration.tie_appointment | integration_integrationsession
measures.answer | measures_response
measures.ask | measures_request
measures.cancel | measures_request
notes.add_addendum | notes_addendum
notes.save_draft | notes_note
notes.sign | notes_note
notes.start | notes_note
pathway.acknowledge_privacy | pathway_course
pathway.add_enquiry | people_client pathway_course
pathway.advance | pathway_stagemove pathway_course
pathway.assign | people_teammember
pathway.leave | pathway_stagemove
pathway.open_course | pathway_course
pathway.override | pathway_override
pathway.resume | pathway_stagemove
pathway.step_back | pathway_stagemove
pathway.take | people_teammember
people.add_client | people_client
people.add_contact | people_contact
people.add_credential | people_credential
people.add_provider | people_provider
people.break_glass | people_breakglass worklist_item
people.change_contact | people_contact
people.change_provider | people_provider
people.end_break_glass | people_breakglass
people.end_contact | people_contact
people.end_credential | people_credential
people.give_account | people_client
people.invite_client | people_client
people.join_team | people_teammember
people.leave_team | people_teammember
people.set_allergies | people_allergy
people.set_medicines | people_medicine
people.update_client | people_client
psychotherapy.keep | notes_psychotherapynote
psychotherapy.lock | notes_psychotherapynote
scheduling.add_shift | scheduling_shift
scheduling.add_time_off | scheduling_timeoff
scheduling.arrive | scheduling_appointment
scheduling.book | scheduling_appointment
scheduling.book_dosing | scheduling_appointment
scheduling.cancel | scheduling_appointment
scheduling.cancel_time_off | scheduling_timeoff
scheduling.close_location | scheduling_location
scheduling.close_room | scheduling_room
scheduling.confirm_companion | scheduling_appointment
scheduling.decline_companion | scheduling_appointment
scheduling.end_shift | scheduling_shift
scheduling.finish | scheduling_appointment
scheduling.move | scheduling_appointment
scheduling.bring_companion | people_contact scheduling_appointment
scheduling.name_companion | scheduling_appointment
scheduling.no_show | scheduling_appointment
scheduling.recheck_integration | worklist_item
scheduling.release_future | scheduling_appointment
scheduling.release_integration | scheduling_appointment
scheduling.save_location | scheduling_location
scheduling.save_room | scheduling_room
scheduling.save_service | scheduling_service
worklist.acknowledge | worklist_item
worklist.close | worklist_item
worklist.raise | worklist_item
"""

_OUTBOX = "the message's own row keeps what became of it, when and why"
_DRAFT = "a draft: what is sent or signed is kept"
_CODE = "a code lives a quarter of an hour; signing in with it is in the log of openings"
QUIET = {
    "vault.reseal": "the same words under a newer key: nothing of the record changes",
    "audit.seal": "it writes the chain of seals, which is its own proof",
    "outbox.claim": _OUTBOX, "outbox.drop": _OUTBOX, "outbox.end": _OUTBOX, "outbox.give_back": _OUTBOX,
    "outbox.hold": _OUTBOX, "outbox.owe": _OUTBOX, "outbox.owe_all": _OUTBOX, "outbox.put_off": _OUTBOX, "outbox.retry": _OUTBOX,
    "outbox.keep_demo_mail": "the demonstration's mailbox", "outbox.watch": "runs rules, whose own writes carry it",
    "documents.claim_render": "work in hand; the PDF that comes of it is kept",
    "documents.put_off_render": "work in hand; the PDF that comes of it is kept",
    "documents.render_again": "work in hand; the PDF that comes of it is kept",
    "documents.tell_of_failed_renders": "raises items of the worklist, whose history carries it",
    "intake.save_page": _DRAFT, "measures.save_draft": _DRAFT, "notes.discard_draft": _DRAFT,
    "psychotherapy.discard": _DRAFT,
    "accounts.send_code": _CODE, "accounts.use_code": _CODE,
    "accounts.ask_password_reset": "owes a message; nothing of the account changes",
    "accounts.change_password": "the hash is in no history; the log says that it was changed",
    "accounts.set_pin": "the hash is in no history; the log says that it was changed",
    "accounts.count_failure": "a counter that locks", "accounts.forget_failures": "a counter that locks",
    "accounts.let_in": "a counter that locks",
    "accounts.make_codes": "codes are kept as hashes, in no history", "accounts.keep_codes": "the sheet's own row says when",
    "accounts.use_app_code": "the sign-in that follows is kept", "accounts.use_passkey": "the sign-in that follows is kept",
    "accounts.use_recovery_code": "the sheet's own row says which were used",
}  # fmt: skip

# Tables without history, and why none is needed. A model that stands nowhere fails.
WITHOUT = {
    "core.OnceToken": "a pressed button", "core.Heartbeat": "signs of life", "audit.Seal": "the chain itself",
    "accounts.SignInCode": _CODE, "outbox.Message": _OUTBOX, "outbox.MailboxItem": "the demonstration's mailbox",
    "documents.RenderJob": "work in hand", "scheduling.Resource": "one row for each that can be booked",
    "scheduling.Attendee": "follows its appointment", "scheduling.StaffOn": "follows its appointment",
    "scheduling.Reservation": "follows its appointment", "intake.Draft": _DRAFT,
    "intake.FlagAnswer": "frozen with the evaluation when it is decided",
}  # fmt: skip


def leaves() -> dict[str, set[str]]:
    rows = (line.partition("|") for line in LEAVES.strip().splitlines())
    return {verb.strip(): set(tables.split()) for verb, _, tables in rows}
