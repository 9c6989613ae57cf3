#!/usr/bin/env python3
"""avocet inspect, and PNG files from decode: numbers that must agree with each other, with the stream
and with the encoder's own report.

The program under test is named by the environment variable AVOCET (default build/avocet).
"""
import csv
import json
import os
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, T, check  # noqa: E402



def expect(code, says, *words):
    r = subprocess.run([AVOCET, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
                       check=False)
    text = r.stderr.decode(errors="replace")
    check(r.returncode == code, "exit %d, not %d: %s\n%s" % (r.returncode, code, words, text))
    check(says in text, "\"%s\" is not said: %s\n%s" % (says, words, text))
    return r


def read(path):
    with open(path, "rb") as f:
        return f.read()


def read_png(path):
    """Width, height and the rows of an RGB PNG file."""
    data = read(path)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 2)
        packed += body if kind == b"IDAT" else b""
        at += 12 + size
    raw, rows, above = zlib.decompress(packed), [], bytearray(3 * width)
    for y in range(height):
        kind, row = raw[y * (3 * width + 1)], bytearray(raw[y * (3 * width + 1) + 1:(y + 1) * (3 * width + 1)])
        for i in range(3 * width):
            a, b, c = row[i - 3] if i > 2 else 0, above[i], above[i - 3] if i > 2 else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[i] = (row[i] + (0, a, b, (a + b) // 2, paeth)[kind]) & 255
        rows.append(row)
        above = row
    return width, height, rows


def planes(path, width, height, number):
    """Luma of a picture of a y4m file."""
    frame = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    body = read(path).split(b"\n", 1)[1]
    at = number * (frame + 6) + 6
    return body[at:at + width * height]


def encode(folder, name, *options):
    path = os.path.join(folder, name)
    expect(0, "", "encode", "testsrc", "--size", "90x70", "--frames", 12, "-o", path, *options)
    return path


def check_macroblock(mb, kind):
    inter = "partition" in mb
    check(inter or mb["type"].startswith("I"), "type of a macroblock without partition: %s" % mb)
    check(inter or "mv0" not in mb and "mv1" not in mb, "intra with vectors: %s" % mb)
    check(not inter or "mv0" in mb or "mv1" in mb, "inter without vectors: %s" % mb)
    check(kind not in ("I", "IDR") or not inter, "inter in an I picture: %s" % mb)
    check(mb["type"] not in ("P_SKIP", "B_SKIP") or mb["residual"] == 0 and mb["cbp"] == 0, "residual: %s" % mb)
    check(mb["type"][0] != "B" or kind in ("B", "Bref"), "B in a picture of type %s" % kind)


def test_tables(folder):
    for options in (), ("--no-cabac", "--profile", "baseline"):
        coded, js, table = encode(folder, "t.264", *options), os.path.join(folder, "t.json"), os.path.join(folder, "t.csv")
        expect(0, "", "inspect", coded, "--json", js, "--csv", table)
        with open(js, encoding="utf-8") as f:
            pictures = json.load(f)["pictures"]
        check(len(pictures) == 12 and sorted(p["coded"] for p in pictures) == list(range(12)), "pictures")
        slack = os.path.getsize(coded) - sum(p["bytes"] for p in pictures)
        check(0 < slack < 900 + 20 * 12, "bytes outside of slices: %d" % slack)
        for p in pictures:
            mbs = p["macroblocks"]
            check(len(mbs) == p["mb_width"] * p["mb_height"] == 30, "macroblocks of a picture")
            rest = 8 * p["bytes"] - sum(m["bits"] for m in mbs)
            check(8 <= rest < 200, "bits that are not macroblocks': %d" % rest)
            check(abs(p["mean_qp"] - sum(m["qp"] for m in mbs) / 30) < 0.001, "mean QP")
            for mb in mbs:
                check_macroblock(mb, p["type"])
        with open(table, encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        flat = [m for p in pictures for m in p["macroblocks"]]
        check(len(rows) == len(flat) == 360, "rows")
        check(all(int(r["bits"]) == m["bits"] and r["mb_type"] == m["type"] and r["partition"] == m.get("partition", "")
                  and [tuple(map(int, v.split(":"))) for v in r["mv0"].split()] == [tuple(v) for v in m.get("mv0", [])]
                  for r, m in zip(rows, flat)), "CSV and JSON differ")


def test_planes(folder):
    """Pictures before the loop filter are the picture where there is no filter; else they differ."""
    plain, filtered = encode(folder, "n.264", "--no-deblock"), encode(folder, "f.264")
    for coded, same in (plain, True), (filtered, False):
        a, b = os.path.join(folder, "a.y4m"), os.path.join(folder, "b.y4m")
        expect(0, "", "inspect", coded, "--overlay", "unfiltered", "--scale", 1, "-o", a)
        expect(0, "", "inspect", coded, "--overlay", "", "--scale", 1, "-o", b)
        check((read(a) == read(b)) == same, "unfiltered, filter %s" % (not same))
    recon, shown = os.path.join(folder, "d.y4m"), os.path.join(folder, "b.y4m")
    expect(0, "", "decode", filtered, "-o", recon)
    ours, theirs = planes(shown, 90, 70, 5), planes(recon, 90, 70, 5)
    mean = sum(abs(x - y) for x, y in zip(ours, theirs)) / len(ours)  # colours outside of RGB are clipped
    check(mean < 0.5, "picture without overlays differs by %.2f on average" % mean)


def test_png(folder):
    coded, pattern = encode(folder, "p.264"), os.path.join(folder, "s%03d.png")
    expect(0, "decoded 3 pictures", "decode", coded, "-o", pattern, "--seek", 2, "--frames", 3)
    check(os.path.exists(pattern % 3) and not os.path.exists(pattern % 4), "number of files")
    width, height, rows = read_png(pattern % 1)
    check((width, height) == (90, 70), "size of PNG")
    recon = os.path.join(folder, "r.y4m")
    expect(0, "", "decode", coded, "-o", recon)
    luma = planes(recon, 90, 70, 2)
    worst = 0
    for y in range(70):
        for x in range(90):
            r, g, b = rows[y][3 * x:3 * x + 3]
            if 0 < min(r, g, b) and max(r, g, b) < 255:
                worst = max(worst, abs(16 + (0.299 * r + 0.587 * g + 0.114 * b) * 219 / 255 - luma[y * 90 + x]))
    check(worst < 1.6, "luma of the PNG is off by %.2f" % worst)
    for overlay in "mb,mv", "qp", "bits", "residual", "part,ref,bar", "prediction":
        expect(0, "", "inspect", coded, "--overlay", overlay, "-o", os.path.join(folder, "one.png"), "--seek", 5,
               "--frames", 1, "--scale", 3)
        width, height, rows = read_png(os.path.join(folder, "one.png"))
        check((width, height) == (270, 210), "size with --scale: %s" % overlay)
        check(len(set(map(bytes, rows))) > 10, "nothing drawn: %s" % overlay)


def test_video(folder):
    """Overlays as a video of our own: as many pictures, of the size on the screen, and much the same."""
    coded, raw = encode(folder, "v.264"), os.path.join(folder, "v.y4m")
    expect(0, "", "inspect", coded, "--overlay", "mb,mv,bar", "--scale", 2, "-o", raw)
    wanted = planes(raw, 180, 140, 7)
    for name in "v.mp4", "o.264":
        video, back = os.path.join(folder, name), os.path.join(folder, "back.y4m")
        expect(0, "", "inspect", coded, "--overlay", "mb,mv,bar", "--scale", 2, "-o", video)
        told = json.loads(expect(0, "", "info", "--json", video).stdout)
        check((told["pictures"], told["width"], told["height"]) == (12, 180, 140), "video: %s" % told)
        check(told["fps"][0] == 30 * told["fps"][1], "rate of the video: %s" % told["fps"])
        expect(0, "", "decode", video, "-o", back)
        mean = sum(abs(x - y) for x, y in zip(planes(back, 180, 140, 7), wanted)) / len(wanted)
        check(mean < 4, "%s differs by %.2f on average" % (name, mean))
    expect(1, "cannot", "inspect", coded, "-o", os.path.join(folder, "no", "x.mp4"))


def test_plots(folder):
    coded, svg, report = encode(folder, "q.264"), os.path.join(folder, "q.svg"), os.path.join(folder, "q.json")
    expect(0, "", "inspect", coded, "--plots", svg)
    check(len(xml.parse(svg).findall(".//{*}polyline")) == 1, "QP alone")
    encode(folder, "q.264", "--psnr", "--json", report)
    expect(0, "", "inspect", coded, "--plots", svg, "--source", "testsrc")
    tree = xml.parse(svg)
    panels = []  # numbers at the left of each
    for text in tree.findall(".//{*}text"):
        if text.get("font-weight") == "bold":
            panels.append([])
        elif text.get("text-anchor") == "end":
            panels[-1].append(float(text.text))
    check(len(panels) == 3 and panels[0][0] == 0 and all(3 <= len(p) <= 7 for p in panels), "labels: %s" % panels)
    check(all(abs(v / (p[1] - p[0]) % 1) in (0, 1) for p in panels for v in p), "labels are not round: %s" % panels)
    with open(report, encoding="utf-8") as f:
        mean = json.load(f)["types"]["all"]["psnr_y"]
    check(panels[2][0] < mean < panels[2][-1] and panels[2][0] > 20, "PSNR %s of %.2f" % (panels[2], mean))
    check(len(tree.findall(".//{*}polyline")) == 2, "QP and PSNR")
    check(len(tree.findall(".//{*}rect/{*}title")) == 12, "a bar per picture")


def test_wrong(folder):
    coded, text = encode(folder, "w.264"), os.path.join(folder, "w.txt")
    with open(text, "wb") as f:
        f.write(b"no video\n" * 50)
    expect(2, "no input", "inspect", "-o", "x.png")
    expect(2, "nothing to make", "inspect", coded)
    expect(2, "no overlay \"nonsense\"", "inspect", coded, "--overlay", "mv,nonsense", "-o", "x.png")
    expect(2, "--scale wants", "inspect", coded, "--scale", 0, "-o", "x.png")
    expect(2, "one number like", "inspect", coded, "-o", "a%sb.png")
    expect(2, "cannot write x.bmp", "inspect", coded, "-o", "x.bmp")
    before = open(coded, "rb").read()
    for option in "-o", "--csv", "--json", "--plots":
        expect(1, "is the input", "inspect", coded, "--csv", os.devnull, option, coded)
    check(open(coded, "rb").read() == before, "the input is as it was")
    expect(1, "no H.264 pictures", "inspect", text, "--csv", os.path.join(folder, "x.csv"))
    expect(1, "holds one picture", "inspect", coded, "-o", os.path.join(folder, "x.png"))
    expect(1, "cannot", "inspect", coded, "-o", os.path.join(folder, "no", "x%d.png"))
    expect(1, "ends after 2 pictures", "inspect", coded, "--source", two_pictures(folder), "--csv",
           os.path.join(folder, "x.csv"))
    check(b"usage: avocet inspect" in expect(0, "", "inspect", "--help").stdout, "help")


def two_pictures(folder):
    path = os.path.join(folder, "two.y4m")
    with open(path, "wb") as f:
        f.write(b"YUV4MPEG2 W90 H70 F30:1 C420\n" + 2 * (b"FRAME\n" + bytes(90 * 70 + 2 * 45 * 35)))
    return path


def main():
    for test in test_tables, test_planes, test_png, test_video, test_plots, test_wrong:
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
