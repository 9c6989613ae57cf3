#!/usr/bin/env python3
"""Two and three passes: the bit rate is met, types are taken over, buffers hold, bytes do not depend on threads; and whatever is
wrong with the statistics file is told with its line."""
import os
import random
import re

import hrd
import rate

STATS = os.path.join(rate.FOLDER, "stats")
OUT = os.path.join(rate.FOLDER, "two.264")
FAST = ["--preset", "veryfast", "--no-sei-version", "--no-progress"]


def run_pass(clip, number, options, stats=STATS):
    """(exit status, stream, messages)"""
    if os.path.exists(OUT):
        os.unlink(OUT)
    r = rate.run(["encode", clip, "-o", OUT, "--pass", str(number), "--stats", stats, "--verbose", *FAST, *options])
    stream = open(OUT, "rb").read() if os.path.exists(OUT) else b""
    return r.returncode, stream, r.stderr


def types(messages):
    return re.findall(r"^(IDR|I|P|Bref|B) +pts +(\d+)", messages, re.M)


def off(stream, kbps):
    bits = [u.bits for u in hrd.access_units(stream)[1]]
    return sum(bits) * 25 / len(bits) / (kbps * 1000) - 1


def lines():
    with open(STATS, encoding="ascii") as f:
        return f.read().splitlines()


def test_rate(clip, kbps, options):
    wanted = ["--bitrate", str(kbps), *options]
    title = f"{os.path.basename(clip)} {kbps} kbit/s {options}"
    status, first, said = run_pass(clip, 1, wanted)
    order = types(said)
    rate.check(status == 0 and len(lines()) == len(order) + 3, f"{title}: pass 1 ends with {status}, {len(lines())} lines")
    before = lines()
    for number in (2, 3, 2):
        status, stream, said = run_pass(clip, number, wanted)
        rate.check(status == 0 and abs(off(stream, kbps)) < 0.015, f"{title} pass {number}: {100 * off(stream, kbps):+.2f} %")
        rate.check(types(said) == order, f"{title} pass {number}: other types than pass 1")
        rate.check((lines() == before) == (number == 2) or number == 2, f"{title} pass {number}: the statistics")
    rate.check(len(lines()) == len(before) and not os.path.exists(STATS + ".new"), f"{title}: statistics after pass 3")
    rate.check(run_pass(clip, 2, wanted + ["--threads", "1"])[1] == run_pass(clip, 2, wanted + ["--threads", "5"])[1],
               f"{title}: other bytes with other threads")


def test_from_quality(clip):
    """A first pass at constant quality serves any bit rate."""
    for mode in (["--crf", "24"], ["--qp", "28", "--slow-firstpass"]):
        run_pass(clip, 1, mode)
        for kbps in (200, 800):
            status, stream, _ = run_pass(clip, 2, ["--bitrate", str(kbps)])
            rate.check(status == 0 and abs(off(stream, kbps)) < 0.015, f"after {mode} {kbps} kbit/s: {100 * off(stream, kbps):+.2f} %")


def test_buffer(clip):
    wanted = ["--bitrate", "300"]
    run_pass(clip, 1, wanted)
    for model, most in (("vbr", 450), ("cbr", 300)):
        status, stream, _ = run_pass(clip, 2, wanted + ["--vbv-maxrate", str(most), "--vbv-bufsize", "300", "--nal-hrd", model])
        report = hrd.check(stream)
        rate.check(status == 0 and not report.errors, f"pass 2 {model}: {report.errors[:1]}")


def broken(good):
    """(what, lines, the line that the message must name or None, words in it)"""
    yield "empty", [], 1, "end early"
    yield "foreign", ["#options: 352x288 fps=25/1", *good[1:]], 1, "no statistics"
    yield "later version", ["avocet-stats 2" + good[0][14:], *good[1:]], 1, "version 2"
    yield "other size", [good[0].replace("176x144", "352x288"), *good[1:]], 1, "352x288"
    yield "cut off", good[:40], 41, "end early"
    yield "cut within a line", good[:40] + [good[40][:9]], 41, "no line"
    yield "a word for a number", good[:9] + [good[9].replace(" 65536", " many")] + good[10:], 10, "no line"
    yield "an unknown type", good[:9] + [re.sub(r"^(\d+) \S+", r"\1 S", good[9])] + good[10:], 10, "no line"
    yield "more on a line", good[:9] + [good[9] + " 7"] + good[10:], 10, "no line"
    yield "a line missing", good[:9] + good[10:], len(good) - 1, "announced"
    yield "a picture twice", good[:9] + [good[8]] + good[10:], None, "twice"
    yield "bits below 1", good[:2] + [re.sub(r"^(\S+ \S+ \S+ \S+) \d+", r"\1 -5", good[2])] + good[3:], None, "out of range"


def test_errors(clip, other):
    wanted = ["--bitrate", "200"]
    run_pass(clip, 1, wanted)
    good = lines()
    for what, text, line, words in broken(good):
        with open(STATS, "w", encoding="ascii") as f:
            f.write("".join(t + "\n" for t in text))
        status, _, said = run_pass(clip, 2, wanted)
        named = line is None or f"{STATS}:{line}:" in said
        rate.check(status in (1, 2) and named and words in said, f"{what}: exit {status}, {said.strip()[-200:]}")
    status, _, said = run_pass(clip, 2, wanted, STATS + ".none")
    rate.check(status == 1 and "--pass 1" in said, f"no file: {said.strip()}")

    def restore():
        with open(STATS, "w", encoding="ascii") as f:
            f.write("".join(t + "\n" for t in good))
    restore()
    rate.check("pass 2 needs bitrate" in run_pass(clip, 2, ["--crf", "20"])[2], "pass 2 without bitrate")
    status, stream, said = run_pass(clip, 2, wanted + ["--frames", "30"])
    rate.check(status == 1 and "100 pictures, this one 30" in said and len(hrd.access_units(stream)[1]) == 30,
               f"fewer pictures: exit {status}, {said.strip()[-200:]}")
    status, _, said = run_pass(other, 2, wanted)
    rate.check(status == 1 and "only 100 pictures" in said, f"more pictures: exit {status}, {said.strip()[-200:]}")
    status, _, said = run_pass(clip, 2, wanted + ["--bframes", "1"])
    rate.check(status == 2 and "in a row" in said, f"fewer B pictures: exit {status}, {said.strip()[-200:]}")
    rate.check(rate.run(["encode", clip, "-o", OUT, "--stats", STATS]).returncode == 2, "--stats without --pass")

    random.seed(7)
    for _ in range(20 if rate.QUICK else 60):
        text = bytearray("".join(t + "\n" for t in good), "ascii")
        for _ in range(random.randint(1, 4)):
            text[random.randrange(len(text))] = random.choice(b"0123456789-PB \n~\xff\0")
        with open(STATS, "wb") as f:
            f.write(text)
        status = run_pass(clip, 2, wanted + ["--frames", "12"])[0]
        rate.check(status in (0, 1, 2), f"mutated statistics: exit {status}")


def main():
    short, clip = rate.cuts(176, 144, 100), rate.cuts(352, 288, 250, 12)
    test_rate(clip, 200, [])
    test_rate(rate.moving(176, 144, 250), 150, ["--no-mbtree"])
    if not rate.QUICK:
        test_rate(clip, 700, ["--bframes", "16", "--b-adapt", "2"])
    test_from_quality(clip)
    test_buffer(short)
    test_errors(short, rate.cuts(176, 144, 150))
    rate.finish()


main()
