#!/usr/bin/env python3
"""The encoder for small machines (AVOCET_TINY): built with the sanitizers and without, its streams decoded by FFmpeg to its own
reconstruction, sample by sample, over sizes, formats and options; rate control; memory; errors.
Ends with "N passed, N failed"."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from tally import QUICK, T  # noqa: E402

FLAGS = ["-std=c11", "-DAVOCET_TINY=1", "-DAVO_THREADS=0", "-Wall", "-Wextra", "-Wshadow", "-Wvla", "-Wstrict-prototypes",
         "-Wmissing-prototypes", "-Werror", "-I%s" % (ROOT / "include"), "-I%s" % (ROOT / "src")]
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
FAST_RAM = 96 * 1024


def tiny_sources():
    folders = ["src/base", "src/dsp", "src/dsp/c", "src/h264", "src/enc/tiny"]
    return [p for folder in folders for p in sorted((ROOT / folder).glob("*.c"))] + [ROOT / "src/enc/convert.c"]


def run(*command, **more):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, **more)


def build(folder, name, *flags):
    program = folder / name
    compiler = os.environ.get("CC", "cc").split()
    done = run(*compiler, *FLAGS, *flags, *tiny_sources(), ROOT / "tests/tiny/tiny_encode.c", "-o", program)
    T.check(done.returncode == 0 and not done.stdout, "build of %s:\n%s" % (name, done.stdout.decode()[-3000:]))
    return program if done.returncode == 0 else None


# ---- pictures ----

def texture(width, height, seed):
    """Smooth shapes with detail: a sum of random steps along both axes, and noise."""
    rand = random.Random(seed)
    rows, row = [], [rand.randrange(60, 200) for _ in range(width)]
    for _ in range(height):
        row = [min(235, max(16, (v * 7 + row[x - 1]) // 8 + rand.randrange(-9, 10))) for x, v in enumerate(row)]
        rows.append(bytes(row))
    return rows


def window(rows, x, y, width, height):
    size_x, size_y = len(rows[0]), len(rows)
    out = []
    for j in range(height):
        row = rows[(y + j) % size_y]
        at = x % size_x
        out.append((row + row)[at:at + width])
    return b"".join(out)


def clip(width, height, count, seed, cut=None, speed=(3, 1), noise=0):
    """I420 pictures of a moving texture; another one from picture `cut` on."""
    rand, data = random.Random(seed), []
    planes = [texture(2 * width, 2 * height, seed + i) for i in range(4)]
    cw, ch = (width + 1) // 2, (height + 1) // 2
    for n in range(count):
        luma = planes[3 if cut is not None and n >= cut else 0]
        samples = window(luma, speed[0] * n, speed[1] * n, width, height)
        if noise:
            samples = bytes(min(255, max(0, v + rand.randrange(-noise, noise + 1))) for v in samples)
        data += [samples, window(planes[1], speed[0] * n // 2, n // 2, cw, ch), window(planes[2], n // 2, n, cw, ch)]
    return b"".join(data)


# ---- streams ----

def encode(program, folder, data, size, *options):
    source, stream, recon = folder / "in.raw", folder / "out.264", folder / "recon.yuv"
    source.write_bytes(data)
    done = run(program, source, size, stream, "--recon", recon, "--verbose", *options)
    if done.returncode:
        return None, None, done.stdout.decode(errors="replace")
    return stream.read_bytes(), recon.read_bytes(), done.stdout.decode()


def decode(folder, stream):
    path, out = folder / "check.264", folder / "check.yuv"
    path.write_bytes(stream)
    done = run("ffmpeg", "-v", "warning", "-flags", "unaligned", "-i", path, "-fps_mode", "passthrough", "-f", "rawvideo", "-y", out,
               stdin=subprocess.DEVNULL)
    return out.read_bytes() if out.exists() else b"", done.stdout.decode()


def check_match(programs, folder, data, size, *options):
    """Same bytes from all builds, and FFmpeg's pictures are the reconstruction."""
    name = "%s %s" % (size, " ".join(options))
    streams = [encode(p, folder, data, size, *options) for p in programs]
    if streams[0][0] is None:
        T.check(False, "%s: %s" % (name, streams[0][2][-1500:]))
        return None
    T.check(all(s[0] == streams[0][0] for s in streams), name + ": builds differ")
    if shutil.which("ffmpeg"):
        pictures, said = decode(folder, streams[0][0])
        T.check(pictures == streams[0][1] and not said, "%s: FFmpeg decodes something else %s" % (name, said[-400:]))
    return streams[0]


MATRIX = [
    ("16x16", 4, ["qp=20"]),
    ("64x48", 12, ["qp=10"]),
    ("64x48", 12, ["qp=30", "keyint=5", "aud=1", "container=annexb"]),
    ("64x48", 12, ["qp=51", "keyint=infinite", "deblock=off"]),
    ("64x48", 12, ["crf=33", "deblock=-3:4", "repeat-headers=0", "keyint=4", "sar=4:3"]),
    ("96x80", 12, ["qp=24", "subme=0"]),
    ("96x80", 12, ["qp=24", "subme=2", "keyint=6"]),
    ("80x176", 10, ["bitrate=60k", "fps=10", "keyint=10", "qpmin=20", "qpmax=40"]),
    ("176x144", 16, ["bitrate=100k", "fps=15", "keyint=15"]),
    ("176x144", 10, ["bitrate=10k", "fps=30000/1001"]),
    ("176x144", 10, ["bitrate=9M", "fps=15", "level=4.1", "range=pc"]),
    ("18x34", 8, ["qp=24"]),
    ("33x21", 6, ["qp=24"]),
    ("320x16", 6, ["qp=26"]),
    ("16x240", 6, ["qp=26"]),
]


