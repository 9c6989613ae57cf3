"""Encoder options as Python keywords: the option table of the library, turned into text values and documentation."""
from . import _h264

# The table has command-line names; Python wants identifiers. 8x8dct has a second name that is one.
_SECOND_NAMES = {"8x8dct": "transform_8x8"}
# What the signature of H264Encoder says in its own way.
# Several passes over the same images make no sense here.
NOT_KEYWORDS = ("size", "fps", "bitrate", "qpmin", "qpmax", "format", "pass", "slow-firstpass")


class Option:
    """One row of the option table."""

    def __init__(self, row):
        (self.name, self.group, self.form, self.choices, self.minimum, self.maximum, self.default, self.help) = row
        self.keyword = _SECOND_NAMES.get(self.name, self.name.replace("-", "_"))

    @property
    def is_bits(self):
        return self.form in ("<bits/s>", "<bits>")

    def describe(self):
        """Two lines for documentation."""
        if self.choices:
            values = self.choices.replace("|", ", ")
        elif self.minimum or self.maximum:
            values = "%.10g to %.10g" % (self.minimum, self.maximum)
        else:
            values = "True or False" if self.form == "<flag>" else self.form.strip("<>")
        help_text = self.help
        if self.is_bits:
            help_text = help_text.split(" (")[0].split(":")[0].rstrip(".") + ", in " + self.form.strip("<>") + "."
        return "%s: %s\n    %s" % (self.keyword, values, help_text)


OPTIONS = [Option(row) for row in _h264.options()]
KEYWORDS = [option for option in OPTIONS if option.name not in NOT_KEYWORDS]
_BY_KEYWORD = {option.keyword: option for option in OPTIONS}


def rate_text(value):
    """Pictures per second as text: an int, a float, a Fraction, a pair (numerator, denominator) or text itself."""
    if isinstance(value, tuple):
        return "%d/%d" % value
    return str(value)


def option_text(keyword, value):
    """(name, text) as the library takes them. Numbers of bits are bits here; text is what the command line takes."""
    name = keyword.replace("_", "-")
    option = _BY_KEYWORD.get(keyword)
    if isinstance(value, bool):
        text = "1" if value else "0"
    elif isinstance(value, tuple):
        text = ("/" if option is not None and option.form == "<N/D>" else ":").join(str(part) for part in value)
    elif isinstance(value, list):
        text = ",".join(str(part) for part in value)
    elif isinstance(value, int) and option is not None and option.is_bits:
        text = "%d.%03dk" % divmod(value, 1000)
    else:
        text = str(value)
    return name, text


def keywords_text():
    """The part of a docstring that lists all further keywords, by group."""
    lines, group = [], None
    for option in KEYWORDS:
        if option.group != group:
            group = option.group
            lines.append("\n    %s:" % group.capitalize())
        lines.extend("      " + line for line in option.describe().split("\n"))
    return "\n".join(lines)
