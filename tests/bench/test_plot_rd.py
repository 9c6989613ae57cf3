#!/usr/bin/env python3
"""The plot of bench/plot_rd.py: every clip and point is in it, with the differences that bench/rd.py finds."""
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import ROOT, T, check  # noqa: E402

CLIPS = ["clip%d.60" % n for n in range(7)]


def curve(encoder, clip, factor):
    return [{"encoder": encoder, "clip": clip, "kbps": factor * rate, "psnr": quality, "ssim": quality / 2}
            for rate, quality in ((100, 30.0), (200, 34.5), (450, 40.0))]


def plot(points):
    with tempfile.TemporaryDirectory() as folder:
        told, drawn = os.path.join(folder, "rd.json"), os.path.join(folder, "rd.svg")
        with open(told, "w") as f:
            json.dump(points, f)
        run = subprocess.run([sys.executable, os.path.join(ROOT, "bench/plot_rd.py"), told, "-o", drawn], capture_output=True,
                             text=True)
        if run.returncode:
            return run, None
        with open(drawn) as f:
            return run, f.read()


def test_all_is_drawn():
    points = [p for n, clip in enumerate(CLIPS) for p in curve("x264:medium", clip, 1) + curve("new", clip, 0.9 - n / 100)]
    run, svg = plot(points)
    check(run.returncode == 0, run.stderr)
    xml.etree.ElementTree.fromstring(svg)
    for n, clip in enumerate(CLIPS):
        check(">%s</text>" % clip.split(".")[0] in svg, clip)
        check(">-%d.0 %% bits</text>" % (10 + n) in svg, "the difference of %s" % clip)
    check("mean of 7 clips: -13.0 % bits by PSNR, -13.0 % by SSIM" in svg, "means")
    check(svg.count("<polyline") == 2 * len(CLIPS), "two curves a clip")
    check(svg.count('class="da"') == svg.count('class="db"') == 3 * len(CLIPS) + 1, "a mark for each point, and one in the key")
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
    places = [tuple(map(float, p.split(","))) for line in re.findall(r'points="([^"]+)"', svg) for p in line.split()]
    check(all(0 < x < width and 0 < y < height for x, y in places), "points outside the picture")


def test_two_encoders():
    run, _ = plot(curve("alone", CLIPS[0], 1))
    check(run.returncode != 0 and "two encoders" in run.stderr, "a single encoder")


if __name__ == "__main__":
    test_all_is_drawn()
    test_two_encoders()
    sys.exit(T.finish())
