#!/usr/bin/env python3
"""Damaged files through the reader and writer: no crash, no hang, no sanitizer report. Files of every layout, also unfinished
ones, are given to the fuzz target as they are and with mutations (tests/fuzz/replay.c). Ends with "N passed, N failed"."""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mux import *  # noqa: E402,F403

REPLAY = os.path.join(os.path.dirname(os.path.abspath(AVOCET)), "replay_container")
VARIANTS = 1500
BASE = ["testsrc", *FAST, "--size", "48x32", "--frames", "40", "--bframes", "2", "--keyint", "15"]


def files(folder):
    made = []
    for name, more in (("first.mp4", []), ("last.mp4", ["--no-faststart"]), ("parts.mp4", ["--fragment", "0.3"]), ("a.264", []),
                       ("slices.264", ["--slices", "2", "--aud"]), ("hrd.264", ["--bitrate", "100k", "--vbv-maxrate", "100k", "--vbv-bufsize", "100k", "--nal-hrd", "vbr"])):
        made.append(os.path.join(folder, name))
        avocet("encode", *BASE, *more, "-o", made[-1])
    whole = open(made[1], "rb").read()
    unfinished = bytearray(whole[:whole.rindex(b"moov") - 4])
    at = unfinished.index(b"mdat") - 4
    unfinished[at:at + 4] = bytes(4)  # as before the size was filled in
    made.append(os.path.join(folder, "unfinished.mp4"))
    open(made[-1], "wb").write(unfinished)
    if has("ffmpeg"):
        for name, flags in (("ffmpeg.mp4", "+faststart"), ("ffmpeg-parts.mp4", "frag_keyframe+empty_moov")):
            made.append(os.path.join(folder, name))
            run("ffmpeg", "-v", "error", "-i", made[0], "-c", "copy", "-movflags", flags, made[-1])
    return made


def main():
    need_program()
    if not os.path.exists(REPLAY):
        print(f"{REPLAY} is not there\n0 passed, 1 failed")
        sys.exit(1)
    with tempfile.TemporaryDirectory(prefix="avocet-fuzz-") as folder:
        for seed, path in enumerate(files(folder)):
            done = run(REPLAY, "--mutate", VARIANTS, "--seed", seed, path, status=None, timeout=900)
            T.check(done.returncode == 0, f"{path}, seed {seed}: exit status {done.returncode}\n{done.stderr.decode()[-2500:]}")
    sys.exit(T.finish())


main()
