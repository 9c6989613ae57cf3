#!/usr/bin/env python3
"""How well bit rates are met: per clip and rate, the error of the sum with lookahead, live and in two passes, and what windows of
a second of a live stream hold (15 pictures per second, a keyframe per second, a buffer of 200 ms).

    AVOCET=build/avocet python3 bench/rates.py [--preset veryfast] [--rates 150,800] CLIP.y4m...
"""
import argparse
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "rate"))
import hrd  # noqa: E402

AVOCET = os.environ.get("AVOCET", "avocet")


def frame_rate(clip):
    with open(clip, "rb") as f:
        tag = next(t for t in f.readline().split() if t.startswith(b"F"))
    num, den = tag[1:].split(b":")
    return int(num) / int(den)


def sizes(clip, folder, *options):
    out = os.path.join(folder, "a.264")
    subprocess.run([AVOCET, "encode", clip, "-o", out, "--quiet", "--no-sei-version", *options], check=True)
    with open(out, "rb") as f:
        return [u.bits for u in hrd.access_units(f.read())[1]]


def error(bits, fps, kbps):
    return 100 * (sum(bits) * fps / len(bits) / (1000 * kbps) - 1)


def measure(clip, kbps, preset, folder):
    fps, common = frame_rate(clip), ["--preset", preset, "--bitrate", str(kbps)]
    stats = ["--stats", os.path.join(folder, "stats")]
    row = [error(sizes(clip, folder, *common), fps, kbps),
           error(sizes(clip, folder, *common, "--tune", "zerolatency"), fps, kbps)]
    sizes(clip, folder, *common, *stats, "--pass", "1")
    row.append(error(sizes(clip, folder, *common, *stats, "--pass", "2"), fps, kbps))
    live = sizes(clip, folder, *common, "--tune", "zerolatency", "--fps", "15", "--keyint", "15", "--vbv-maxrate", str(kbps),
                 "--vbv-bufsize", str(kbps / 5))
    windows = [sum(live[i:i + 15]) / (1000 * kbps) for i in range(15, len(live) - 14)]
    return row, min(windows), max(windows)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--preset", default="veryfast")
    ap.add_argument("--rates", default="150,800")
    ap.add_argument("clips", nargs="+")
    args = ap.parse_args()
    print(f"{'clip':28} {'kbit/s':>6} {'one pass':>9} {'live':>8} {'two pass':>9}  windows")
    with tempfile.TemporaryDirectory() as folder:
        for clip in args.clips:
            for kbps in map(int, args.rates.split(",")):
                row, low, high = measure(clip, kbps, args.preset, folder)
                print(f"{os.path.basename(clip):28} {kbps:6} {row[0]:+8.2f}% {row[1]:+7.2f}% {row[2]:+8.2f}%  {low:.2f}..{high:.2f}",
                      flush=True)


main()
