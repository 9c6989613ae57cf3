#!/usr/bin/env python3
"""Damaged streams, slices and parameter sets through the decoder: no crash, no hang, no sanitizer
report.

The inputs of corpus.py are given to each fuzz target as they are and with mutations (replay.c). What
they hold does not matter here, only that every one comes to an end; how much this finds depends on
the build: sanitizers see far more. mutate.py does it at length; tests/mux has containers. What once
was a finding is kept in found/, named after its target.
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from corpus import AVOCET, MAKERS, write  # noqa: E402

VARIANTS = {"decode": 150, "slice": 200, "params": 300}
FOUND = os.path.join(os.path.dirname(os.path.abspath(__file__)), "found")


def replay(target, path, variants, seed):
    """1 if the target comes to an end with it, else 0."""
    program = os.path.join(os.path.dirname(os.path.abspath(AVOCET)), "replay_" + target)
    run = subprocess.run([program, "--mutate", str(variants), "--seed", str(seed), path], capture_output=True, text=True,
                         check=False)
    if run.returncode:
        print("FAILED %s, %s, seed %d: exit status %d\n%s" % (
            target, os.path.basename(path), seed, run.returncode, run.stderr[-3000:]))
    return int(run.returncode == 0)


def main():
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for target in MAKERS:
            for seed, path in enumerate(write(target, os.path.join(folder, target))):
                results.append(replay(target, path, VARIANTS[target], seed))
    for name in sorted(os.listdir(FOUND)):
        results.append(replay(name.split("-")[0], os.path.join(FOUND, name), 100, 0))
    print("%d passed, %d failed" % (sum(results), results.count(0)))
    return 1 if results.count(0) else 0


if __name__ == "__main__":
    sys.exit(main())
