"""What a check of `noisefox doctor` found."""

Finding = tuple[bool | None, str]
"""True where a check passed, False where something must be done, None where it could not be made; and a sentence."""

LABELS = {True: "ok     ", False: "missing", None: "skipped"}


def line(finding: Finding) -> str:
    """The line that is printed."""
    state, sentence = finding
    return f"{LABELS[state]}  {sentence}"
