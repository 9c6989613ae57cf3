#!/usr/bin/env python3
"""The command line from outside: inputs good and bad, options good and bad, outputs that fail, help, exit codes.

The program under test is named by the environment variable AVOCET (default build/avocet). Every run must end by itself with
exit code 0, 1 or 2, and whoever fails must say what, where and, where something can be done, what.
"""
import json
import math
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, T, check, need_program  # noqa: E402
FAST = ["--preset", "ultrafast"]
SMALL = ["testsrc", "--size", "64x48", "--frames", "6", *FAST]



def avocet(*words, stdin=None, command="encode"):
    words = [AVOCET, *([command] if command else []), *map(str, words)]
    r = subprocess.run(words, input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL, capture_output=True, timeout=120)
    r.text = r.stderr.decode(errors="replace")
    r.words = " ".join(words[1:])[:200]
    return r


def expect(code, says, *words, **more):
    """Runs and demands the exit code and, in the messages, each of the pieces of text."""
    r = avocet(*words, **more)
    check(r.returncode == code, f"exit {r.returncode}, not {code}: {r.words}\n    {r.text[-500:]}")
    for piece in [says] if isinstance(says, str) else says or []:
        check(piece in r.text, f"\"{piece}\" is not said: {r.words}\n    {r.text[-500:]}")
    return r


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else -1


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def y4m(width, height, frames, head="", frame_head=b"FRAME\n"):
    size = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    pictures = [bytes((x * 7 + n * 3) & 255 for x in range(size)) for n in range(frames)]
    return f"YUV4MPEG2 W{width} H{height} F25:1{head}\n".encode() + b"".join(frame_head + p for p in pictures)


def rgb_row(width, value):
    return bytes((value + x, 2 * x, value)[k] & 255 for x in range(width) for k in range(3))


