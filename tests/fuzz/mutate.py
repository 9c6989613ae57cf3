#!/usr/bin/env python3
"""Many mutated streams through the decoder, with numbers at the end: how many, how long the slowest
took, how much memory the process had at most. For a sanitizer build:

    cmake -S . -B build-sanitize -DAVOCET_SANITIZE=ON && cmake --build build-sanitize
    AVOCET=build-sanitize/avocet nice -n 19 python3 tests/fuzz/mutate.py --count 200000

The originals are streams of our encoder of every kind and, where there is a folder of conformance
streams (AVOCET_CONFORMANCE, see tests/conformance), the first bytes of its small ones. Half of the
variants are decoded in one go, the others in pieces, with three threads, or with their inside kept.
tests/fuzz/test_fuzz.py does the same with few variants in every run of the tests.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from corpus import AVOCET, ROOT, MODES, STREAMS, encode  # noqa: E402

REPLAY = os.path.join(os.path.dirname(os.path.abspath(AVOCET)), "replay_decode")
FOLDER = os.environ.get("AVOCET_CONFORMANCE") or os.path.join(os.path.dirname(ROOT), "shared", "conformance")
MOST_BYTES = 6000


def foreign(folder):
    """Beginnings of small conformance streams."""
    manifest = os.path.join(folder, "manifest.tsv")
    if not os.path.isfile(manifest):
        return
    with open(manifest, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f][1:]
    for row in rows:
        if row[4].isdigit() and int(row[4]) <= 352:
            with open(os.path.join(folder, "streams", row[0]), "rb") as f:
                yield row[0], f.read(MOST_BYTES)


def originals(work):
    for name, options in STREAMS.items():
        yield name, encode(os.path.join(work, "scratch.264"), options)
    yield from foreign(FOLDER)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=200000, help="variants in all")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    start = time.monotonic()
    done = failed = 0
    slowest = memory = 0
    with tempfile.TemporaryDirectory() as work:
        streams = list(originals(work))
        each = -(-args.count // len(streams))
        for number, (name, data) in enumerate(streams):
            path = os.path.join(work, "original")
            with open(path, "wb") as f:
                f.write(MODES[number // 2 % len(MODES)] + data if number % 2 else data)
            run = subprocess.run([REPLAY, "--mutate", str(each), "--seed", str(args.seed + number), path],
                                 capture_output=True, text=True, check=False)
            told = re.search(r"slowest ([0-9.]+) s, memory (\d+) MB", run.stdout)
            if run.returncode or not told:
                failed += 1
                print("FAILED %s: exit status %d\n%s" % (name, run.returncode, run.stderr[-3000:]), flush=True)
                continue
            done += each
            slowest, memory = max(slowest, float(told.group(1))), max(memory, int(told.group(2)))
    print("%d variants of %d streams in %.0f s: slowest %.2f s, memory %d MB" % (
        done, len(streams), time.monotonic() - start, slowest, memory))
    print("%d passed, %d failed" % (done, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
