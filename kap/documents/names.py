"""Whose hand a typed name is. Pure but for reading the names on record."""


def _same(a: str, b: str) -> bool:
    return " ".join(a.split()).casefold() == " ".join(b.split()).casefold()


def names_for(by, client=None) -> list[str]:
    """The names this person may sign with: a client her legal or chosen name, others the one on their account."""
    if client is not None and client.user_id and getattr(by, "pk", None) == client.user_id:
        chosen = client.chosen_name
        names = [client.legal_name, client.name, chosen if " " in chosen else ""]
    else:
        names = [getattr(by, "name", "")]
    return list(dict.fromkeys(name for name in names if name))


def name_problem(printed_name: str, by, client=None) -> str:
    """What is wrong with a typed name, in words; "" when it is hers."""
    names = names_for(by, client)
    if not printed_name.strip():
        return f"Type your full name to sign: {' or '.join(names)}."
    if not any(_same(printed_name, name) for name in names):
        return f"Type your name as we have it: {' or '.join(names)}."
    return ""
