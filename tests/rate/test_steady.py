#!/usr/bin/env python3
"""Quality is even around keyframes within a scene (default tune), in each mode of rate control.

The step at a picture is the mean PSNR of the four from it on less that of the four before it; 95 of 100 such steps between
pictures away from keyframes are smaller than what is usual in the stream. Those at keyframes must be within that on the mean, or
within VISIBLE dB, which nobody sees, and none may be larger than both together, as the clip changes there, too. The same holds
for single pictures. An average rate without a first pass moves quality by itself, at keyframes and elsewhere: there the mean of
the keyframes' steps counts, from when the rate is found. Without --steady quality must move more at keyframes, or the option does
nothing.
"""
import os
import re

import rate

WINDOW = 4
VISIBLE = 0.5
KEYINT, FRAMES = 30, 240
SETTLED = 100  # pictures until the base of an average rate has been found


def camera(name, x, y):
    """A textured picture under a moving crop, with noise that is new in each picture."""
    path = os.path.join(rate.FOLDER, name + ".y4m")
    rate.clips.ffmpeg("-f", "lavfi", "-i", "mandelbrot=size=480x400:rate=25:start_scale=0.8", "-vf",
                      f"trim=end_frame=1,loop=loop=-1:size=1,setpts=N/25/TB,crop=320:240:x='{x}':y='{y}',"
                      "noise=alls=6:allf=t:all_seed=1,format=yuv420p", "-frames:v", str(FRAMES), path)
    return path


def curve(clip, options):
    """PSNR of the pictures in the order of display, and where keyframes are."""
    out = os.path.join(rate.FOLDER, "steady.264")
    said = rate.run(["encode", clip, "-o", out, "--verbose", "--psnr", "--no-progress", "--preset", "veryfast", "--frames", str(FRAMES),
                     "--keyint", str(KEYINT), "--no-scenecut", *options]).stderr
    rows = sorted((int(pts), kind, float(db)) for kind, pts, db in re.findall(r"^(\w+) +pts +(\d+).*PSNR Y +([\d.]+)", said, re.M))
    keys = [n for n, row in enumerate(rows) if n and row[1] == "IDR"]
    rate.check(len(rows) == FRAMES and len(keys) == (FRAMES - 1) // KEYINT, f"{clip}: {len(rows)} pictures, keyframes at {keys}")
    return [db for _, _, db in rows], keys


def steps(psnr, keys, window, start=0):
    """Steps at keyframes, and what is usual elsewhere; what the clip does by itself is taken off."""
    found = {n: (sum(psnr[n:n + window]) - sum(psnr[n - window:n])) / window
             for n in range(max(start, window), len(psnr) - window + 1)}
    median = sorted(found.values())[len(found) // 2]
    others = sorted(abs(step - median) for n, step in found.items() if all(abs(n - k) >= window for k in keys))
    return [found[k] - median for k in keys if k in found], others[len(others) * 95 // 100]


def mean(values):
    return sum(values) / len(values)


def check_curve(name, psnr, keys, start=0):
    for window in (WINDOW,) if start else (WINDOW, 1):
        at, usual = steps(psnr, keys, window, start)
        rate.check(abs(mean(at)) <= max(usual, VISIBLE) and (start or max(map(abs, at)) <= usual + VISIBLE),
                   f"{name}: PSNR moves by {' '.join(f'{v:+.2f}' for v in at)} dB at keyframes, by {usual:.2f} elsewhere (means of {window})")


def two_pass(clip, bitrate):
    options = ["--stats", os.path.join(rate.FOLDER, "steady.stats"), "--bitrate", bitrate]
    curve(clip, ["--pass", "1", *options])
    return curve(clip, ["--pass", "2", *options])


def test_clip(name, clip, bitrate):
    psnr, keys = curve(clip, ["--crf", "26"])
    check_curve(name + " crf", psnr, keys)
    even, uneven = (mean(steps(*c, 1)[0]) for c in ((psnr, keys), curve(clip, ["--crf", "26", "--no-steady"])))
    rate.check(even < uneven - 0.5, f"{name}: {even:.2f} dB at keyframes, {uneven:.2f} without --steady")
    check_curve(name + " two-pass", *two_pass(clip, bitrate))
    check_curve(name + " average", *curve(clip, ["--bitrate", bitrate]), SETTLED)


def test_chains(name, clip):
    """Without importance or B pictures a keyframe takes the place of a fine P picture: no jump sticks out."""
    for options in (["--preset", "ultrafast"], ["--tune", "zerolatency"]):
        at, usual = steps(*curve(clip, ["--crf", "26", *options]), 1)
        rate.check(max(map(abs, at)) <= max(usual, VISIBLE),
                   f"{name} {' '.join(options)}: {' '.join(f'{v:+.2f}' for v in at)} dB at keyframes, by {usual:.2f} elsewhere")


def main():
    pan, still = camera("pan", "40+30*sin(t)", "20+8*t"), camera("still", "64", "64")
    test_clip("pan", pan, "700")
    test_clip("still", still, "400")
    test_chains("pan", pan)
    test_chains("still", still)
    for name, bitrate in (("akiyo_qcif", "40"), ("ducks_640x360", "300")):
        clip = None if rate.QUICK else rate.real(name, 176, 144, FRAMES)
        if clip:
            test_clip(name, clip, bitrate)
    rate.finish()


main()
