"""Sentences for the stories: what clients write and clinicians note. All invented."""

HOPES = (
    "To feel something in the mornings again.",
    "To sleep through and stop dreading the day.",
    "To be present with my kids instead of behind glass.",
    "To loosen the grip of what happened, a little at least.",
)
DIFFERENT = (
    "I would call my friends back. I would cook.",
    "I would walk before work and not lie there doing sums in my head.",
    "I would play music again, badly and often.",
)
WORRIES = (
    "Losing control. Being alone if it gets dark.",
    "That it will not work, like the others.",
    "My blood pressure, and saying silly things.",
)
STRENGTHS = (
    "Swimming, my sister, the garden.",
    "I keep going. My dog. Old records.",
    "Faith, and long walks by the river.",
)
INTENTIONS = (
    "To meet what I have been avoiding, gently.",
    "To rest inside instead of fighting.",
    "To listen to the younger me.",
    "To let the grief be as large as it is.",
    "To see what is behind the tiredness.",
)

INTAKE = {
    "presenting": "Low mood most days for two years, worse since a loss at work. “I go through the motions.” Wakes at four.",
    "history": "Two antidepressant trials of adequate length with little change; talk therapy helped for a time. No psychosis, "
               "no mania. Physically well apart from what the forms say.",
    "substances": "No alcohol most weeks. No cannabis in the last year.",
    "strengths": "Steady work, a partner who knows, swims twice a week.",
    "risk_level": "No risk named",
    "risk": "Asked directly about thoughts of death and suicide. None at present; knows 988 and whom to call.",
    "formulation": "Recurrent depression kept going by avoidance and exhaustion. Motivated; understands that integration is "
                   "part of the treatment. This treatment seems fitting.",
    "plan": "To medical evaluation. Companion to be named before booking. Next contact by phone within a week.",
}  # fmt: skip
RISK_NAMED = {
    "risk_level": "Risk named, plan made",
    "risk": "Passing thoughts of being better off dead, no plan, no intent. Safety plan written together; partner knows. "
            "Called again the next morning.",
}  # fmt: skip
ALERT_DONE = (
    "Called within the hour. Passing thoughts, no plan or intent. Went through the safety plan; the partner is there "
    "tonight. Seen again at the intake session."
)

PREPARATION = {
    "covered": [
        "What to expect: course of the session, effects, coming back",
        "Fears and what would help with them",
        "Boundaries: the client can stop or ask for quiet at any time",
        "Touch agreement: none unless asked, and what kind",
        "Music and eye mask",
        "Fasting, medicines, clothing, nothing to decide that day",
        "The way home: companion and no driving until the next day after sleep",
        "Safety plan and whom to call",
    ],
    "expectations": "Hopes for some lightness. Knows that the effect is uncertain and may need several sessions.",
    "grounding": "Slow breath out; feet on the floor; a phrase from a grandmother.",
    "fears": "Losing control. Helped by knowing that somebody is in the room throughout.",
    "touch": "A hand on the shoulder when asked for. Open palm means stop.",
    "setting": "Quiet piano; eye mask with breaks; blanket.",
    "logistics": "Arrives 30 minutes early. Companion drives home. Evening free, phone off.",
    "safety_plan": "Warning signs: not sleeping, withdrawing. First the breath, then the partner, then the clinic, then 988.",
    "plan": "Write the intention on a card and bring it.",
}  # fmt: skip

INTEGRATION = (
    {
        "narrative": "Describes drifting under water with light above; first fear, then a sense of being held. Cried for "
                     "a while and felt lighter afterwards.",
        "insights": "Resting is not the same as giving up.",
        "emotions": "Grief, then relief.",
        "body": "Slight headache in the evening, gone by morning. No nausea, no bladder complaints.",
        "mood": "Better than before",
    },
    {
        "narrative": "Corridors with many doors; chose not to open one of them. Felt safe not to. The music carried.",
        "insights": "I can decide the pace.",
        "emotions": "Curiosity; some sadness in the evening.",
        "body": "Tired the first day. Nothing since.",
        "mood": "About the same",
    },
    {
        "narrative": "Saw the kitchen of the childhood home from above. For the first time no shame, but tenderness.",
        "insights": "The child did what it could.",
        "emotions": "Tenderness, a little anger that felt clean.",
        "body": "Warmth in the chest; slept well.",
        "mood": "Better than before",
    },
    {
        "narrative": "Short and quiet session. Colours, then stillness. Came back smiling, hungry.",
        "insights": "Quiet is allowed to be enough.",
        "emotions": "Calm.",
        "body": "No complaints.",
        "mood": "Better than before",
    },
)  # fmt: skip
INTEGRATION_COMMON = {
    "intention": "Looked at the card again: touched, not finished.",
    "sleep": "Slept well",
    "substances": "None",
    "risk_level": "No risk named",
    "risk": "Asked; no thoughts of death or suicide since the session.",
    "tools": ["Journal", "Time in nature"],
    "homework": "Ten minutes of writing on three mornings; one walk without the phone.",
    "plan": "Bring the journal next time. Next session as booked.",
}

OBSERVATIONS = (
    "Settled under the eye mask, breathing calm.",
    "Tears, hand on the shoulder as agreed. Quiet again after some minutes.",
    "Hums along with the music, smiles.",
    "Opens the eyes, asks for water, knows the place and the day.",
)
DISCHARGED = (
    "Walks steadily, oriented, mood calm. Companion came to the room and has the written instructions."
)
SUMMARIES = (
    "Mood lifted step by step over the course; sleeps through most nights and is back at choir. The image of the kitchen "
    "remained the thread of our work. Goes on with weekly talk therapy; knows the signs on which to call us.",
    "Clear response, less in the last two sessions than in the first. Has taken up swimming and one friendship again. "
    "Follow-up by phone in a month; returns to the referring therapist.",
)
PLAN = {
    "problems": "Depressed mood, loss of interest, early waking; withdrawal from friends.",
    "interventions": "Ketamine-assisted psychotherapy: preparation, dosing, and integration 24 to 48 hours after each dose. "
                     "Talk therapy every week in between.",
    "support": "Partner; weekly group; the clinic's phone line.",
}  # fmt: skip