def png(width, height, value):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = b"".join(b"\0" + rgb_row(width, value) for _ in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def ppm(width, height, value):
    return f"P6\n# a comment\n{width} {height}\n255\n".encode() + bytes((value + i) & 255 for i in range(3 * width * height))


def features():
    return avocet("--version", command=None).stdout.decode()


def options():
    """[(name, form, choices)] from the help of all options."""
    text = avocet("--help=all").stdout.decode()
    found = []
    for m in re.finditer(r"^  --([\w-]+)( <[^>]+>)? .*\n(?: {33}\S.*\n)*(?:   {29,}  ([a-z0-9|-]+\|[a-z0-9|-]+)\n)?", text, re.M):
        found.append((m[1], (m[2] or "").strip(), m[3].split("|") if m[3] else None))
    return found


# ---- what works ----

def test_scene(folder):
    out = os.path.join(folder, "a.264")
    r = expect(0, "encoded 6 pictures", *SMALL, "-o", out)
    check(read(out)[:4] == b"\0\0\0\1", "no start code")
    check(b"\r" not in r.stderr, "a progress line outside a terminal")
    check(r.stdout == b"", "something on standard output")
    again = os.path.join(folder, "b.264")
    expect(0, None, *SMALL, "-o", again)
    check(read(out) == read(again), "two runs differ")


def test_quiet(folder):
    r = expect(0, None, *SMALL, "--quiet", "-o", os.path.join(folder, "a.264"))
    check(r.stderr == b"" and r.stdout == b"", "--quiet speaks")


def test_standard_streams(folder):
    source = y4m(48, 32, 5)
    path = write(os.path.join(folder, "in.y4m"), source)
    out = os.path.join(folder, "a.264")
    expect(0, None, path, *FAST, "-o", out)
    r = expect(0, "encoded 5", "-", *FAST, "-o", "-", stdin=source)
    check(r.stdout == read(out), "through pipes the stream is another")


def test_same_pictures_any_reader(folder):
    """y4m, raw and raw through a pipe are the same pictures: the same stream."""
    data = y4m(48, 32, 4)
    raw = b"".join(part for part in data[data.index(b"\n") + 1:].split(b"FRAME\n") if part)
    expect(0, None, write(os.path.join(folder, "in.y4m"), data), *FAST, "-o", os.path.join(folder, "a.264"))
    expect(0, None, write(os.path.join(folder, "in.yuv"), raw), "--size", "48x32", *FAST, "-o", os.path.join(folder, "b.264"))
    r = expect(0, None, "-", "--size", "48x32", "--fps", "25", "--format", "i420", *FAST, "-o", "-", stdin=raw)
    stream = read(os.path.join(folder, "a.264"))
    check(stream == read(os.path.join(folder, "b.264")), "raw differs from y4m")
    check(stream == r.stdout, "raw through a pipe differs from y4m")
    longer = write(os.path.join(folder, "long.y4m"), y4m(48, 32, 4, frame_head=b"FRAME Ip\n"))
    expect(0, None, longer, *FAST, "-o", os.path.join(folder, "c.264"))
    check(stream == read(os.path.join(folder, "c.264")), "frame parameters matter")


def test_seek_and_frames(folder):
    path = write(os.path.join(folder, "in.y4m"), y4m(48, 32, 9))
    raw = write(os.path.join(folder, "in.yuv"), b"".join(y4m(48, 32, 9).split(b"FRAME\n")[1:]))
    out = os.path.join(folder, "a.264")
    expect(0, "encoded 3 pictures", path, "--seek", "4", "--frames", "3", *FAST, "-o", out)
    expect(0, "encoded 3 pictures", raw, "--size", "48x32", "--seek", "4", "--frames", "3", *FAST, "-o", out + ".264")
    check(read(out) == read(out + ".264"), "--seek differs between y4m and raw")
    expect(0, "encoded 2 pictures", path, "--seek", "7", *FAST, "-o", out)
    expect(1, ["in.y4m", "--seek"], path, "--seek", "9", *FAST, "-o", out)
    expect(1, "no pictures", path, "--frames", "0", *FAST, "-o", out)


def test_recon(folder):
    recon = os.path.join(folder, "r.y4m")
    expect(0, None, "testsrc", "--size", "50x34", "--frames", "9", "--preset", "fast", "--fps", "30000/1001", "-o", os.path.join(folder, "a.264"), "--recon", recon)
    head, _, body = read(recon).partition(b"\n")
    check(b"W50 H34 F30000:1001" in head, f"header {head}")
    check(len(body) == 9 * (6 + 50 * 34 * 3 // 2), f"{len(body)} bytes of pictures")


def test_stills(folder):
    for n in range(4):
        write(os.path.join(folder, f"p{n + 1:03d}.ppm"), ppm(32, 18, 40 * n))
    out = os.path.join(folder, "a.264")
    expect(0, "encoded 4 pictures", os.path.join(folder, "p%03d.ppm"), *FAST, "-o", out)
    expect(0, "encoded 4 pictures", os.path.join(folder, "p*.ppm"), *FAST, "-o", out + ".264")
    check(read(out) == read(out + ".264"), "pattern and glob differ")
    expect(0, "encoded 2 pictures", os.path.join(folder, "p%03d.ppm"), "--seek", "2", *FAST, "-o", out)
    expect(0, "encoded 1 pictures", os.path.join(folder, "p002.ppm"), *FAST, "-o", out)
    write(os.path.join(folder, "g.pgm"), b"P5 32 18 255\n" + bytes(range(256)) * 2 + bytes(64))
    expect(0, None, os.path.join(folder, "g.pgm"), *FAST, "-o", out)
    write(os.path.join(folder, "p005.ppm"), ppm(34, 18, 0))
    expect(1, ["p005.ppm", "34x18", "one size"], os.path.join(folder, "p%03d.ppm"), *FAST, "-o", out)
    write(os.path.join(folder, "p005.ppm"), ppm(32, 18, 0)[:300])
    expect(1, ["p005.ppm", "cut short", "encoded 4 pictures"], os.path.join(folder, "p%03d.ppm"), *FAST, "-o", out)
    write(os.path.join(folder, "p005.ppm"), b"P6 32 18 65535\n")
    expect(1, ["p005.ppm", "65535"], os.path.join(folder, "p%03d.ppm"), *FAST, "-o", out)
    write(os.path.join(folder, "p005.ppm"), b"hello")
    expect(1, "not a PNG, JPEG, PPM or PGM", os.path.join(folder, "p%03d.ppm"), *FAST, "-o", out)
    expect(1, "no such picture", os.path.join(folder, "none%d.png"), *FAST, "-o", out)
    expect(1, "no such picture", os.path.join(folder, "none*.png"), *FAST, "-o", out)


def test_png_and_jpeg(folder):
    out = os.path.join(folder, "a.264")
    path = write(os.path.join(folder, "a.png"), png(40, 24, 9))
    if "PNG stills: yes" in features():
        expect(0, "encoded 1 pictures", path, *FAST, "-o", out)
        same = write(os.path.join(folder, "b.ppm"), b"P6 40 24 255\n" + rgb_row(40, 9) * 24)
        expect(0, None, same, *FAST, "-o", out + ".264")
        check(read(out) == read(out + ".264"), "PNG and PPM of the same picture differ")
        expect(1, "cut.png", write(os.path.join(folder, "cut.png"), png(40, 24, 9)[:60]), *FAST, "-o", out)
    else:
        expect(1, ["a.png", "libpng"], path, *FAST, "-o", out)
    if shutil.which("ffmpeg"):
        path = os.path.join(folder, "a.jpg")
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48", "-frames:v", "1", path], check=True)
        if "JPEG stills: yes" in features():
            expect(0, "encoded 1 pictures", path, *FAST, "-o", out)
            expect(1, "cut.jpg", write(os.path.join(folder, "cut.jpg"), read(path)[:len(read(path)) // 2]), *FAST, "-o", out)
        else:
            expect(1, ["a.jpg", "libjpeg"], path, *FAST, "-o", out)


def test_other_video(folder):
    path, out = os.path.join(folder, "in.mkv"), os.path.join(folder, "a.264")
    if not shutil.which("ffmpeg"):
        return
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=24", "-frames:v", "7", "-c:v", "ffv1",
                    "-pix_fmt", "yuv420p", path], check=True)
    if "libavformat): yes" not in features():
        expect(1, ["in.mkv", "libavformat", "yuv4mpegpipe"], path, *FAST, "-o", out)
        return
    expect(0, "encoded 7 pictures", path, *FAST, "-o", out, "--json", out + ".json")
    check(json.loads(read(out + ".json"))["settings"]["fps"] == "24", "frame rate of the file")
    subprocess.run(["ffmpeg", "-v", "error", "-i", path, out + ".y4m"], check=True)
    expect(0, None, out + ".y4m", *FAST, "--no-sei-version", "-o", out + ".264")
    expect(0, None, path, "--fps", "24", *FAST, "--no-sei-version", "-o", out)
    check(read(out) == read(out + ".264"), "the same pictures from mkv and y4m differ")
    expect(1, "junk.mkv", write(os.path.join(folder, "junk.mkv"), b"not a video at all" * 100), *FAST, "-o", out)


def test_json(folder):
    out = os.path.join(folder, "a.264")
    r = expect(0, None, *SMALL, "--psnr", "--ssim", "--json", "-", "--quiet", "-o", out)
    s = json.loads(r.stdout)
    check(s["pictures"] == 6 and s["bytes"] == size_of(out), "pictures and bytes")
    check(s["error"] == "" and s["width"] == 64 and s["height"] == 48, "size")
    kinds = {k: v["pictures"] for k, v in s["types"].items()}
    check(sum(n for k, n in kinds.items() if k != "all") == 6 == kinds["all"], f"types {kinds}")
    check(20 < s["types"]["all"]["psnr_y"] <= 100 and 0.3 < s["types"]["all"]["ssim"] <= 1, "quality")
    check(s["settings"]["size"] == "64x48", "settings")


def measured_psnr(source, recon, width, height):
    """Mean of the pictures' luma PSNR, from the two y4m files."""
    size = width * height * 3 // 2 + 6
    a, b = (read(p).partition(b"\n")[2] for p in (source, recon))
    total, count = 0.0, len(a) // size
    for n in range(count):
        pa, pb = (x[n * size + 6:n * size + 6 + width * height] for x in (a, b))
        sse = sum((p - q) ** 2 for p, q in zip(pa, pb))
        total += 10 * math.log10(255 * 255 * width * height / sse) if sse else 100
    return total / count


def test_psnr_is_true(folder):
    source, out = os.path.join(folder, "s.y4m"), os.path.join(folder, "a.264")
    write(source, y4m(64, 48, 5))
    r = expect(0, None, source, "--qp", "30", "--preset", "faster", "--psnr", "--quiet", "--json", "-", "--recon", out + ".y4m", "-o", out)
    said = json.loads(r.stdout)["types"]["all"]["psnr_y"]
    true = measured_psnr(source, out + ".y4m", 64, 48)
    check(abs(said - true) < 0.001, f"PSNR {said} said, {true} measured")


# ---- options ----

def test_every_option_is_accepted(folder):
    out = os.path.join(folder, "a.264")
    numbers = {"cqm4": ",".join(["16"] * 16), "cqm8": ",".join(["16"] * 64)}
    single = {"size": "48x32", "format": "i420", "fps": "30", "timebase": "1/30", "level": "4", "keyint": "12", "min-keyint": "3",
              "deblock": "1:-1", "bitrate": "200k", "sar": "4:3", "merange": "8", "vbv-maxrate": "300", "preset": "ultrafast", "tune": "psnr", "frames": "3", "seek": "1",
              "recon": os.path.join(folder, "r.y4m"), "stats": os.path.join(folder, "a.stats"), "json": os.path.join(folder, "s.json"), "output": out}
    together = {"vbv-maxrate": ["--bitrate", "200", "--vbv-bufsize", "300"], "vbv-bufsize": ["--bitrate", "200"],
                "nal-hrd": ["--bitrate", "200", "--vbv-maxrate", "200", "--vbv-bufsize", "300"],
                "filler": ["--bitrate", "200", "--vbv-maxrate", "200", "--vbv-bufsize", "300"], "rate-mode": ["--bitrate", "200"],
                "pass": ["--stats", os.path.join(folder, "a.stats")], "stats": ["--pass", "1"]}
    listed = options()
    check(len(listed) > 70, f"only {len(listed)} options are listed")
    for name, form, choices in listed:
        if name in ("help", "version", "output") or name.startswith(("fragment", "faststart", "no-faststart", "hls")):
            continue  # those of containers: tests/mux
        values = choices or [single.get(name) or numbers.get(name[:4]) or ("1" if form else None)]
        if name == "format":
            values = ["i420", "gray8"]
        for value in values:
            words = [f"--{name}"] + ([value] if value else [])
            expect(0, None, "testsrc", "--size", "48x32", "--frames", "3", *FAST, *together.get(name, []), *words, "-o", out)
        if not form and name not in ("quiet", "verbose", "no-progress"):
            expect(0, None, "testsrc", "--size", "48x32", "--frames", "3", *FAST, f"--no-{name}", "-o", out)


def test_spellings(folder):
    base = ["testsrc", "--size", "48x32", "--frames", "4", *FAST, "--no-sei-version", "-o", "-"]
    for one, other in ((["--qp", "30"], ["--qp=30"]), (["--qp", "30"], ["-q", "30"]), (["--qp", "30"], ["-q30"]),
                       (["--bitrate", "500"], ["--bitrate", "500k"]), (["-B", "2000"], ["--bitrate", "2M"]),
                       (["--rc-lookahead", "5"], ["--lookahead", "5"]), (["--no-scenecut"], ["--scenecut", "0"]),
                       (["--cabac"], ["--no-cabac=0"]), (["--weightb", "--cabac"], ["--weightb", "1", "--cabac"]), (["--fps", "29.97"], ["--fps", "30000/1001"]),
                       (["--preset", "medium", "--crf", "30"], ["--crf", "30", "--preset", "5"])):
        check(expect(0, None, *base, *one).stdout == expect(0, None, *base, *other).stdout, f"{one} and {other} differ")


def test_limits_told(folder):
    """A rate that no quantiser meets is no error; the report says so. One that is met has no such line."""
    out = os.path.join(folder, "limit.264")
    for options, limit in ((["--bitrate", "90M"], "lowest"), (["--bitrate", "1", "--qpmax", "20"], "highest"), (["--crf", "51"], None)):
        said = expect(0, None, *SMALL, "-o", out, *options).text
        check(f"at the {limit} quantiser" in said if limit else "asked for" not in said, f"{options}: {said}")


def test_wrong_usage(folder):
    out = os.path.join(folder, "a.264")
    for says, words in (
            ("no input", ["-o", out]), ("no output", ["testsrc"]), ("no option --frobnicate", ["testsrc", "-o", out, "--frobnicate"]),
            ("is --bframes meant", ["testsrc", "-o", out, "--bframe", "2"]), ("no option -Z", ["testsrc", "-Z"]),
            ("crf 99: must be 0 to 63", [*SMALL, "-o", out, "--crf", "99"]), ("qp 52", [*SMALL, "-o", out, "--qp", "52"]),
            ("crf \"abc\"", [*SMALL, "-o", out, "--crf", "abc"]), ("needs a value", [*SMALL, "-o", out, "--crf"]),
            ("--preset quick", [*SMALL, "-o", out, "--preset", "quick"]), ("--tune dull", [*SMALL, "-o", out, "--tune", "dull"]),
            ("go together", [*SMALL, "-o", out, "--tune", "film,grain"]), ("one of dia|hex", [*SMALL, "-o", out, "--me", "zzz"]),
            ("level \"7\"", [*SMALL, "-o", out, "--level", "7"]), ("deblock", [*SMALL, "-o", out, "--deblock", "9:9"]),
            ("partitions", [*SMALL, "-o", out, "--partitions", "p9x9"]), ("cqm4", [*SMALL, "-o", out, "--cqm4", "1,2,3"]),
            ("cqm4", [*SMALL, "-o", out, "--cqm4", ",".join(["0"] * 16)]), ("size", ["testsrc", "--size", "640", "-o", out]),
            ("size 8 and 8", ["testsrc", "--size", "8x8", "-o", out]), ("fps", [*SMALL, "-o", out, "--fps", "0"]),
            ("two inputs", ["testsrc", "other.y4m", "-o", out]), ("frames", [*SMALL, "-o", out, "--frames", "-3"]),
            (".avi files cannot be written", [*SMALL, "-o", os.path.join(folder, "a.avi")]),
            ("ends in .264", [*SMALL, "-o", os.path.join(folder, "noname")]),
            ("takes no value", [*SMALL, "-o", out, "--quiet=3"]), ("bitrate \"12x\"", [*SMALL, "-o", out, "--bitrate", "12x"]),
            ("no help on", ["--help=nonsense"]), ("both go to standard output", [*SMALL, "-o", "-", "--json", "-"])):
        expect(2, ["avocet: ", says], *words)
    check(not os.path.exists(out), "wrong usage left an output")
    expect(2, "no command", command=None)
    expect(2, "no command \"decode-all\"", command="decode-all")
    for word in "film.y4m", "--help=all":
        expect(2, f"no command \"{word}\"; is \"avocet encode {word}\" meant?", command=word)


def test_contradictions(folder):
    out = os.path.join(folder, "a.264")
    for says, words in (
            ("--qp and --crf contradict", ["--qp", "20", "--crf", "20"]), ("--crf and --bitrate", ["--bitrate", "1M", "--crf", "20"]),
            ("min-keyint 20 is above keyint 10", ["--keyint", "10", "--min-keyint", "20"]),
            ("qpmin 40 is above qpmax 30", ["--qpmin", "40", "--qpmax", "30"]), ("qp 10 is outside", ["--qp", "10", "--qpmin", "20"]),
            ("vbv-maxrate needs vbv-bufsize", ["--bitrate", "1M", "--vbv-maxrate", "1M"]),
            ("vbv-bufsize needs vbv-maxrate", ["--vbv-bufsize", "1M"]),
            ("contradict qp", ["--qp", "20", "--vbv-maxrate", "1M", "--vbv-bufsize", "1M"]),
            ("below bitrate", ["--bitrate", "2M", "--vbv-maxrate", "1M", "--vbv-bufsize", "1M"]), ("nal-hrd needs", ["--nal-hrd", "vbr"]),
            ("nal-hrd cbr needs", ["--nal-hrd", "cbr", "--vbv-maxrate", "1M", "--vbv-bufsize", "1M"]),
            ("the least keyframe takes", ["--bitrate", "6", "--vbv-maxrate", "6", "--vbv-bufsize", "0.6", "--nal-hrd", "cbr"]),
            ("the least picture takes", ["--bitrate", "3", "--vbv-maxrate", "3", "--vbv-bufsize", "3", "--nal-hrd", "vbr"]),
            ("filler needs", ["--filler"]), ("intra-refresh contradicts", ["--intra-refresh", "--keyint", "1"]),
            ("bitrate is not set", ["--rate-mode", "bitrate"])):
        expect(2, says, *SMALL, *words, "-o", out)
    expect(2, ["level 1 is exceeded", "it needs level 3"], "testsrc", "--size", "640x360", "--frames", "2", "--level", "1", "-o", out)
    check(not os.path.exists(out), "contradictions left an output")


def test_adjustments_are_told(folder):
    out = os.path.join(folder, "a.264")
    r = expect(0, ["note: cabac off: Baseline", "note: bframes off", "8x8dct off"], "testsrc", "--size", "64x48", "--frames", "4",
               "--preset", "fast", "--profile", "baseline", "-o", out, "--json", out + ".json")
    told = json.loads(read(out + ".json"))["adjustments"]
    check(all(f"note: {t}" in r.text for t in told) and len(told) >= 4, "the summary tells other adjustments")
    expect(0, "ref lowered from 16 to", "testsrc", "--size", "640x360", "--frames", "2", *FAST, "--ref", "16", "--level", "3", "-o", out)
    expect(0, "note: 33x17 is shown as 34x18", "testsrc", "--size", "33x17", "--frames", "2", *FAST, "-o", out)


# ---- inputs that fail ----

def test_bad_inputs(folder):
    out = os.path.join(folder, "a.264")
    good = y4m(48, 32, 5)

    def bad(says, data, name="bad.y4m", *words):
        expect(1, ["avocet: ", *([says] if isinstance(says, str) else says)], write(os.path.join(folder, name), data), *FAST, *words, "-o", out)

    expect(1, ["absent.y4m", "No such file"], os.path.join(folder, "absent.y4m"), "-o", out)
    expect(1, "folder", folder, "-o", out)
    bad("is empty", b"")
    bad(["picture 3 is cut short", "encoded 3 pictures"], good[:-3000 - 1536])
    bad(["picture 2 does not start with FRAME", "encoded 2 pictures"], good.replace(b"FRAME", b"FRXME").replace(b"FRXME", b"FRAME", 2))
    bad("no size", b"YUV4MPEG2 F25:1\nFRAME\n")
    bad("header is damaged", b"YUV4MPEG2 W48 H32 F25:1" + b" X" * 400)
    bad("damaged y4m parameter", b"YUV4MPEG2 W48 H32 F25\n")
    bad("no pictures", good[:good.index(b"\n") + 1])
    bad("8x8 cannot be encoded", y4m(8, 8, 2))
    bad("cannot be encoded", b"YUV4MPEG2 W16384 H16 F25:1\nFRAME\n")
    bad("leave out --size", good, "bad.y4m", "--size", "64x48")
    if "libavformat): yes" not in features():
        bad("C444", y4m(48, 32, 1, " C444"))
    expect(1, "C422", "-", *FAST, "-o", out, stdin=y4m(48, 32, 1, " C422"))
    bad("raw frames need --size", bytes(5000), "bad.yuv")
    bad(["has 5000 bytes", "--size"], bytes(5000), "bad.yuv", "--size", "640x360")
    bad(["picture 3 is cut short", "encoded 3 pictures"], bytes(2304 * 3 + 100), "bad.yuv", "--size", "48x32")
    expect(1, "standard input is empty", "-", *FAST, "-o", out, stdin=b"")
    expect(1, "raw frames need --size", "-", *FAST, "-o", out, stdin=bytes(1000))
    expect(1, "bad.bin", write(os.path.join(folder, "bad.bin"), b"rubbish" * 40), *FAST, "-o", out)


def test_unreadable(folder):
    path = write(os.path.join(folder, "locked.y4m"), y4m(48, 32, 2))
    os.chmod(path, 0)
    if os.access(path, os.R_OK):  # root reads everything: take a file that nobody can
        path = "/proc/self/mem"
        if not os.path.exists(path):
            return
    expect(1, ["avocet: cannot", path], path, *FAST, "-o", os.path.join(folder, "a.264"))


def test_lossy_input(folder):
    """Bytes changed at random in pictures are just other pictures; in headers they are an error, never a crash."""
    good = y4m(48, 32, 4)
    seed = 1
    for n in range(24):
        data = bytearray(good)
        for _ in range(1 + n % 6):
            seed = (seed * 1103515245 + 12345) & 0x7fffffff
            data[seed % (40 if n % 2 else len(data))] = seed >> 8 & 255
        r = avocet(write(os.path.join(folder, "lossy.y4m"), bytes(data)), *FAST, "-o", os.path.join(folder, "a.264"))
        check(r.returncode in (0, 1), f"exit {r.returncode} at mutation {n}: {r.text[-300:]}")
        check(r.returncode == 0 or "avocet: " in r.text, f"no message at mutation {n}")


# ---- outputs that fail ----

def test_bad_outputs(folder):
    expect(1, ["cannot create", "No such file"], *SMALL, "-o", os.path.join(folder, "no", "such", "a.264"))
    out = os.path.join(folder, "a.264")
    expect(1, ["cannot create", "r.y4m"], *SMALL, "-o", out, "--recon", os.path.join(folder, "no", "r.y4m"))
    expect(1, ["cannot create", "s.json"], *SMALL, "-o", out, "--json", os.path.join(folder, "no", "s.json"))
    path = write(os.path.join(folder, "same.h264"), y4m(48, 32, 3))
    before = read(path)
    expect(1, "is the input", path, *FAST, "-o", path)
    expect(1, "is the input", path, *FAST, "-o", os.devnull, "--json", path)
    check(read(path) == before, "the input was overwritten")


def test_full_disk(folder):
    if not os.path.exists("/dev/full"):
        return
    expect(1, ["cannot write /dev/full", "No space left"], *SMALL, "-o", "/dev/full")
    expect(1, "No space left", "testsrc", "--size", "320x180", "--frames", "12", "--qp", "4", *FAST, "-o", "/dev/full")
    out = os.path.join(folder, "a.264")
    expect(1, ["cannot write /dev/full", "No space left"], *SMALL, "-o", out, "--recon", "/dev/full")
    check(size_of(out) > 0, "the stream is lost with the reconstruction")
    expect(1, ["cannot write /dev/full", "No space left"], *SMALL, "-o", out, "--json", "/dev/full")


def test_reader_goes_away(folder):
    p = subprocess.Popen([AVOCET, "encode", "testsrc", "--size", "320x180", "--frames", "60", "--qp", "4", *FAST, "-o", "-"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdout.read(1000)
    p.stdout.close()
    said = p.stderr.read().decode()
    p.stderr.close()
    code = p.wait(timeout=60)
    check(code == 1 and "Broken pipe" in said, f"exit {code}: {said[-200:]}")


def test_interrupt(folder):
    """Ctrl-C: the pictures sent so far are finished and the file is whole."""
    out = os.path.join(folder, "a.264")
    p = subprocess.Popen([AVOCET, "encode", "testsrc", "--size", "320x180", "--frames", "100000", *FAST, "-o", out],
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while size_of(out) < 10000 and time.monotonic() < end:
        time.sleep(0.02)
    p.send_signal(signal.SIGINT)
    said = p.communicate(timeout=60)[1].decode()
    check(p.returncode == 1 and "interrupted after" in said, f"exit {p.returncode}: {said[-200:]}")
    m = re.search(r"interrupted after (\d+) pictures", said)
    if m and shutil.which("ffprobe"):
        r = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", out],
                           capture_output=True, text=True)
        check(r.stdout.strip() == m[1] and not r.stderr, f"{r.stdout.strip()} pictures in the file, {m[1]} said; {r.stderr[-200:]}")


# ---- help ----

def test_help(folder):
    r = expect(0, None, "--help")
    check(b"usage: avocet encode" in r.stdout and len(r.stdout.splitlines()) < 45, "short help")
    for command in "encode decode info remux inspect play stream record".split():
        wide = [line for line in expect(0, None, "--help", command=command).stdout.decode().splitlines() if len(line) > 80]
        check(not wide, f"lines of {command} --help do not fit a terminal: {wide}")
    text = expect(0, None, "--help=all").stdout.decode()
    for name in ("preset tune profile level qp crf bitrate keyint min-keyint bframes ref cabac 8x8dct partitions direct weightp weightb "
                 "me subme merange trellis deblock cqm chroma-qp-offset slices aud repeat-headers sar colorprim frames seek threads cpu "
                 "recon psnr ssim json quiet size fps format").split():
        check(re.search(rf"^  --{name}\b", text, re.M), f"--{name} is not in the help")
    text = expect(0, None, "--help=presets").stdout.decode()
    for name in "ultrafast superfast veryfast faster fast medium slow slower veryslow placebo psnr ssim film animation grain stillimage screen fastdecode zerolatency".split():
        check(re.search(rf"^  {name} *:", text, re.M), f"{name} is not in the help")
    wide = [line for line in expect(0, None, "--help=all").stdout.decode().splitlines() if len(line) > 120 and "|" not in line]
    check(not wide, f"lines of the help are too long: {wide[:2]}")
    for name in "crf", "qp":
        told = re.search(rf"--{name} N .*?(\d+ to \d+)", r.stdout.decode())
        check(told and told.group(1) in expect(0, None, f"--help={name}").stdout.decode(), f"range of --{name} in the short help")
    check("usage" in expect(0, None, "--help", command=None).stdout.decode(), "help of the program")
    version = expect(0, None, "--version", command=None).stdout.decode()
    check(re.match(r"avocet \d+\.\d+\.\d+\n", version), f"version {version}")


def main():
    need_program()
    wanted = sys.argv[1:]
    for name, test in list(globals().items()):
        if name.startswith("test_") and (not wanted or name in wanted):
            with tempfile.TemporaryDirectory(prefix="avocet-cli-") as folder:
                try:
                    test(folder)
                except Exception as e:
                    check(False, f"{name}: {type(e).__name__}: {str(e)[:600]}")
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
