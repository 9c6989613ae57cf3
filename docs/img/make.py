#!/usr/bin/env python3
"""Makes the pictures of how-it-works.md from the generated scene.

    AVOCET=build/avocet docs/img/make.py

Pictures come from avocet inspect; numbers are worked out here from the samples; those in the text are put in their
places. The screenshot of the player needs Xvfb, xdotool and xwd, and is left as it is without them.
"""
import json
import os
import re
import subprocess
import struct
import sys
import tempfile
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
sys.path.insert(0, os.path.join(ROOT, "tests", "player"))
from test_inspect import AVOCET, read_png  # noqa: E402
import test_player  # noqa: E402

W, H, FRAMES = 224, 128, 60
GAP = 8


def avocet(*words):
    return subprocess.run([AVOCET, *map(str, words)], check=True, capture_output=True, stdin=subprocess.DEVNULL)


# ---- pictures: lists of rows, each 3 bytes a pixel ----


def write_png(name, rows):
    """Five bits of each colour are kept: small files."""
    raw, above = bytearray(), bytes(len(rows[0]))
    for row in rows:
        row = bytes((v & 0xf8) | v >> 5 for v in row)
        up = bytes((a - b) & 255 for a, b in zip(row, above))
        sub = bytes((a - b) & 255 for a, b in zip(row, b"\0\0\0" + row))
        cost = {0: sum(row), 1: sum(min(v, 256 - v) for v in sub), 2: sum(min(v, 256 - v) for v in up)}
        best = min(cost, key=cost.get)
        raw += bytes([best]) + (row, sub, up)[best]
        above = row
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(raw), 9)) + chunk(b"IEND", b""))


def beside(*pictures):
    height = max(map(len, pictures))
    white = [b"\xff" * len(p[0]) for p in pictures]
    return [(b"\xff" * (3 * GAP)).join(bytes(p[y]) if y < len(p) else white[i] for i, p in enumerate(pictures))
            for y in range(height)]


def above(*pictures):
    width = max(len(p[0]) for p in pictures)
    out = []
    for p in pictures:
        out += [b"\xff" * width] * (GAP if out else 0) + [bytes(r) + b"\xff" * (width - len(r)) for r in p]
    return out


def grey(plane, width):
    return [bytes(v for s in plane[y:y + width] for v in (s, s, s)) for y in range(0, len(plane), width)]


def crop(picture, x, y, w, h, scale):
    out = []
    for row in picture[y:y + h]:
        wide = b"".join(bytes(row[3 * i:3 * i + 3]) * scale for i in range(x, x + w))
        out += [wide] * scale
    return out


