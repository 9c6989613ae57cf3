#!/usr/bin/env python3
"""Joining a stream at a recovery point: with intra refresh there is no keyframe to wait for.

A stream is cut in front of a picture with a recovery point SEI message (D.2.8). FFmpeg, which has then seen nothing of what was
before, must show from the end of the sweep on what it shows of the whole stream, sample for sample; and before it something
else, or the cut was no test.
"""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, QUICK, T, check  # noqa: E402

WIDTH, HEIGHT, PICTURES, SWEEP = 176, 144, 40, 9
NAL_SLICES, NAL_SEI, NAL_SPS, NAL_PPS = (1, 5), 6, 7, 8
SEI_RECOVERY_POINT = 6
SETTINGS = [
    "--preset veryfast",
    "--preset medium --ref 4 --crf 18",
    "--preset ultrafast --bitrate 300",
    "--preset slow --weightp 2 --slices 2",
    "--profile baseline --threads 3",
]


def split(stream):
    """Type and bytes of each NAL unit, start code included."""
    starts = [m.start() for m in re.finditer(b"\x00\x00\x01", stream)] + [len(stream)]
    return [(stream[a + 3] & 31, stream[a:b]) for a, b in zip(starts, starts[1:])]


def recovery_points(units):
    """Indexes of the units at which an access unit with such a message begins, by number of its picture."""
    found, picture, begin = {}, 0, 0
    for i, (kind, unit) in enumerate(units):
        if kind in NAL_SLICES:
            if unit[4] & 0x80:  # first_mb_in_slice 0
                if any(k == NAL_SEI and u[4] == SEI_RECOVERY_POINT for k, u in units[begin:i]):
                    found[picture] = begin
                picture += 1
            begin = i + 1
    return found


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
        units = split(f.read())
    whole = decode(b"".join(unit for _, unit in units))
    check(len(whole) == PICTURES, "%s: %d pictures" % (settings, len(whole)))
    parameter_sets = b"".join(unit for kind, unit in units if kind in (NAL_SPS, NAL_PPS))
    points = {n: at for n, at in recovery_points(units).items() if 1 < n < PICTURES - SWEEP}
    check(len(points) >= 2, "%s: recovery points %s" % (settings, sorted(points)))
    missing = 0
    for n, at in points.items():
        joined = decode(parameter_sets + b"".join(unit for _, unit in units[at:]))
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
