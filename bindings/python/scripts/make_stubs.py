"""The typed interface h264/__init__.pyi: a keyword for every option of the library's table. Everything else in that file is
written by hand; the lines between the two marks are this script's.

    python scripts/make_stubs.py            with package h264 installed; prints the file as it should be
    python scripts/make_stubs.py --write    replaces it

A test compares the committed file with what this prints.
"""
import sys
from pathlib import Path

from h264 import _options

TARGET = Path(__file__).resolve().parents[1] / "h264" / "__init__.pyi"
BEGIN = "        # Options, by scripts/make_stubs.py:\n"
END = "        # End of options.\n"

TYPES = {
    "<flag>": "Optional[bool]",
    "<integer>": "Optional[int]",
    "<number>": "Optional[float]",
    "<bits/s>": "Optional[Bits]",
    "<bits>": "Optional[Bits]",
    "<N/D>": "Union[None, str, Tuple[int, int]]",
    "<list>": "Union[None, str, List[Any]]",
    "<W:H>": "Union[None, str, Tuple[int, int]]",
    "<alpha:beta>": "Union[None, str, Tuple[int, int]]",
}


def type_of(option):
    if option.keyword == "keyint":
        return "Union[None, int, str]"
    return TYPES.get(option.form, "Optional[str]")


def stub():
    before, rest = TARGET.read_text().split(BEGIN)
    after = rest.split(END)[1]
    keywords = "".join("        %s: %s = None,\n" % (option.keyword, type_of(option)) for option in _options.KEYWORDS)
    return before + BEGIN + keywords + END + after


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        TARGET.write_text(stub())
    else:
        sys.stdout.write(stub())
