

def reverse(text):
    """Turns a text around."""
    return text[::-1]
