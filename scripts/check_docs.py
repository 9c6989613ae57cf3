#!/usr/bin/env python3
"""What the documentation promises, as far as a machine can check it:

    links       of Markdown lead to files and headings that exist
    paths       in Markdown and in comments (src/enc/row.c, tests/match, `bench/*.py`) exist
    names       of files without their folder (row.c) exist somewhere in the tree
    map         every source of the encoder has its place in docs/structure.md
    commands    `avocet ...` and those of our scripts know the options they are shown with
    options     of CMake (-DAVOCET_...) and environment variables (AVOCET_...) are read somewhere
    text        no tabs, no spaces at ends of lines, one newline at the end; C and its kin up to 100 columns

The commands are asked what they know where the environment variable AVOCET names the program, else they are left out.
Prints what is wrong and "N passed, N failed", one check per file.
"""
import functools
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMANDS = ("encode", "decode", "info", "remux", "inspect", "play", "stream", "record")
FOLDERS = "src include tools tests docs bench scripts bindings examples integrations cmake".split()
COLUMNS = 100

# Names that documents use for files of their readers, and files of others.
FOREIGN_NAMES = {"a.c", "x.c", "boot.py", "main.py", "main.c", "sdkconfig.h", "esp_h264.h", "obj.h", "runtime.h", "camera.py",
                 "idf.py"}


def git_files():
    out = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if out.returncode == 0:
        return [f for f in out.stdout.split("\n") if os.path.isfile(os.path.join(ROOT, f))]
    return [os.path.relpath(f, ROOT) for f in glob.glob(os.path.join(ROOT, "**"), recursive=True) if os.path.isfile(f)]


FILES = git_files()
NAMES = {os.path.basename(f) for f in FILES}


@functools.lru_cache(None)
def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def is_source(path):
    return path.endswith((".c", ".h", ".cpp"))


def is_text(path):
    return is_source(path) or path.endswith((".md", ".py", ".pyi", ".sh", ".txt", ".cmake", ".csv"))


def comments_of(path):
    """Comments of C and their line numbers; of Markdown, everything."""
    if path.endswith(".md"):
        return [(1, read(path))]
    found = re.finditer(r"/\*.*?\*/", read(path), re.S)
    return [(read(path).count("\n", 0, m.start()) + 1, m.group()) for m in found]


# ---- links ----

