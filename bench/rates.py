#!/usr/bin/env python3
"""How well bit rates and buffers are met: a row per clip and rate, a column per mode, and whether what is required holds.

    AVOCET=build/avocet bench/rates.py [--preset veryfast] [--modes average,two-pass,cbr,...] [--parts 0.25,0.5,1,2 | --rates 150,800]
                                       [--seconds 10] [--columns 352] [--markdown] CLIP.y4m... [options of avocet encode]

Clips are repeated until they last --seconds and a picture more (a keyframe every ten seconds then falls on the last one) and are scaled
down to --columns (0: as they are). The rates are --parts of what the clip takes at CRF 23 with the same preset and options, or
--rates in kbit/s. Sizes, filler and buffers are read from the streams by tests/rate/hrd.py.

    average    how far the sum of --bitrate is off
    two-pass   the same of a second pass
    live       the same with --tune zerolatency, which does not know what comes, nor when the stream ends
    cbr        --nal-hrd cbr, a buffer of a second: sum with filler, underflows + overflows
    filled     --vbv-maxrate of the same rate, a buffer of a second, --nal-hrd vbr, so no filler: sum, underflows + overflows
    live-cbr   cbr with --tune zerolatency, a buffer of 200 ms
    capped     --crf 23 with --vbv-maxrate, a buffer of a second: size against plain CRF, least fill (below 0: an underflow)
    windows    live, 15 pictures and a keyframe per second, a buffer of 200 ms: least and most bits of a second against the rate

Marked with ! is what breaks the rule: sums of average and two-pass off by more than 1.5 % on ten seconds or more, any underflow or
overflow. Then, and only then, the exit status is 1. Needs ffmpeg, for clips that are repeated or scaled.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from fractions import Fraction

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "rate"))
import hrd  # noqa: E402

AVOCET = os.environ.get("AVOCET", "avocet")
CRF = ["--crf", "23"]
LIVE = ["--tune", "zerolatency"]
MOST_PERCENT = 1.5
MOST_FROM = 10  # seconds


class Job:
    """A clip at a rate; `more`: options of every run."""

    def __init__(self, clip, fps, kbps, folder, more):
        self.clip, self.fps, self.kbps, self.folder, self.more = clip, fps, kbps, folder, more

    def encode(self, *options):
        out = os.path.join(self.folder, "a.264")
        subprocess.run([AVOCET, "encode", self.clip, "-o", out, "--quiet", "--no-sei-version", *self.more, *options], check=True)
        with open(out, "rb") as f:
            return f.read()

    def rate(self):
        return ["--bitrate", f"{self.kbps:.3f}"]

    def buffer(self, seconds, model="none"):
        return ["--vbv-maxrate", f"{self.kbps:.3f}", "--vbv-bufsize", f"{self.kbps * seconds:.3f}", "--nal-hrd", model]

    def percent(self, bits):
        return 100 * (sum(bits) * self.fps / len(bits) / (1000 * self.kbps) - 1)


def sizes(stream):
    return [u.bits for u in hrd.access_units(stream)[1]]


# A mode returns: what its cell shows, a number whose largest counts in the summary, whether it breaks the rule.


def sum_cell(job, stream, strict):
    bits = sizes(stream)
    off = job.percent(bits)
    return f"{off:+.2f}%", abs(off), strict and len(bits) >= MOST_FROM * job.fps and abs(off) > MOST_PERCENT


def buffer_cell(stream, off):
    report = hrd.check(stream)
    return f"{off:+.2f}% {report.underflows}+{report.overflows}", abs(off), bool(report.errors)


def average(job):
    return sum_cell(job, job.encode(*job.rate()), True)


def live(job):
    return sum_cell(job, job.encode(*job.rate(), *LIVE), False)


def two_pass(job):
    words = [*job.rate(), "--stats", os.path.join(job.folder, "stats")]
    job.encode(*words, "--pass", "1")
    return sum_cell(job, job.encode(*words, "--pass", "2"), True)


def buffered(model, seconds, *options):
    def run(job):
        stream = job.encode(*job.rate(), *job.buffer(seconds, model), *options)
        return buffer_cell(stream, job.percent(sizes(stream)))
    return run


def capped(job):
    """Without HRD parameters, whose messages are a good part of a slow stream."""
    free, bits = len(job.encode(*CRF)), sizes(job.encode(*CRF, *job.buffer(1)))
    size = 1000 * Fraction(job.kbps)
    lowest = hrd.leak(bits, size, size, 1 / Fraction(job.fps), size * 9 / 10)
    off = 100 * (sum(bits) / 8 / free - 1)
    return f"{off:+.2f}% {float(lowest):.2f}", abs(off), lowest < 0


def windows(job):
    bits = sizes(job.encode(*job.rate(), *LIVE, "--fps", "15", "--keyint", "15", "--vbv-maxrate", f"{job.kbps:.3f}",
                            "--vbv-bufsize", f"{job.kbps / 5:.3f}"))
    held = [sum(bits[i:i + 15]) / (1000 * job.kbps) for i in range(15, len(bits) - 14)]
    return f"{min(held):.2f}..{max(held):.2f}", 100 * max(held), False


MODES = {"average": average, "two-pass": two_pass, "live": live, "cbr": buffered("cbr", 1), "filled": buffered("vbr", 1),
         "live-cbr": buffered("cbr", 0.2, *LIVE), "capped": capped, "windows": windows}


def size_and_rate(clip):
    with open(clip, "rb") as f:
        tags = f.readline().split()
    width = next(int(t[1:]) for t in tags if t.startswith(b"W"))
    num, den = next(t for t in tags if t.startswith(b"F"))[1:].split(b":")
    return width, int(num) / int(den)


def prepare(clip, args, folder):
    """The clip, as long and as small as asked for; its rate of pictures."""
    width, fps = size_and_rate(clip)
    path = os.path.join(folder, "clip.y4m")
    scale = f"scale={args.columns}:-2:flags=area," if 0 < args.columns < width else ""
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", clip, "-frames:v", str(int(args.seconds * fps) + 1),
                    "-vf", scale + "format=yuv420p", "-strict", "-1", path], check=True, stdin=subprocess.DEVNULL)
    return path, fps


def rates_of(clip, fps, args, folder, more):
    if args.rates:
        return [float(r) for r in args.rates.split(",")]
    plain = sizes(Job(clip, fps, 0, folder, more).encode(*CRF))
    whole = sum(plain) * fps / len(plain) / 1000
    return [whole * float(part) for part in args.parts.split(",")]


def show(cells, markdown):
    if markdown:
        print("| " + " | ".join(cells) + " |", flush=True)
    else:
        print(f"{cells[0]:24} {cells[1]:>7} " + " ".join(f"{c:>16}" for c in cells[2:]), flush=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--preset", default="veryfast")
    ap.add_argument("--modes", default="average,two-pass,live,cbr,filled,capped")
    ap.add_argument("--parts", default="0.25,0.5,1,2")
    ap.add_argument("--rates")
    ap.add_argument("--seconds", type=float, default=10)
    ap.add_argument("--columns", type=int, default=352)
    ap.add_argument("--markdown", action="store_true")
    args, rest = ap.parse_known_args()
    clips = [word for word in rest if word.endswith(".y4m")]
    more = ["--preset", args.preset, *(word for word in rest if not word.endswith(".y4m"))]
    modes = args.modes.split(",")
    unknown = [mode for mode in modes if mode not in MODES]
    if unknown or not clips:
        ap.error(f"no mode {unknown[0]}: there are {', '.join(MODES)}" if unknown else "no CLIP.y4m")
    worst, broken = dict.fromkeys(modes, 0.0), dict.fromkeys(modes, 0)
    show(["clip", "kbit/s", *modes], args.markdown)
    if args.markdown:
        print("| --- |" + " ---: |" * (len(modes) + 1))
    with tempfile.TemporaryDirectory() as folder:
        for clip in clips:
            path, fps = prepare(clip, args, folder)
            for kbps in rates_of(path, fps, args, folder, more):
                cells = [os.path.splitext(os.path.basename(clip))[0], f"{kbps:.0f}"]
                for mode in modes:
                    text, number, breaks = MODES[mode](Job(path, fps, kbps, folder, more))
                    worst[mode], broken[mode] = max(worst[mode], number), broken[mode] + breaks
                    cells.append(text + "!" * breaks)
                show(cells, args.markdown)
    show(["largest", "", *(f"{worst[m]:.2f}%" for m in modes)], args.markdown)
    show(["broken", "", *(str(broken[m]) for m in modes)], args.markdown)
    return any(broken.values())


sys.exit(main())
