#!/usr/bin/env python3
"""Damaged streams through the decoder: no crash, no hang, no sanitizer report.

Streams of many kinds are made with the encoder, then given to the fuzz target as they are and with
hundreds of mutations each (replay.c). What a stream holds does not matter here, only that every one
comes to an end; how much this finds depends on the build: sanitizers see far more.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AVOCET = os.environ.get("AVOCET", os.path.join(ROOT, "build", "avocet"))
REPLAY = os.path.join(os.path.dirname(os.path.abspath(AVOCET)), "replay_decode")
VARIANTS = 150

STREAMS = {
    "medium": [],
    "baseline": ["--profile", "baseline"],
    "cavlc": ["--cabac=0", "--preset", "slow"],
    "slices": ["--slices", "4", "--preset", "fast"],
    "temporal": ["--direct", "temporal", "--bframes", "5"],
    "grey": ["--format", "gray8", "--profile", "high"],
    "matrices": ["--cqm", "jvt", "--qp", "20"],
    "high rate": ["--qp", "4", "--preset", "superfast"],
    "constrained": ["--constrained-intra", "--ref", "5"],
}


def make(folder, name, options):
    path = os.path.join(folder, name.replace(" ", "_") + ".264")
    run = subprocess.run([AVOCET, "encode", "testsrc", "--size", "80x64", "--frames", "12", "--quiet", *options,
                          "-o", path], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        print("FAILED %s: encoding: %s" % (name, run.stderr.strip()))
        return None
    return path


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, options) in enumerate(STREAMS.items()):
            path = make(folder, name, options)
            if path:
                run = subprocess.run([REPLAY, "--mutate", str(VARIANTS), "--seed", str(seed), path],
                                     capture_output=True, text=True, check=False)
                if run.returncode == 0:
                    passed += 1
                    continue
                print("FAILED %s, seed %d: exit status %d\n%s" % (name, seed, run.returncode,
                                                                run.stderr[-3000:]))
            failed += 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
