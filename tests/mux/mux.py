"""What the container tests share: counting checks, running the program and the tools of others, their answers as numbers."""
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, QUICK, ROOT, T, check, need_program, skip  # noqa: E402,F401

FAST = ["--preset", "ultrafast", "--quiet"]


def has(tool):
    return shutil.which(tool) is not None


def run(*words, status=0, timeout=180, **more):
    """Runs a program; a status other than the expected one (None: any) is a failed check."""
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, **more)
    if status is not None and done.returncode != status:
        T.check(False, f"exit {done.returncode}, not {status}: {' '.join(map(str, words))}\n{done.stderr.decode(errors='replace')[-600:]}")
    return done


def avocet(*words, **more):
    return run(AVOCET, *words, **more)


def can_lavf():
    return b"(libavformat): yes" in avocet("--version").stdout


def encode_listed(*words):
    """Encodes; returns the encoder's own list of (pts, dts, keyframe, bytes) in coding order."""
    done = avocet("encode", *words, "--preset", "ultrafast", "--verbose")
    found = re.findall(rb"^(\w+) +pts +(-?\d+) dts +(-?\d+) qp +\d+ +(\d+) bytes", done.stderr, re.M)
    return [(int(p), int(d), t == b"IDR", int(n)) for t, p, d, n in found]


# ---- ffprobe ----

def probe(name, *more):
    done = run("ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "flat", *more, name)
    T.check(not done.stderr.strip(), f"ffprobe says of {name}: {done.stderr.decode()[:300]}")
    pairs = {}
    for line in done.stdout.decode().splitlines():
        key, _, value = line.partition("=")
        pairs[key.replace("streams.stream.0.", "").replace("format.", "format_")] = value.strip('"')
    return pairs


def probe_packets(name):
    """[(pts, dts, keyframe)] in units of the stream's time base."""
    done = run("ffprobe", "-v", "error", "-show_entries", "packet=pts,dts,flags", "-of", "csv=p=0", name)
    out = []
    for line in done.stdout.decode().split():
        pts, dts, flags = line.split(",")[:3]
        out.append((int(pts) if pts != "N/A" else None, int(dts) if dts != "N/A" else None, "K" in flags))
    return out


def frame_md5(name, *options):
    """One checksum per decoded picture, in the order shown."""
    done = run("ffmpeg", "-v", "warning", *options, "-i", name, "-fps_mode", "passthrough", "-f", "framemd5", "-")
    T.check(not done.stderr.strip(), f"ffmpeg says of {name}: {done.stderr.decode()[:300]}")
    return [line.split()[-1] for line in done.stdout.decode().splitlines() if not line.startswith("#")]


def seconds(text):
    return Fraction(text) if text not in ("N/A", "") else None


# ---- GStreamer ----

def gst_time(text):
    h, m, s = text.split(":")
    return int(h) * 3600 * 10**9 + int(m) * 60 * 10**9 + round(Fraction(s) * 10**9)


def gst_packets(name, demuxer="qtdemux"):
    """[(pts, dts, keyframe)] in nanoseconds, pts and dts as shown (the start of the segment taken off)."""
    done = run("gst-launch-1.0", "-v", "filesrc", f"location={name}", "!", demuxer, "!", "video/x-h264", "!", "identity",
               "silent=false", "!", "fakesink", env={**os.environ, "LC_ALL": "C"})
    T.check(b"ERROR" not in done.stderr, done.stderr.decode()[:300])
    out, start = [], 0
    for line in done.stdout.decode(errors="replace").splitlines():
        segment = re.search(r"type: segment.*?start=(?:\(guint64\)\s*)?(\d+)", line)
        if segment:
            start = int(segment.group(1))
        found = re.search(r"chain.*\((\d+) bytes, dts: ([\d:.]+|none), pts: ([\d:.]+|none),.*flags: (\w+)", line)
        if found:
            dts, pts = (gst_time(found.group(i)) - start if found.group(i) != "none" else None for i in (2, 3))
            out.append((pts, dts, not int(found.group(4), 16) & 0x2000))
    return out