def check_matrix(programs, folder):
    for seed, (size, count, options) in enumerate(MATRIX):
        width, height = (int(v) for v in size.split("x"))
        for speed, noise in (((3, 1), 0), ((-17, 9), 0), ((0, 0), 2)):
            if QUICK and (seed + noise) % 3:
                continue
            data = clip(width, height, count, seed, cut=count // 2, speed=speed, noise=noise)
            check_match(programs, folder, data, size, *options)


def check_noise(programs, folder):
    """Macroblocks beyond 3200 bits, and packets that fill up."""
    rand = random.Random(5)
    data = rand.randbytes(64 * 64 * 3 // 2 * 6)
    for options in (["qp=10"], ["bitrate=1M", "fps=30"], ["bitrate=20k", "fps=30"]):
        made = check_match(programs, folder, data, "64x64", *options)
        if made:
            sizes = [int(v) for v in re.findall(r"^\d+ [IP] (\d+)", made[2], re.M)]
            T.check(len(sizes) == 6, "noise: pictures are missing")


def check_formats(programs, folder):
    """Pictures of several formats in turn, each converted on its own."""
    width, height = 48, 32
    rand = random.Random(8)
    sizes = {"i420": width * height * 3 // 2, "gray8": width * height, "rgb565": 2 * width * height,
             "yuyv": 2 * width * height, "nv12": width * height * 3 // 2, "bgra": 4 * width * height}
    for turn in ("rgb565,gray8", "yuyv,i420,bgra", "nv12,rgb565,yuyv"):
        pictures = [bytes(rand.randrange(90, 140) for _ in range(sizes[turn.split(",")[n % len(turn.split(","))]]))
                    for n in range(6)]
        made = check_match(programs, folder, b"".join(pictures), "48x32", "--formats", turn, "qp=22", "keyint=100")
        if made:
            kinds = re.findall(r"^\d+ ([IP])", made[2], re.M)
            T.check(kinds == ["I"] + ["P"] * 5, "%s: a change of format made a keyframe: %s" % (turn, kinds))


def check_rate(program, folder):
    """Seconds within 10 % of the rate, never above qpmax, settled three pictures after a cut."""
    count, fps, rate = (60 if QUICK else 90), 15, 250000
    data = clip(160, 120, count, 11, cut=34, noise=3)
    stream, _, said = encode(program, folder, data, "160x120", "bitrate=%db" % rate, "fps=15", "keyint=15", "qpmax=44")
    T.check(stream is not None, "rate: " + said)
    if stream is None:
        return
    pictures = [(kind, 8 * int(size), int(qp)) for kind, size, qp in re.findall(r"^\d+ ([IP]) (\d+) QP (\d+)", said, re.M)]
    seconds = [sum(bits for _, bits, _ in pictures[n:n + fps]) / rate for n in range(fps, count - fps + 1, fps)]
    calm = [s for n, s in enumerate(seconds, 1) if not n * fps <= 34 < (n + 1) * fps]
    T.check(all(0.9 <= s <= 1.1 for s in calm), "rate: seconds take %s of what is due" % seconds)
    T.check(max(qp for _, _, qp in pictures) <= 44, "rate: QP above qpmax")
    after = [bits for _, bits, _ in pictures[37:43]]
    T.check(max(after) <= 3 * rate / fps, "rate: pictures after the cut take %s bits" % after)


def check_memory(program, folder):
    """What QVGA takes besides the reference picture and the packet."""
    data = bytes(320 * 240 * 3 // 2)
    _, _, said = encode(program, folder, data, "320x240", "bitrate=500k", "fps=15", "keyint=15")
    total = int(re.search(r"(\d+) bytes of memory", said).group(1))
    picture, packet = 320 * 240 * 3 // 2, 4 * 500000 // 8 // 15 + 2048
    T.check(total - picture - packet <= FAST_RAM, "memory: %d bytes besides the reference and the packet" % (total - picture - packet))


def check_errors(program, folder):
    data = bytes(64 * 48 * 3 // 2)
    for options, words in ((["size=8x8"], "outside"), (["bframes=2"], 'no option "bframes"'), (["qpmin=40", "qpmax=30"], "above qpmax"),
                           (["qp=99"], "qp"), (["bitrate=5000000k"], "bitrate"), (["level=1", "fps=1000"], "exceeded"), (["fps=0"], "fps"),
                           (["deblock=9:9"], "deblock"), (["subme=3"], "subme"), (["qpmax=5", "qpmin=0"], "lowest QP")):
        stream, _, said = encode(program, folder, data, "64x48", *options)
        T.check(stream is None and words in said and "Sanitizer" not in said, "%s: %s" % (options, said))
    stream, _, said = encode(program, folder, data, "64x48", "bitrate=10000000b")
    T.check(stream is not None, "bitrate=10000000b: " + said)


def main():
    with tempfile.TemporaryDirectory(prefix="avocet-tiny-") as name:
        folder = Path(name)
        checked = build(folder, "sanitized", *SANITIZE)
        if checked is None and run(*os.environ.get("CC", "cc").split(), "-fsanitize=address", "-xc", "/dev/null").returncode:
            print("SKIPPED: no sanitizers here")
            checked = build(folder, "sanitized", "-O1")
        fast = build(folder, "fast", "-O2", "-DNDEBUG")
        if checked and fast:
            if not shutil.which("ffmpeg"):
                print("SKIPPED: comparison with FFmpeg, which is not installed")
            check_matrix([checked, fast], folder)
            check_noise([checked, fast], folder)
            check_formats([checked, fast], folder)
            check_rate(fast, folder)
            check_memory(fast, folder)
            check_errors(checked, folder)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
