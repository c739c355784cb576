"""The error of input that cannot be read."""


class InsightError(ValueError):
    """The input cannot be read; the text names the file, the rule and the remedy."""
