#!/usr/bin/env python3
"""Generating the tables again gives the committed files, and a changed CSV does not."""

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import ROOT, T, check  # noqa: E402

SPEC = os.path.join(ROOT, "scripts", "spec")
FILES = ["tables.c", "cabac_tables.c", "cavlc_tables.c"]
# One digit in each file that a table depends on: (CSV, text, changed text, generated file).
CHANGES = [
    ("cabac_engine.csv", "\n10,85,", "\n10,86,", "cabac_tables.c"),
    ("cabac_init.csv", "\n60,0,41", "\n60,0,42", "cabac_tables.c"),
    ("cavlc_run_before.csv", "\n6,2,001", "\n6,2,011", "cavlc_tables.c"),
    ("deblock.csv", "\n51,", "\n51,1", "tables.c"),
]



def generate(spec, out):
    script = os.path.join(ROOT, "scripts", "gen_tables.py")
    return subprocess.run([sys.executable, script, spec, out], stderr=subprocess.PIPE).returncode


def same(out, name):
    return filecmp.cmp(os.path.join(out, name), os.path.join(ROOT, "src", "h264", name), False)


def check_change(directory, csv, text, changed, generated):
    spec, out = os.path.join(directory, "spec"), os.path.join(directory, "changed")
    shutil.rmtree(spec, ignore_errors=True)
    shutil.copytree(SPEC, spec)
    os.makedirs(out, exist_ok=True)
    path = os.path.join(spec, csv)
    with open(path, newline="") as f:
        content = f.read()
    check(content.count(text) == 1, f"{csv} contains {text!r}")
    with open(path, "w", newline="") as f:
        f.write(content.replace(text, changed))
    check(generate(spec, out) == 0, f"generates with a changed {csv}")
    for name in FILES:
        check(same(out, name) == (name != generated), f"{name} after a change in {csv}")


with tempfile.TemporaryDirectory() as directory:
    check(generate(SPEC, directory) == 0, "gen_tables.py runs")
    for name in FILES:
        check(same(directory, name), f"{name} is what scripts/gen_tables.py makes of scripts/spec")
    for change in CHANGES:
        check_change(directory, *change)

sys.exit(T.finish())
