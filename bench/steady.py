#!/usr/bin/env python3
"""Is quality steady from picture to picture, above all around keyframes? Avocet beside x264 at equal size of stream.

    bench/steady.py CLIP.y4m... [-o FOLDER] [--preset medium] [--crf 27] [--keyint 30] [--frames 120]
                    [--mode crf|average|two-pass] [--fold] [--markdown] [--avocet PROGRAM] [options of avocet encode]

Both encode as users run them (no tune). x264 has the quality given; for Avocet that is searched which gives as many bytes, or
these bytes are the bit rate that it is asked for. FFmpeg decodes both. Keyframes are those within a scene, keyint pictures after
the one before; at cuts quality may jump. Printed are, for x264 / Avocet:

    spread     deviation of PSNR from its mean over the 2 * WINDOW + 1 pictures around, dB: what is usual within the clip
    key        mean PSNR of the WINDOW pictures from a keyframe on less that of the WINDOW pictures before it, dB, the
               mean of the keyframes; the median of such steps at all pictures is taken off, as a clip may change by itself
    usual      95 of 100 such steps between pictures that are no keyframes are smaller: a keyframe within it cannot be told
    beyond     keyframes beyond what is usual, or, where that is less, beyond VISIBLE dB
    jump       PSNR of a keyframe less that of the picture before it, dB, the mean, median taken off as above
    common     95 of 100 such jumps between pictures that are no keyframes are smaller
    pop        the error image of a keyframe less that of the picture before it, against the mean of such changes
               elsewhere in the stream (root of the mean square; 1: no more than between other pictures)
    detail     deviation, from picture to picture, of the share of the source's fine detail that is left (energy of a
               Laplacian), in percent: whether sharpness pumps
    flicker    changes of the error image from picture to picture, blurred over 8x8 samples (what the eye sees of a block),
               where the source rests, in steps of luma: what seems to move there and does not; - where little rests

The last line counts the keyframes beyond what is usual, of all clips. With --fold, clips shorter than --frames run forwards and
backwards in turn, so that they have keyframes without a cut. With -o a curve of PSNR and one of the share of detail is written
for each clip, with keyframes. Needs python3-numpy and python3-pil.
"""
import argparse
import fractions
import os
import subprocess
import tempfile

import numpy

import look

WINDOW = 4
VISIBLE = 0.5     # dB: nobody sees less
REST = 3          # luma steps: a block of the source whose samples change by no more rests
REST_SHARE = 0.05  # of the picture at least, to speak of it
COLUMNS = ("PSNR", "spread", "key", "usual", "beyond", "jump", "common", "pop", "detail", "flicker")


def steps_of(curve, window):
    """curve[n]: mean of `window` from n on less mean of as many before n, the median taken off; nan near the ends."""
    out = numpy.full(len(curve), numpy.nan)
    for n in range(window, len(curve) - window + 1):
        out[n] = numpy.mean(curve[n:n + window]) - numpy.mean(curve[n - window:n])
    return out - numpy.nanmedian(out)


def at_keys(curve, planned, keys, window):
    """Steps at planned keyframes, and what 95 of 100 steps away from any keyframe stay below."""
    step = steps_of(curve, window)
    at = [step[k] for k in planned if not numpy.isnan(step[k])]
    others = [abs(s) for n, s in enumerate(step) if not numpy.isnan(s) and not any(abs(n - k) < window for k in keys)]
    return at, numpy.percentile(others, 95) if others else numpy.nan


def around(curve):
    """Mean over the pictures around each."""
    return numpy.array([numpy.mean(curve[max(0, n - WINDOW):n + WINDOW + 1]) for n in range(len(curve))])


def measure(source, decoded):
    """By picture: PSNR, share of detail, change of the error since the picture before, blurred change where all rests."""
    out = {name: [] for name in ("psnr", "detail", "change", "flicker")}
    before = None
    for a, b in zip(source, decoded):
        a, b = a.astype(numpy.float64), b.astype(numpy.float64)
        error = b - a
        out["psnr"].append(look.psnr(a, b))
        out["detail"].append(100 * look.detail(b).sum() / max(look.detail(a).sum(), 1e-9))
        if before is not None:
            change = error - before[1]
            rests = numpy.abs(look.blocks(a - before[0])).max(-1) <= REST
            blurred = look.blocks(change).mean(-1)
            out["change"].append(numpy.sqrt(numpy.mean(change ** 2)))
            out["flicker"].append((numpy.sum(blurred[rests] ** 2), rests.sum(), rests.size))
        before = a, error
    return out


def mean(values):
    return numpy.mean(values) if len(values) else numpy.nan


def summary(m, keys, keyint):
    curve, detail = numpy.array(m["psnr"]), numpy.array(m["detail"])
    planned = [k for before, k in zip(keys, keys[1:]) if k - before == keyint and k < len(curve)]
    step, usual = at_keys(curve, planned, keys, WINDOW)
    jump, common = at_keys(curve, planned, keys, 1)
    change = numpy.array([0.0, *m["change"]])
    others = [n for n in range(1, len(curve)) if not any(abs(n - k) < WINDOW for k in keys)]
    rest, count, size = (sum(f[i] for f in m["flicker"]) for i in range(3))
    return {"PSNR": curve.mean(), "spread": numpy.std(curve - around(curve)), "key": mean(step), "usual": usual,
            "beyond": Share(sum(abs(s) > max(usual, VISIBLE) for s in step), len(step)), "jump": mean(jump),
            "common": common, "pop": mean(change[planned]) / mean(change[others]), "detail": numpy.std(numpy.diff(detail)),
            "flicker": numpy.sqrt(rest / count) if count > REST_SHARE * size else numpy.nan}


