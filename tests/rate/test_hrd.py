#!/usr/bin/env python3
"""Streams with HRD parameters against the leaky-bucket checker (hrd.py), which reads nothing but the stream.

Buffers of a second, a fifth and a twentieth of one; CBR with filler and VBR; four bit rates, from next to nothing to plenty;
with and without B pictures, lookahead and slices; keyframes on request, pictures at uneven times. No underflow and no overflow anywhere, and the same bytes for any number of
threads. First the checker itself: streams that were tampered with must not pass.
"""
import os
import subprocess

import hrd
import rate

SLICE, FILLER = (1, 5), 12

MODES = {
    "fast": ["--preset", "fast"],
    "live": ["--preset", "veryfast", "--tune", "zerolatency"],
    "deep": ["--preset", "veryfast", "--bframes", "16", "--b-adapt", "2"],
    "baseline": ["--profile", "baseline", "--preset", "superfast", "--keyint", "15"],
    "slices": ["--preset", "superfast", "--slices", "3", "--intra-refresh", "--keyint", "30"],
}


def buffer_options(kbps, model, seconds):
    most = kbps if model == "cbr" else kbps * 3 // 2
    return ["--bitrate", str(kbps), "--vbv-maxrate", str(most), "--vbv-bufsize", str(int(most * seconds)), "--nal-hrd", model]


def rebuild(nals):
    return b"".join(b"\0\0\0\1" + n.payload for n in nals)


def tampered(stream):
    """(what was done, the stream)."""
    nals = hrd.split(stream)
    slices = [i for i, n in enumerate(nals) if n.type in SLICE]
    seis = [i for i, n in enumerate(nals) if n.type == hrd.SEI]
    late = slices[len(slices) // 2]
    stuffing = hrd.Nal(bytes([FILLER]) + b"\xff" * 20000 + b"\x80", 0)
    delay = nals[seis[0]].payload
    yield "filler taken out", rebuild([n for n in nals if n.type != FILLER])
    yield "filler put in", rebuild(nals[:late + 1] + [stuffing] + nals[late + 1:])
    yield "a picture taken out", rebuild(nals[:late] + nals[late + 1:])
    yield "a timing SEI taken out", rebuild(nals[:seis[-1]] + nals[seis[-1] + 1:])
    yield "another initial delay", rebuild([n if i != seis[0] else hrd.Nal(delay[:3] + bytes([delay[3] ^ 0x40]) + delay[4:], 0)
                                            for i, n in enumerate(nals)])


def test_checker(clip):
    stream = rate.encode(clip, buffer_options(400, "cbr", 0.5) + MODES["live"], "checker")
    report = hrd.check(stream)
    rate.check(not report.errors and report.units == 60, f"the stream to tamper with: {report.errors[:1]}, {report.units} units")
    for what, data in tampered(stream):
        rate.check(hrd.check(data).errors, f"{what}: the checker sees nothing")
    rate.check(hrd.check(rate.encode(clip, ["--crf", "30"], "plain")).errors, "a stream without HRD passes")


def test_uneven():
    """Pictures at uneven times and keyframes on request, by a program of this build (tests/api/test_buffer.c)."""
    program = os.path.join(os.path.dirname(os.path.abspath(rate.AVOCET)), "tests", "test_buffer")
    if not os.path.exists(program):
        rate.skip(f"streams with uneven times: {program} is not built")
        return
    said = subprocess.run([program, rate.FOLDER], capture_output=True, text=True)
    streams = sorted(name for name in os.listdir(rate.FOLDER) if name.endswith(".264"))
    rate.check(said.returncode == 0 and len(streams) == 8, f"{program}: {len(streams)} streams; {said.stdout[-200:]}")
    for name in streams:
        with open(os.path.join(rate.FOLDER, name), "rb") as f:
            report = hrd.check(f.read())
        rate.check(report.units == 120 and not report.errors, f"{name}: {report.units} units, {report.errors[:1]}")


def test_least(*clips):
    """Buffers that hold next to nothing but a keyframe's headers, at rates that pay for next to nothing but skipped pictures."""
    for kbps, more in ((6.4, []), (8, ["--keyint", "30"]), (10, ["--slices", "2"]), (12, ["--no-cabac"])):
        for clip in clips:
            for model in "cbr", "vbr":
                options = ["--bitrate", str(kbps), "--vbv-maxrate", str(kbps), "--vbv-bufsize", str(kbps / 5), "--nal-hrd", model,
                           "--tune", "zerolatency", "--no-sei-version", *more]
                stream = rate.encode(clip, options, "least")
                errors = hrd.check(stream).errors if stream else ["no stream"]
                rate.check(not errors, f"{clip.rsplit('/', 1)[-1]}, {' '.join(options)}: {errors[:1]}")


def run_case(case):
    clip, kbps, mode, model, seconds = case
    options = buffer_options(kbps, model, seconds) + MODES[mode]
    name = f"{kbps}.{mode}.{model}.{seconds}"
    stream = rate.encode(clip, options + ["--threads", "2"], name)
    same = kbps != 300 or stream == rate.encode(clip, options + ["--threads", "5"], name + ".5")
    return case, stream, same


def main():
    moving, cuts = rate.moving(176, 144, 60), rate.cuts(176, 144, 100)
    test_checker(moving)
    test_uneven()
    test_least(moving, cuts)
    cases = [(clip, kbps, mode, model, seconds) for clip in (moving, cuts) for kbps in (60, 300, 1000, 3000) for mode in MODES
             for model in ("cbr", "vbr") for seconds in (1, 0.2, 0.05)]
    if rate.QUICK:
        cases = cases[::8]
    for (clip, kbps, mode, model, seconds), stream, same in rate.parallel(run_case, cases):
        if stream is None:
            continue
        report = hrd.check(stream)
        title = f"{clip.rsplit('/', 1)[-1]}, {kbps} kbit/s {model}, {seconds} s, {mode}"
        rate.check(not report.errors, f"{title}: {report.underflows} underflows, {report.overflows} overflows; "
                                      f"{report.errors[:1]}")
        rate.check(same, f"{title}: other bytes with 5 threads than with 2")
    rate.finish()


main()
