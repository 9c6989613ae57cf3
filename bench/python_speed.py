#!/usr/bin/env python3
"""How fast package h264 encodes the generated scene of examples/pc, and what Python adds to it.

    python3 bench/python_speed.py            with package h264 installed
"""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "pc"))
import image  # noqa: E402
import scene  # noqa: E402

import h264  # noqa: E402

SIZES = (("QVGA", 320, 240), ("VGA", 640, 480), ("HD", 1280, 720), ("FHD", 1920, 1080))


def frames_per_second(width, height, preset, threads):
    source = scene.Scene(width, height, image.RGB565)
    pictures = [source.read() for _ in range(12)]
    with h264.H264Encoder(width, height, fps=30, bitrate=width * height * 3, preset=preset, threads=threads,
                          format="rgb565le") as enc:
        enc.encode(pictures[0])
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < 1.5:
            enc.encode(pictures[count % 12])
            count += 1
        return count / (time.perf_counter() - start)


def microseconds_around():
    """Of a call that has almost nothing to encode."""
    picture = bytes(16 * 16 * 3 // 2)
    with h264.H264Encoder(16, 16, preset="ultrafast") as enc:
        start = time.perf_counter()
        for _ in range(5000):
            enc.encode(picture)
        return (time.perf_counter() - start) / 5000 * 1e6


def main():
    print("frames per second, RGB565 in, %d processors" % os.cpu_count())
    print("%-12s" % "" + "".join("%12s" % name for name, _, _ in SIZES))
    for preset, threads in (("ultrafast", 1), ("veryfast", 1), ("veryfast", 0)):
        rates = "".join("%12.0f" % frames_per_second(width, height, preset, threads) for _, width, height in SIZES)
        print("%-12s%s  %s" % (preset, rates, "one thread" if threads else "all processors"))
    print("a whole call for 16x16: %.0f microseconds" % microseconds_around())


if __name__ == "__main__":
    main()