def planes(path, number, w=W, h=H):
    """Y, Cb, Cr of a picture of a y4m file."""
    with open(path, "rb") as f:
        body = f.read().split(b"\n", 1)[1]
    at = number * (w * h * 3 // 2 + 6) + 6
    y, c = w * h, w * h // 4
    return body[at:at + y], body[at + y:at + y + c], body[at + y + c:at + y + 2 * c]


class Maker:
    def __init__(self, folder):
        self.folder = folder
        self.facts = {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def encode(self, name, *options):
        avocet("encode", "testsrc", "--size", "%dx%d" % (W, H), "--frames", FRAMES, "-o", self.path(name), *options)
        return self.path(name)

    def look(self, coded, number, overlay, scale=2):
        avocet("inspect", coded, "--overlay", overlay, "--scale", scale, "--seek", number, "--frames", 1, "-o",
               self.path("look.png"))
        return read_png(self.path("look.png"))[2]

    def records(self, coded):
        avocet("inspect", coded, "--json", self.path("r.json"))
        with open(self.path("r.json"), encoding="utf-8") as f:
            return json.load(f)["pictures"]


# ---- one block in numbers ----

FORWARD = ((1, 1, 1, 1), (2, 1, -1, -2), (1, -1, -1, 1), (1, -2, 2, -1))
QUANT = ((13107, 5243, 8066), (11916, 4660, 7490), (10082, 4194, 6554), (9362, 3647, 5825), (8192, 3355, 5243),
         (7282, 2893, 4559))
DEQUANT = ((10, 16, 13), (11, 18, 14), (13, 20, 16), (14, 23, 18), (16, 25, 20), (18, 29, 23))


def multiply(a, b):
    return [[sum(a[i][k] * b[k][j] for k in range(4)) for j in range(4)] for i in range(4)]


def place(i, j):
    return 0 if i % 2 == 0 and j % 2 == 0 else 1 if i % 2 and j % 2 else 2


def quantise(c, qp):
    shift = 15 + qp // 6
    f = (1 << shift) // 3
    return [[(1 if v >= 0 else -1) * ((abs(v) * QUANT[qp % 6][place(i, j)] + f) >> shift) for j, v in enumerate(r)]
            for i, r in enumerate(c)]


def inverse_1d(a):
    e, f, g, h = a[0] + a[2], a[0] - a[2], (a[1] >> 1) - a[3], a[1] + (a[3] >> 1)
    return [e + h, f + g, f - g, e - h]


def inverse(levels, qp):
    d = [[v * DEQUANT[qp % 6][place(i, j)] << (qp // 6) for j, v in enumerate(r)] for i, r in enumerate(levels)]
    rows = [inverse_1d(r) for r in d]
    columns = [inverse_1d([rows[i][j] for i in range(4)]) for j in range(4)]
    return [[(columns[j][i] + 32) >> 6 for j in range(4)] for i in range(4)]


def write_block(luma, x, y, qp):
    """A block of the source predicted from the samples above it, transformed, quantised and put together again."""
    block = [[luma[(y + j) * W + x + i] for i in range(4)] for j in range(4)]
    prediction = [[luma[(y - 1) * W + x + i] for i in range(4)]] * 4
    residual = [[a - b for a, b in zip(p, q)] for p, q in zip(block, prediction)]
    c = multiply(multiply(FORWARD, residual), list(zip(*FORWARD)))
    levels = quantise(c, qp)
    back = inverse(levels, qp)
    result = [[min(255, max(0, a + b)) for a, b in zip(p, q)] for p, q in zip(prediction, back)]
    grids = [("samples", block, 1), ("prediction (from above)", prediction, 1), ("difference", residual, 0),
             ("coefficients", c, 0), ("levels at QP %d" % qp, levels, 0), ("difference again", back, 0),
             ("samples again", result, 1)]
    cell, top, left = 34, 26, 8
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">' %
           (4 * (4 * cell + 24) + left, 2 * (4 * cell + top + 10)), '<rect width="100%" height="100%" fill="white"/>']
    for n, (title, grid, is_sample) in enumerate(grids):
        gx, gy = left + n % 4 * (4 * cell + 24), n // 4 * (4 * cell + top + 10) + top
        out.append('<text x="%d" y="%d" font-weight="bold">%s</text>' % (gx, gy - 8, title))
        most = max(abs(v) for r in grid for v in r) or 1
        for j in range(4):
            for i in range(4):
                v = grid[j][i]
                shade = v if is_sample else 255 - abs(v) * 150 // most
                fill = (shade,) * 3 if is_sample else (255, shade, shade) if v < 0 else (shade, shade, 255)
                ink = "white" if is_sample and v < 110 else "black"
                out.append('<rect x="%d" y="%d" width="%d" height="%d" fill="#%02x%02x%02x" stroke="#999"/>' %
                           (gx + i * cell, gy + j * cell, cell, cell, *fill))
                out.append('<text x="%d" y="%d" text-anchor="middle" fill="%s">%d</text>' %
                           (gx + i * cell + cell // 2, gy + j * cell + 21, ink, v))
    write_text("block.svg", "\n".join(out + ["</svg>\n"]))


def write_text(name, text):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as f:
        f.write(text)


# ---- container and presets ----


def boxes(data, at, end):
    while at + 8 <= end:
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind.decode("latin-1"), at, size
        at += max(size, 8)


def write_boxes(path):
    with open(path, "rb") as f:
        data = f.read()
    holds = ("moov", "trak", "mdia", "minf", "stbl")
    lines = []

    def walk(at, end, depth):
        for kind, start, size in boxes(data, at, end):
            lines.append((depth, kind, size))
            if kind in holds:
                walk(start + 8, start + size, depth + 1)
    walk(0, len(data), 0)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="520" height="%d" font-family="monospace" font-size="13">' %
           (18 * len(lines) + 12), '<rect width="100%" height="100%" fill="white"/>']
    for n, (depth, kind, size) in enumerate(lines):
        y = 6 + 18 * n
        out.append('<rect x="%d" y="%d" width="%d" height="16" fill="%s" stroke="#777"/>' %
                   (10 + 24 * depth, y, 500 - 24 * depth, ("#cfe3ff", "#d9f0d3", "#fde9c8", "#f8d7da", "#e7d9f5", "#eee")[depth]))
        out.append('<text x="%d" y="%d">%s</text><text x="505" y="%d" text-anchor="end">%d bytes</text>' %
                   (16 + 24 * depth, y + 13, kind, y + 13, size))
    write_text("boxes.svg", "\n".join(out + ["</svg>\n"]))


def write_presets(make):
    rows = []
    for preset in "ultrafast", "veryfast", "medium", "slower":
        avocet("encode", "testsrc", "--size", "%dx%d" % (W, H), "--frames", FRAMES, "--crf", 28, "--preset", preset, "--tune",
               "psnr", "--psnr", "-o", make.path("x.264"), "--json", make.path("x.json"))
        with open(make.path("x.json"), encoding="utf-8") as f:
            told = json.load(f)
        rows.append((preset, os.path.getsize(make.path("x.264")), told))
    most = max(size for _, size, _ in rows)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="640" height="%d" font-family="sans-serif" font-size="13">' %
           (26 * len(rows) + 12), '<rect width="100%" height="100%" fill="white"/>']
    for n, (preset, size, told) in enumerate(rows):
        y = 8 + 26 * n
        out.append('<text x="8" y="%d">%s</text><rect x="90" y="%d" width="%d" height="18" fill="#4a7fc1"/>' %
                   (y + 14, preset, y, 340 * size // most))
        out.append('<text x="%d" y="%d">%d bytes, PSNR %.2f dB</text>' % (98 + 340 * size // most, y + 14, size, find_psnr(told)))
    write_text("presets.svg", "\n".join(out + ["</svg>\n"]))


def find_psnr(told):
    """PSNR of luma over all pictures."""
    return told["types"]["all"]["psnr_global_y"]


def write_player(coded):
    with test_player.Server() as server:
        p = test_player.Player(server, coded, "--pause", "--start", 20, "--overlay", "mb,mv,bar")
        p.wait_title(" - 20/", "start")
        p.tool("mousemove", "--window", p.window, 200, 120)
        time.sleep(0.6)
        p.keys("h", "h")
        time.sleep(0.6)
        write_png("player.png", p.screenshot()[2])
        p.quit()


# Where the text tells a number: a pattern with one group per number, and the names of the facts.
NUMBERS = [
    (r"The whole I picture takes (\d+), (\d+) and (\d+) bytes", ["qp20", "qp34", "qp46"]),
    (r"This picture takes\s+(\d+) bytes, the I picture at the start took (\d+); (\d+) of its 112 macroblocks",
     ["P bytes", "I bytes", "P skipped"]),
    (r"This one takes (\d+) bytes", ["B bytes"]),
    (r"In coding order the first ones are ([^:.]+?) by their place on the\s", ["order"]),
]


def update_text(facts):
    path = os.path.join(os.path.dirname(HERE), "how-it-works.md")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for pattern, names in NUMBERS:
        found = re.search(pattern, text)
        if not found:
            sys.exit("how-it-works.md has no place for %s" % ", ".join(names))
        for group in range(len(names), 0, -1):
            text = text[:found.start(group)] + str(facts[names[group - 1]]) + text[found.end(group):]
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def main():
    with tempfile.TemporaryDirectory() as folder:
        make = Maker(folder)
        fine = make.encode("fine.264", "--qp", 1)
        source = make.path("fine.y4m")
        avocet("decode", fine, "-o", source)
        y, cb, cr = planes(source, 0)
        half = above(grey(cb, W // 2), grey(cr, W // 2))
        write_png("colour.png", beside(make.look(fine, 0, "", 1), grey(y, W), half))
        write_block(y, 104, 48, 28)

        p_only = make.encode("p.264", "--bframes", 0, "--crf", 26)
        write_png("intra.png", above(beside(make.look(p_only, 0, "part", 1), make.look(p_only, 0, "prediction", 1)),
                                     beside(make.look(p_only, 0, "residual", 1), make.look(p_only, 0, "", 1))))
        steps = []
        for qp in 20, 34, 46:
            coded = make.encode("q%d.264" % qp, "--qp", qp, "--bframes", 0)
            steps.append(crop(make.look(coded, 0, "", 1), 96, 24, 72, 72, 3))
            make.facts["qp%d" % qp] = make.records(coded)[0]["bytes"]
        write_png("quantisation.png", beside(*steps))
        coarse = make.path("q46.264")
        write_png("loopfilter.png", beside(*(crop(make.look(coarse, 0, o, 1), 96, 24, 72, 72, 4) for o in ("unfiltered", ""))))

        before, now = planes(source, 7)[0], planes(source, 8)[0]
        difference = bytes(min(255, max(0, 128 + 2 * (a - b))) for a, b in zip(now, before))
        make.facts["difference"] = sum((a - b) ** 2 for a, b in zip(now, before)) / len(now)
        write_png("difference.png", beside(grey(now, W), grey(difference, W)))
        write_png("motion.png", make.look(p_only, 8, "part,mv"))
        write_png("pframe.png", above(beside(make.look(p_only, 8, "prediction", 1), make.look(p_only, 8, "residual", 1)),
                                      beside(make.look(p_only, 8, "mb", 1), make.look(p_only, 8, "", 1))))
        told = make.records(p_only)
        make.facts["I bytes"], make.facts["P bytes"] = told[0]["bytes"], told[8]["bytes"]
        make.facts["P skipped"] = sum(m["type"] == "P_SKIP" for m in told[8]["macroblocks"])

        b = make.encode("b.264", "--crf", 26)
        told = make.records(b)
        number = next(i for i in range(2, FRAMES) if told[i]["type"] in ("B", "Bref") and
                      any("mv0" in m and "mv1" in m for m in told[i]["macroblocks"]))
        make.facts["B number"], make.facts["B bytes"] = number, told[number]["bytes"]
        coded = sorted(range(FRAMES), key=lambda i: told[i]["coded"])[:9]
        make.facts["order"] = ", ".join(told[i]["type"].replace("ref", "") + str(i) for i in coded)
        write_png("bframe.png", make.look(b, number, "mb,mv"))
        p_number = next(i for i in range(1, FRAMES) if told[i]["type"] == "P")
        write_png("heat.png", beside(make.look(b, p_number, "qp", 1), make.look(b, p_number, "bits", 1)))
        os.chdir(folder)
        avocet("inspect", "b.264", "--plots", os.path.join(HERE, "gop.svg"), "--frames", FRAMES, "--source", "testsrc")
        mp4 = make.encode("b.mp4", "--crf", 26)
        write_boxes(mp4)
        make.facts["mp4, 264"] = os.path.getsize(mp4), os.path.getsize(b)
        write_presets(make)
        if test_player.missing() is None:
            write_player(mp4)
        update_text(make.facts)
        for fact in make.facts.items():
            print(*fact)


if __name__ == "__main__":
    main()
