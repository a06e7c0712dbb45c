"""Text that a terminal shows as it is."""


def printable(text: str) -> str:
    """The text without control characters, so that no name can move the cursor or forge a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
