"""Has no callable called application."""

app = None
