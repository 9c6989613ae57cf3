#!/usr/bin/env python3
"""Dark, flat, noisy and fading scenes made of clips, to look at with bench/look.py and bench/steady.py.

    bench/scenes.py --clips DIR -o FOLDER [--only NAME ...]

FOLDER/NAME.y4m is written for each row of SCENES whose clips are in DIR. Dark ones squeeze the contrast towards black; *_camera has noise
of its own on top, as a camera in the dark has. Noise and gradients are made from fixed seeds, so a scene is the same every time.
"""
import argparse
import os
import subprocess
import sys

CROP = "crop=640:368,"
DARK = "lutyuv=y=16+(val-16)*%s:u=128+(val-128)*%s:v=128+(val-128)*%s"
FADES = "fade=in:0:25,fade=out:60:25"

# (name, inputs: clips or a source of FFmpeg, filters)
SCENES = (
    ("dark_foreman", ["foreman_cif"], DARK % (0.2, 0.3, 0.3)),
    ("dark_camera", ["autumnstreet_720p"], CROP + DARK % (0.25, 0.35, 0.35) + ",noise=c0_seed=3:alls=4:allf=t"),
    ("dark_fade_in", ["bbb_intro_426x240"], "null"),
    ("flat_gradient", ["lavfi:gradients=s=640x368:r=25:d=4:c0=0x182030:c1=0x8090c0:x0=0:y0=0:x1=640:y1=368:speed=0.01:seed=7"], "null"),
    ("flat_sky", ["roof_1080p"], "crop=640:368:0:0"),
    ("noisy_foreman", ["foreman_cif"], "noise=c0_seed=5:alls=24:allf=t"),
    ("noisy_water", ["ducks_640x360"], "null"),
    ("fade_street", ["autumnstreet_720p"], CROP + FADES),
    ("fade_foreman", ["foreman_cif"], FADES),
    ("cross_fade", ["flower_cif", "foreman_cif"], "[0]settb=1/30[a];[1]settb=1/30[b];[a][b]xfade=fade:duration=1:offset=0.8"),
)


def words_of(inputs, clips):
    """The inputs for FFmpeg; None where a clip is missing."""
    words = []
    for one in inputs:
        source = one.partition("lavfi:")[2]
        path = os.path.join(clips, one + ".y4m")
        if not source and not os.path.exists(path):
            return None
        words += ["-f", "lavfi", "-i", source] if source else ["-i", path]
    return words


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", required=True)
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    os.makedirs(args.output, exist_ok=True)
    for name, inputs, filters in SCENES:
        if args.only and name not in args.only:
            continue
        words = words_of(inputs, args.clips)
        if not words:
            print("%s: no %s in %s" % (name, " or ".join(inputs), args.clips), file=sys.stderr)
            continue
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *words, "-filter_complex", filters, "-frames:v", str(args.frames),
                        "-pix_fmt", "yuv420p", os.path.join(args.output, name + ".y4m")], check=True)


if __name__ == "__main__":
    main()
