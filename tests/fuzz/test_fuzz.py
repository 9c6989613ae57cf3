#!/usr/bin/env python3
"""Damaged streams, slices and parameter sets through the decoder: no crash, no hang, no sanitizer
report.

The inputs of corpus.py are given to each fuzz target as they are and with mutations (replay.c). What
they hold does not matter here, only that every one comes to an end; how much this finds depends on
the build: sanitizers see far more. mutate.py does it at length; tests/mux has containers.
"""
import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from corpus import AVOCET, MAKERS, write  # noqa: E402

VARIANTS = {"decode": 150, "slice": 200, "params": 300}


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for target in MAKERS:
            replay = os.path.join(os.path.dirname(os.path.abspath(AVOCET)), "replay_" + target)
            for seed, path in enumerate(write(target, os.path.join(folder, target))):
                run = subprocess.run([replay, "--mutate", str(VARIANTS[target]), "--seed", str(seed), path],
                                     capture_output=True, text=True, check=False)
                if run.returncode == 0:
                    passed += 1
                    continue
                failed += 1
                print("FAILED %s, %s, seed %d: exit status %d\n%s" % (
                    target, os.path.basename(path), seed, run.returncode, run.stderr[-3000:]))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