def anchors_of(path):
    heads = re.findall(r"^#+ +(.*)$", read(path), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def check_links(path):
    for text, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", read(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        to = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(os.path.join(ROOT, to)):
            yield f"link [{text}]({target}): there is no {to}"
        elif anchor and to.endswith(".md") and anchor not in anchors_of(to):
            yield f"link [{text}]({target}): no such heading"


# ---- paths and names ----

PATH = re.compile(r"(?<![\w./-])((?:%s)/[\w./*{},-]*[\w*}])" % "|".join(FOLDERS))
NAME = re.compile(r"(?<![\w./*%-])([a-z]\w+\.(?:c|h|py|pyi|sh|md))(?![\w(])")


def braces(path):
    """a/{b,c} -> a/b, a/c."""
    m = re.search(r"\{([^{}]*)\}", path)
    if not m:
        return [path]
    return [one for part in m.group(1).split(",") for one in braces(path[:m.start()] + part + path[m.end():])]


def exists(path):
    """In the tree, or beside the folder that a program's own files are found from (include, src, tools)."""
    for base in ("", "src", "tools", "include/avocet", "bindings/python", "bindings"):
        if glob.glob(os.path.join(ROOT, base, path), recursive=True):
            return True
        if glob.glob(os.path.join(ROOT, base, path) + ".*"):
            return True
    return False


def check_paths(path):
    here = os.path.dirname(path)
    for line, text in comments_of(path):
        for found in PATH.findall(text):
            for one in braces(found.rstrip(".,")):
                if not exists(one) and not glob.glob(os.path.join(ROOT, here, one)):
                    yield f"{path}:{line}: there is no {one}"
        for name in NAME.findall(text):
            if name not in NAMES and name not in FOREIGN_NAMES:
                yield f"{path}:{line}: there is no file {name}"


def check_map(path):
    """What the map of the encoder leaves out."""
    if path != "docs/structure.md":
        return
    named = set(re.findall(r"\w+\.c\b", read(path)))
    for name in sorted(os.path.basename(f) for f in FILES if re.fullmatch(r"src/enc/\w+\.c", f)):
        if name not in named:
            yield f"{path}: src/enc/{name} has no place there"


# ---- commands ----

@functools.lru_cache(None)
def options_of(command):
    """Long options that the program itself names in its help."""
    program = os.environ.get("AVOCET")
    if not program or not os.path.exists(program):
        return None
    text = ""
    for form in ("--help", "--help=all"):
        text += subprocess.run([program, command, form], capture_output=True, text=True).stdout
    known = set(re.findall(r"--([a-z0-9][\w-]*)", text))
    return known | {"no-" + name for name in known} | {"help"}


def script_options(path):
    """Those that a script names; of one that hands the rest on to the encoder, the encoder's, too."""
    text = read(path)
    known = set(re.findall(r"[\"'\s]--([a-z][\w-]*)", text)) | {"help"}
    if "parse_known_args" not in text:
        return known
    encoder = options_of("encode")
    return encoder and known | encoder


def command_lines(text):
    """Indented lines and `spans` that run something of ours, cut at pipes and comments."""
    lines = re.findall(r"^(?:    |\t)(.*)$", re.sub(r"\\\n\s*", " ", text), re.M)
    for line in lines + re.findall(r"`([^`\n]+)`", text):
        for part in re.split(r"\s[|;]\s|&&|\s#\s", line.strip().lstrip("$ ")):
            yield part.strip()


def check_commands(path):
    for line in command_lines(read(path)):
        m = re.match(r"(?:\S*/)?avocet (%s)\b(.*)" % "|".join(COMMANDS), line)
        if m:
            known = options_of(m.group(1))
        else:
            m = re.match(r"(?:\w+=\S+ )*(?:python3? |bash |sh |\./)?((?:%s)/\S+\.(?:py|sh))\b(.*)" % "|".join(FOLDERS), line)
            known = script_options(m.group(1)) if m and os.path.exists(os.path.join(ROOT, m.group(1))) else None
        if not m or known is None:
            continue
        own = re.sub(r"\"[^\"]*\"|'[^']*'", "", m.group(2))
        for option in re.findall(r"(?<![\w-])--([a-z0-9][\w-]*)", own):
            if option not in known:
                yield f"`{line[:70]}`: no option --{option}"


# ---- switches ----

@functools.lru_cache(None)
def all_code():
    return "\n".join(read(f) for f in FILES if is_text(f) and not f.endswith(".md")) + read("CMakeLists.txt")


def check_switches(path):
    for name in set(re.findall(r"-D(AVOCET_\w+)", read(path))):
        if not re.search(r"(option|set)\(%s\b" % name, read("CMakeLists.txt")) and \
                not re.search(r"(if|ifdef|ifndef|defined\(?)\s*\(?%s\b" % name, all_code()) and \
                not re.search(r"AVOCET_\$\{name\}", read("CMakeLists.txt")):
            yield f"-D{name} is read nowhere"
    for name in set(re.findall(r"(?<![\w-])(AVOCET_[A-Z0-9_]+)(?![\w(*])", read(path))):
        if not re.search(r"\b%s\b" % name, all_code()):
            yield f"{name} stands nowhere in the code"


# ---- text ----

def check_text(path):
    text = read(path)
    drawn = False  # tables that are laid out by hand may be wider
    for number, line in enumerate(text.split("\n"), 1):
        if "clang-format o" in line:
            drawn = "clang-format off" in line
        if line.endswith((" ", "\t", "\r")):
            yield f"line {number} ends with space"
        if "\t" in line and not path.endswith((".csv", ".md")):
            yield f"line {number} has a tab"
        if is_source(path) and len(line) > COLUMNS and not drawn:
            yield f"line {number} has {len(line)} columns"
    if text and (not text.endswith("\n") or text.endswith("\n\n")):
        yield "does not end with one newline"


def checks_of(path):
    yield from check_text(path)
    if path.endswith(".md"):
        yield from check_links(path)
        yield from check_commands(path)
        yield from check_switches(path)
        yield from check_map(path)
    if path.endswith(".md") or is_source(path):
        yield from check_paths(path)


def main():
    passed = failed = 0
    for path in sorted(filter(is_text, FILES)):
        faults = list(checks_of(path))
        for fault in faults:
            print(f"FAILED: {fault if fault.startswith(path) else path + ': ' + fault}")
        failed += bool(faults)
        passed += not faults
    if options_of("encode") is None:
        print("SKIPPED: options of `avocet ...` in the documents (AVOCET names no program)")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
