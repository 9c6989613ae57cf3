#!/usr/bin/env python3
"""Draws the points that bench/rd.py measured: PSNR of luma over bit rate, a panel per clip, as SVG.

    bench/rd.py --clips CLIPS --frames 60 --encoders x264:medium avocet:medium --json rd.json
    bench/plot_rd.py rd.json -o docs/img/rd.svg

Every clip in the file is drawn. Above each panel stands the rate difference of the second encoder against the first
(the anchor), and above all of them the means, as rd.py prints them. Bit rates are on a logarithmic scale. Colours follow
the viewer's light or dark theme.
"""
import argparse
import json
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rd  # noqa: E402

COLUMNS = 5
CELL_W, CELL_H = 178, 172           # of a panel with its texts
LEFT, TOP, RIGHT, BOTTOM = 34, 38, 8, 22  # from the cell's edge to the axes
KEY_H = 30                          # the line above the panels

STYLE = """<style>
.words { font-size: 11px; fill: #1f2328 }
.small { font-size: 10px; fill: #59636e }
.name { font-size: 11px; font-weight: bold; fill: #1f2328 }
.page { fill: #ffffff }
.axis { fill: none; stroke: #b7bdc4 }
.a { stroke: #c4560a; fill: none; stroke-width: 1.8 }
.b { stroke: #0b62d0; fill: none; stroke-width: 1.8 }
.da { fill: #c4560a }
.db { fill: #0b62d0 }
@media (prefers-color-scheme: dark) {
.words { fill: #f0f6fc }
.name { fill: #f0f6fc }
.small { fill: #9aa4af }
.page { fill: #0d1117 }
.axis { stroke: #4a525c }
.a { stroke: #ff9a4d }
.b { stroke: #63a9ff }
.da { fill: #ff9a4d }
.db { fill: #63a9ff }
}
</style>"""


def dot(kind, x, y):
    """Squares for the anchor, circles for the other: told apart without colours, too."""
    if kind == "a":
        return '<rect class="da" x="%.1f" y="%.1f" width="5" height="5"/>' % (x - 2.5, y - 2.5)
    return '<circle class="db" cx="%.1f" cy="%.1f" r="2.8"/>' % (x, y)


def text(x, y, words, kind="words", anchor="start"):
    return '<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>' % (x, y, kind, anchor, words)


def rate_text(kbps):
    return "%.3g" % kbps if kbps < 1000 else "%.3gM" % (kbps / 1000)


class Panel:
    """One clip: the scales from kbit/s and dB to the picture, and what is drawn by them."""

    def __init__(self, x, y, clip, curves):
        self.x, self.y, self.clip, self.curves = x + LEFT, y + TOP, clip, curves
        self.w, self.h = CELL_W - LEFT - RIGHT, CELL_H - TOP - BOTTOM
        rates = [math.log(p["kbps"]) for c in curves for p in c]
        values = [p["psnr"] for c in curves for p in c]
        self.low_rate, self.high_rate = min(rates), max(rates)
        self.low, self.high = math.floor(min(values)), math.ceil(max(values))

    def place(self, point):
        across = (math.log(point["kbps"]) - self.low_rate) / (self.high_rate - self.low_rate)
        up = (point["psnr"] - self.low) / (self.high - self.low)
        return self.x + 5 + across * (self.w - 10), self.y + self.h - up * self.h

    def draw(self):
        difference = rd.rate_difference(*self.curves, "psnr")
        yield text(self.x, self.y - 22, self.clip.split(".")[0], "name")
        yield text(self.x, self.y - 8, "no common range" if difference is None else "%+.1f %% bits" % difference)
        yield '<rect class="axis" x="%d" y="%d" width="%d" height="%d"/>' % (self.x, self.y, self.w, self.h)
        yield text(self.x - 4, self.y + 9, "%d" % self.high, "small", "end")
        yield text(self.x - 4, self.y + self.h, "%d" % self.low, "small", "end")
        yield text(self.x, self.y + self.h + 13, rate_text(math.exp(self.low_rate)), "small")
        yield text(self.x + self.w, self.y + self.h + 13, rate_text(math.exp(self.high_rate)), "small", "end")
        for kind, curve in zip("ab", self.curves):
            places = [self.place(p) for p in sorted(curve, key=lambda p: p["kbps"])]
            yield '<polyline class="%s" points="%s"/>' % (kind, " ".join("%.1f,%.1f" % p for p in places))
            yield from (dot(kind, *p) for p in places)


def mean_text(pairs):
    """Mean rate differences over the clips."""
    by = {metric: rd.mean([rd.rate_difference(*pair, metric) for pair in pairs]) for metric in ("psnr", "ssim")}
    if None in by.values():
        return ""
    return "mean of %d clips: %+.1f %% bits by PSNR, %+.1f %% by SSIM" % (len(pairs), by["psnr"], by["ssim"])


def in_order(values):
    return list(dict.fromkeys(values))


def draw(points):
    labels, clips = in_order(p["encoder"] for p in points), in_order(p["clip"] for p in points)
    if len(labels) != 2:
        sys.exit("two encoders are compared, the file has %d" % len(labels))
    curves = {clip: [[p for p in points if p["encoder"] == label and p["clip"] == clip] for label in labels] for clip in clips}
    rows = -(-len(clips) // COLUMNS)
    width, height = COLUMNS * CELL_W, KEY_H + rows * CELL_H
    yield ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif">' %
           (width, height, width, height))
    yield STYLE
    yield '<rect class="page" width="100%" height="100%"/>'
    for n, (kind, label) in enumerate(zip("ab", labels)):
        x = LEFT + n * 130
        yield '<line class="%s" x1="%d" y1="17" x2="%d" y2="17"/>' % (kind, x, x + 26)
        yield dot(kind, x + 13, 17)
        yield text(x + 32, 21, label.replace(":", ", "), "name")
    yield text(LEFT + 290, 21, mean_text(curves.values()), "name")
    yield text(width - RIGHT, 21, "dB (PSNR of luma) over kbit/s", "small", "end")
    for n, clip in enumerate(clips):
        yield from Panel(n % COLUMNS * CELL_W, KEY_H + n // COLUMNS * CELL_H, clip, curves[clip]).draw()
    yield "</svg>"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("points", help="what bench/rd.py wrote with --json")
    ap.add_argument("-o", "--output", required=True, help="SVG file")
    a = ap.parse_args()
    with open(a.points) as f:
        lines = list(draw(json.load(f)))
    with open(a.output, "w") as f:
        f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