class Share(tuple):
    """So many of so many."""

    def __new__(cls, part, whole):
        return super().__new__(cls, (int(part), whole))

    def __add__(self, other):
        return Share(self[0] + other[0], self[1] + other[1])

    def __str__(self):
        return "%d of %d" % self


def number(value):
    return str(value) if isinstance(value, Share) else "-" if numpy.isnan(value) else "%.2f" % value


def encode_average(args, path, wanted, two_pass):
    """Avocet at the bit rate of so many bytes; the size."""
    pictures = len(look.decode(args.clip, args.frames)[0])
    rate = ["--bitrate", "%.2f" % (wanted * 8 * fps_of(args.clip) / pictures / 1000)]
    words = [args.avocet, "encode", args.clip, "--quiet", "--preset", args.preset, "--keyint", args.keyint, "--frames", args.frames,
             *rate, *args.more, "-o", path]
    for number_of_pass in ("1", "2") if two_pass else ():
        look.run(words + ["--pass", number_of_pass, "--stats", path + ".stats"])
    if not two_pass:
        look.run(words)
    return os.path.getsize(path)


def fps_of(clip):
    told = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=r_frame_rate", "-of", "csv=p=0",
                           clip], check=True, capture_output=True, text=True).stdout
    return float(fractions.Fraction(told.strip()))


def folded(clip, frames, folder):
    """The clip forwards, backwards, forwards, ... if it is shorter than that."""
    path = os.path.join(folder, "folded.y4m")
    with open(clip, "rb") as f:
        head = f.readline()
        tags = {t[:1]: t[1:] for t in head.split()[1:]}
        width, height = int(tags[b"W"]), int(tags[b"H"])
        size = len(b"FRAME\n") + width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
        pictures = []
        while len(pictures) < frames and len(picture := f.read(size)) == size:
            pictures.append(picture)
    if not b"420" in tags.get(b"C", b"420") or len(pictures) in (1, frames):
        return clip
    with open(path, "wb") as f:
        f.write(head)
        turn = 2 * (len(pictures) - 1)
        f.writelines(pictures[min(n % turn, turn - n % turn)] for n in range(frames))
    return path


def run_clip(args, clip, folder):
    """Prints the clip's row; keyframes beyond what is usual."""
    args.clip = folded(clip, args.frames, folder) if args.fold else clip
    name = os.path.splitext(os.path.basename(clip))[0]
    paths = [os.path.join(folder, n + ".264") for n in look.NAMES]
    wanted = look.encode_x264(args, paths[0])
    if args.mode == "crf":
        look.match_size(args, paths[1], wanted)
    else:
        encode_average(args, paths[1], wanted, args.mode == "two-pass")
    source, width, height = look.decode(args.clip, args.frames)
    luma = [p[:, :width * height].reshape(-1, height, width)
            for p in (source, *(look.decode(p, args.frames, width, height)[0] for p in paths))]
    keys = [look.keyframes(p) for p in paths]
    measured = [measure(luma[0], other) for other in luma[1:]]
    if args.output:
        for what, unit in (("psnr", "luma PSNR"), ("detail", "detail left, %")):
            look.write_curves(os.path.join(args.output, "%s_%s.svg" % (name, what)), [m[what] for m in measured], keys, unit)
    told = [summary(m, k, args.keyint) for m, k in zip(measured, keys)]
    cells = [" / ".join(number(t[column]) for t in told) for column in COLUMNS]
    if args.markdown:
        print("| %s | %s |" % (name, " | ".join(cells)), flush=True)
    else:
        print("%-20s %s" % (name, "  ".join("%s %s" % cell for cell in zip(COLUMNS, cells))), flush=True)
    return [t["beyond"] for t in told]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", metavar="CLIP.y4m")
    parser.add_argument("-o", "--output")
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--crf", type=float, default=27)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--keyint", type=int, default=30)
    parser.add_argument("--mode", choices=("crf", "average", "two-pass"), default="crf")
    parser.add_argument("--fold", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="rows of a table")
    parser.add_argument("--avocet", default=os.environ.get("AVOCET", os.path.join(look.ROOT, "build", "avocet")))
    args, args.more = parser.parse_known_args()
    look.check_tools()
    if args.output:
        os.makedirs(args.output, exist_ok=True)
    if args.markdown:
        print("| clip | %s |\n| --- |%s" % (" | ".join(COLUMNS), " ---: |" * len(COLUMNS)))
    with tempfile.TemporaryDirectory() as folder:
        beyond = [run_clip(args, clip, folder) for clip in args.clips]
    totals = [sum(shares, Share(0, 0)) for shares in zip(*beyond)]
    print("\nkeyframes beyond what is usual: %s" % ", ".join("%s %s" % pair for pair in zip(look.NAMES, totals)))


if __name__ == "__main__":
    main()
