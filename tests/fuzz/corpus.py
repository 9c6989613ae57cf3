#!/usr/bin/env python3
"""Inputs for the fuzz targets, made with our encoder: a folder per target.

    AVOCET=build/avocet python3 tests/fuzz/corpus.py FOLDER
    build-fuzz/fuzz_decode -max_len=20000 FOLDER/decode

test_fuzz.py runs the replayers over the same inputs and mutations of them.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AVOCET = os.environ.get("AVOCET", os.path.join(ROOT, "build", "avocet"))

# Streams of many kinds for the whole decoder.
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
# The settings of fuzz_slice.c, in its order.
SETTINGS = [
    [],
    ["--preset", "fast", "--cabac=0"],
    ["--preset", "slow", "--bframes", "5", "--direct", "temporal"],
    ["--profile", "baseline"],
    ["--preset", "fast", "--format", "gray8", "--profile", "high"],
    ["--cqm", "jvt", "--slices", "3", "--constrained-intra"],
]
HRD = ["--bitrate", "100k", "--vbv-maxrate", "100k", "--vbv-bufsize", "100k", "--nal-hrd", "vbr", "--pic-struct"]
MODES = [b"", b"\x04", b"\x24", b"\x60", b"\x1d"]  # how fuzz_decode.c takes its input


def encode(path, options):
    run = subprocess.run([AVOCET, "encode", "testsrc", "--size", "80x64", "--frames", "12", "--quiet", *options, "-o", path],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit("encoding with %s: %s" % (options, run.stderr.strip()))
    with open(path, "rb") as f:
        data = f.read()
    os.unlink(path)
    return data


def units(stream):
    """NAL units of an Annex B stream."""
    return [u for u in re.split(b"\0*\0\0\1", stream) if u]


def decode_inputs(scratch):
    for number, (name, options) in enumerate(STREAMS.items()):
        yield name, MODES[number % len(MODES)] + encode(scratch, options)


def slice_inputs(scratch):
    for number, options in enumerate(SETTINGS):
        slices = [u for u in units(encode(scratch, options)) if u[0] & 31 in (1, 5)]
        for threads in 0, 128:
            yield "%d-%d" % (number, threads), bytes([number | threads]) + b"".join(
                len(u).to_bytes(2, "big") + u for u in slices)


def params_inputs(scratch):
    for number, options in enumerate([*STREAMS.values(), HRD]):
        found = [u for u in units(encode(scratch, options)) if u[0] & 31 in (6, 7, 8)][:4]
        yield "codes-%d" % number, b"".join(b"\0\0\0\1" + u for u in found)
        for size in 1, 2, 4:
            fits = [u for u in found if len(u) < 256 ** size]
            yield "lengths-%d-%d" % (size, number), bytes([size]) + b"".join(len(u).to_bytes(size, "big") + u for u in fits)
        for u in found:
            yield "unit-%d-%d" % (u[0] & 31, number), bytes([u[0] & 31]) + u[1:]


MAKERS = {"decode": decode_inputs, "slice": slice_inputs, "params": params_inputs}


def write(target, folder):
    """The inputs of one target as files; their names."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for name, data in MAKERS[target](os.path.join(folder, "scratch.264")):
        paths.append(os.path.join(folder, name.replace(" ", "_")))
        with open(paths[-1], "wb") as f:
            f.write(data)
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for each in MAKERS:
        print("%s: %d inputs" % (each, len(write(each, os.path.join(sys.argv[1], each)))))
