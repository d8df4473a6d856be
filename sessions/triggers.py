"""What the database itself asks of a dosing session and of a dose. Plain SQL that PostgreSQL 15 knows."""

import pgtrigger

EVIDENCE_WHEN_STARTED = pgtrigger.Trigger(
    name="started_on_evidence_in_force",
    operation=pgtrigger.Insert | pgtrigger.Update,
    when=pgtrigger.Before,
    declare=[("bad", "text")],
    func="""
        IF NEW.started_at IS NULL OR (TG_OP = 'UPDATE' AND OLD.started_at IS NOT NULL
            AND (OLD.started_at, OLD.order_id, OLD.consent_id, OLD.evaluation_id, OLD.preparation_id, OLD.companion_id)
                IS NOT DISTINCT FROM
                (NEW.started_at, NEW.order_id, NEW.consent_id, NEW.evaluation_id, NEW.preparation_id, NEW.companion_id)
            ) THEN
            RETURN NEW;
        END IF;
        SELECT CASE
            WHEN d.id IS NULL OR d.kind <> 'kap_consent' THEN 'no consent to treatment'
            WHEN w.id IS NOT NULL AND w.withdrawn_at <= NEW.started_at THEN 'the consent is withdrawn'
            WHEN d.valid_until IS NOT NULL AND d.valid_until <= NEW.started_at THEN 'the consent has expired'
            WHEN d.route <> '' AND d.route <> NEW.route THEN 'the consent is for another route'
            WHEN d.setting <> '' AND d.setting <> NEW.setting THEN 'the consent is for another setting'
            WHEN e.decision NOT IN ('clear', 'conditions') THEN 'the evaluation does not clear'
            WHEN e.valid_until < NEW.started_at::date THEN 'the evaluation has expired'
            WHEN o.signed_at IS NULL OR o.signed_at > NEW.started_at THEN 'the order is not signed'
            WHEN o.ended_at IS NOT NULL AND o.ended_at <= NEW.started_at THEN 'the order has ended'
            WHEN o.expires_on < NEW.started_at::date - 1 THEN 'the order has expired'
            WHEN o.route <> NEW.route THEN 'the order is for another route'
            WHEN o.setting <> NEW.setting THEN 'the order is for another setting'
            WHEN n.kind <> 'preparation' OR n.signed_at IS NULL THEN 'the preparation is not signed'
            END INTO bad
        FROM intake_order o
        JOIN intake_evaluation e ON e.id = NEW.evaluation_id AND e.course_id = NEW.course_id
        JOIN documents_document d ON d.id = NEW.consent_id AND d.course_id = NEW.course_id
        LEFT JOIN documents_withdrawal w ON w.document_id = d.id
        JOIN notes_note n ON n.id = NEW.preparation_id AND n.course_id = NEW.course_id
        JOIN pathway_course c ON c.id = NEW.course_id
        JOIN people_contact k ON k.id = NEW.companion_id AND k.client_id = c.client_id
        WHERE o.id = NEW.order_id AND o.course_id = NEW.course_id;
        IF NOT FOUND THEN
            bad := 'evidence of another course';
        END IF;
        IF bad IS NOT NULL THEN
            RAISE EXCEPTION 'a dosing session may not start: %', bad
                USING ERRCODE = 'check_violation', CONSTRAINT = 'started_on_evidence_in_force';
        END IF;
        RETURN NEW;
    """,
)

DOSE_WITHIN_ORDER = pgtrigger.Trigger(
    name="dose_within_the_order",
    operation=pgtrigger.Insert,
    when=pgtrigger.Before,
    declare=[
        ("s", "dosing_dosingsession%ROWTYPE"),
        ("o", "intake_order%ROWTYPE"),
        ("given", "numeric"),
        ("first_dose", "numeric"),
        ("boosters", "integer"),
        ("used", "integer"),
    ],
    func="""
        SELECT * INTO s FROM dosing_dosingsession WHERE id = NEW.session_id;
        PERFORM 1 FROM pathway_course WHERE id = s.course_id FOR UPDATE;
        SELECT * INTO o FROM intake_order WHERE id = NEW.order_id;
        IF o.id IS DISTINCT FROM s.order_id OR s.started_at IS NULL OR s.ended_at IS NOT NULL
           OR NEW.route <> o.route THEN
            RAISE EXCEPTION 'a dose needs a running session and that session''s own order'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'dose_in_a_running_session';
        END IF;
        SELECT COALESCE(sum(a.dose_mg), 0), COALESCE(max(a.dose_mg) FILTER (WHERE NOT a.is_booster), 0),
               count(*) FILTER (WHERE a.is_booster)
          INTO given, first_dose, boosters
          FROM dosing_administration a LEFT JOIN dosing_strike x ON x.administration_id = a.id
         WHERE a.session_id = s.id AND x.id IS NULL;
        IF given + NEW.dose_mg > o.session_max_mg THEN
            RAISE EXCEPTION 'more than the order allows in a session: % + % of % mg', given, NEW.dose_mg, o.session_max_mg
                USING ERRCODE = 'check_violation', CONSTRAINT = 'dose_within_the_session_maximum';
        END IF;
        IF NEW.is_booster AND (o.booster_max_mg IS NULL OR NEW.dose_mg > o.booster_max_mg OR boosters > 0
                               OR first_dose = 0) THEN
            RAISE EXCEPTION 'no such booster on this order'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'booster_within_the_order';
        END IF;
        SELECT count(DISTINCT a.session_id) INTO used
          FROM dosing_administration a LEFT JOIN dosing_strike x ON x.administration_id = a.id
         WHERE a.order_id = o.id AND x.id IS NULL AND a.session_id <> s.id;
        IF used + 1 > o.sessions THEN
            RAISE EXCEPTION 'no doses left on this order: % of % used', used, o.sessions
                USING ERRCODE = 'check_violation', CONSTRAINT = 'doses_within_the_order';
        END IF;
        RETURN NEW;
    """,
)
