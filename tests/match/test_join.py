#!/usr/bin/env python3
"""Joining a stream at a recovery point: with intra refresh there is no keyframe to wait for.

A stream is cut in front of a picture with a recovery point SEI message (D.2.8). FFmpeg, which has then seen nothing of what was
before, must show from the end of the sweep on what it shows of the whole stream, sample for sample; and before it something
else, or the cut was no test.
"""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, QUICK, T, check  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stream import PPS, SEI, SPS, access_units  # noqa: E402

WIDTH, HEIGHT, PICTURES, SWEEP = 176, 144, 40, 9
SEI_RECOVERY_POINT = 6
SETTINGS = [
    "--preset veryfast",
    "--preset medium --ref 4 --crf 18",
    "--preset ultrafast --bitrate 300",
    "--preset slow --weightp 2 --slices 2",
    "--profile baseline --threads 3",
]


def to_bytes(units):
    return b"".join(b"\0\0\0\1" + bytes([ref_idc << 5 | kind]) + payload for kind, ref_idc, payload in units)


def is_recovery_point(picture):
    return any(kind == SEI and payload[0] == SEI_RECOVERY_POINT for kind, _, payload in picture)


def decode(stream):
    command = ["ffmpeg", "-v", "error", "-flags", "output_corrupt", "-flags2", "showall", "-f", "h264", "-i", "-",
               "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    data = subprocess.run(command, input=stream, capture_output=True, check=True, timeout=60).stdout
    size = WIDTH * HEIGHT * 3 // 2
    return [data[i:i + size] for i in range(0, len(data), size)]


def test_join(folder, settings):
    path = os.path.join(folder, "refresh.264")
    subprocess.run([AVOCET, "encode", "testsrc", "--size", "%dx%d" % (WIDTH, HEIGHT), "--frames", str(PICTURES), "--quiet",
                    "--tune", "zerolatency", "--intra-refresh", "--keyint", str(SWEEP), *settings.split(), "-o", path],
                   check=True, timeout=60)
    with open(path, "rb") as f:
        pictures = access_units(f.read())
    whole = decode(b"".join(map(to_bytes, pictures)))
    check(len(whole) == len(pictures) == PICTURES, "%s: %d pictures" % (settings, len(whole)))
    parameter_sets = to_bytes(unit for unit in pictures[0] if unit[0] in (SPS, PPS))
    points = [n for n in range(2, PICTURES - SWEEP) if is_recovery_point(pictures[n])]
    check(len(points) >= 2, "%s: recovery points %s" % (settings, points))
    missing = 0
    for n in points:
        joined = decode(parameter_sets + b"".join(map(to_bytes, pictures[n:])))
        check(len(joined) == PICTURES - n, "%s: joined at %d: %d pictures" % (settings, n, len(joined)))
        same = [a == b for a, b in zip(joined, whole[n:])]
        check(all(same[SWEEP - 1:]), "%s: joined at %d, wrong after the sweep: %s" %
              (settings, n, [n + i for i in range(SWEEP - 1, len(same)) if not same[i]]))
        missing += not all(same[:SWEEP - 1])
    check(missing > 0, "%s: nothing was missing after any cut" % settings)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for settings in SETTINGS[:2] if QUICK else SETTINGS:
            test_join(folder, settings)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
