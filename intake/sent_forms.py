"""Sent forms as a clinician reads them: the frozen words, and beside each answer the flags that it raised."""

from collections import defaultdict

from intake.actions import content_of


def sections_of(submission) -> list[dict]:
    """[{key, title, rows: [{words, answer, flags}], flags}]. Flags without a row of their own stand with their section."""
    by_row, by_section = defaultdict(list), defaultdict(list)
    content = content_of(submission)
    known = {(part["section"], row["question"]) for part in content["shown"] for row in part["rows"]}
    for flag in submission.flags.all():
        if (flag.section, flag.question) in known:
            by_row[flag.section, flag.question].append(flag)
        else:
            by_section[flag.section].append(flag)
    return [
        {
            "key": part["section"],
            "title": part["title"],
            "flags": by_section[part["section"]],
            "rows": [
                {
                    "key": row["question"],
                    "words": row["words"],
                    "answer": row["answer"],
                    "flags": by_row[part["section"], row["question"]],
                }
                for row in part["rows"]
            ],
        }
        for part in content["shown"]
    ]
