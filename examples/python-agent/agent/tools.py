"""What the agent can do: each function is a tool."""


def count(text):
    """Counts words."""
    return len(text.split())


def shout(text):
    """Makes a text loud."""
    return text.upper()
