#!/usr/bin/env python3
"""Pictures of Avocet and x264 side by side, at equal size of stream, as users run them (no tune).

    bench/look.py CLIP.y4m -o FOLDER [--preset medium] [--crf 27] [--frames 90] [--keyint 250]
                  [--at N ... | --around-key N]
                  [--crop X,Y,W,H] [--zoom 2] [--gain 1] [--markdown] [--avocet PROGRAM]
                  [options of avocet encode]

x264 encodes at the quality given; for Avocet the quality is searched that gives as many bytes. FFmpeg decodes both. Written are
FOLDER/CLIP.png, rows of source, x264 and Avocet for each picture of --at (by default those where one of them does worst
against the other, the first and one in the middle; with --around-key N those up to N before and behind the first keyframe
within the clip; --gain makes dark ones visible), and FOLDER/CLIP.svg, PSNR of every
picture, with keyframes. Printed are, for each:

    PSNR       luma, mean of pictures, and the worst picture; above 60 dB counts as 60
    SSIM       luma, mean, windows of 8x8
    flicker    standard deviation of PSNR from one picture to the next, in dB: pumping
    texture    share of the source's fine detail that is left (energy of a Laplacian), in flat parts (variance of a block of
               8x8 below 30: noise, gradients) and in the rest. Above 1: added
    steps      edges on the grid of 8x8 blocks against those inside the blocks, in flat parts, divided by the source's: blocking
    trail      mean error of resting blocks (no sample changes by more than 2) beside moving ones: ghosts

Needs python3-numpy and python3-pil.
"""
import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile

try:
    import numpy
    from PIL import Image, ImageDraw
except ImportError as error:
    sys.exit("%s (Debian: python3-numpy python3-pil)" % error)

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NAMES = "x264", "Avocet"
DIGITS = {"PSNR": 2, "worst": 2, "SSIM": 4, "flicker": 2, "flat texture": 2, "texture": 2, "steps": 2, "trail": 2}


# ---- streams ----

def run(words):
    subprocess.run([str(w) for w in words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def encode_x264(args, out):
    run(["x264", "--quiet", "--preset", args.preset, "--crf", args.crf, "--keyint", args.keyint, "--frames", args.frames,
         "--threads", 1, "-o", out, args.clip])
    return os.path.getsize(out)


def encode_avocet(args, out, crf):
    run([args.avocet, "encode", args.clip, "--quiet", "--preset", args.preset, "--crf", crf, "--keyint", args.keyint,
         "--frames", args.frames, *args.more, "-o", out])
    return os.path.getsize(out)


def match_size(args, out, wanted):
    """The quality of as many bytes, to 1 %: bytes halve about every six steps (noise: every step), then as the tries so far say."""
    crf, above, below = args.crf, None, None  # (crf, how many times too many bytes, log2) on either side of what is wanted
    for _ in range(12):
        size = encode_avocet(args, out, crf)
        off = math.log2(size / wanted)
        if abs(off) < 0.014:
            break
        above, below = ((crf, off), below) if off > 0 else (above, (crf, off))
        if above and below:
            share = min(0.9, max(0.1, above[1] / (above[1] - below[1])))
            crf = above[0] + (below[0] - above[0]) * share
        else:
            crf += 6 * off
        crf = round(min(51.0, max(1.0, crf)), 2)
    return crf, size


def decode(path, frames, width=None, height=None):
    """One array of planes per picture, and the size of the pictures."""
    words = ["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-frames:v", str(frames), "-fps_mode", "passthrough"]
    if width is None:
        told = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of",
                               "csv=p=0", path], check=True, capture_output=True, text=True).stdout.strip().split(",")
        width, height = map(int, told[:2])
    data = subprocess.run(words + ["-pix_fmt", "yuv420p", "-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    size = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    planes = numpy.frombuffer(data, numpy.uint8).reshape(-1, size)
    return planes, width, height


def keyframes(path):
    told = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "frame=key_frame", "-of", "csv=p=0",
                           path], check=True, capture_output=True, text=True).stdout
    return [n for n, line in enumerate(told.split()) if line.startswith("1")]


# ---- numbers ----

def blocks(plane, size=8):
    """(rows, columns, size * size) of whole blocks."""
    h, w = plane.shape[0] // size * size, plane.shape[1] // size * size
    return plane[:h, :w].reshape(h // size, size, w // size, size).swapaxes(1, 2).reshape(h // size, w // size, -1)


def psnr(a, b):
    error = numpy.mean((a - b) ** 2)
    return min(60.0, 10 * numpy.log10(255 * 255 / max(error, 1e-3)))


def ssim(a, b):
    x, y = blocks(a), blocks(b)
    mx, my = x.mean(-1), y.mean(-1)
    vx, vy, cov = x.var(-1), y.var(-1), (x * y).mean(-1) - mx * my
    return float(numpy.mean((2 * mx * my + 6.5) * (2 * cov + 58.5) / ((mx * mx + my * my + 6.5) * (vx + vy + 58.5))))


def detail(plane):
    """Squares of a Laplacian, by blocks."""
    p = plane
    out = numpy.zeros_like(p)
    out[1:-1, 1:-1] = 4 * p[1:-1, 1:-1] - p[:-2, 1:-1] - p[2:, 1:-1] - p[1:-1, :-2] - p[1:-1, 2:]
    return blocks(out * out).mean(-1)


def steps(plane, flat):
    """Differences across the borders of flat neighbours over those inside."""
    d = numpy.abs(numpy.diff(plane, axis=1))
    n = plane.shape[0] // 8 * 8
    columns = plane.shape[1] // 8
    border = d[:n, 7:8 * columns - 1:8].reshape(n // 8, 8, -1).mean(1)
    inner = d[:n, 3:8 * columns - 1:8].reshape(n // 8, 8, -1).mean(1)[:, :border.shape[1]]
    both = flat[:, :-1] & flat[:, 1:]
    return (border[both].sum() + 1) / (inner[both].sum() + 1)


def measure(source, other):
    """Lists by picture."""
    out = {name: [] for name in ("psnr", "ssim", "flat", "busy", "steps", "trail")}
    before = None
    for a, b in zip(source, other):
        a, b = a.astype(numpy.float64), b.astype(numpy.float64)
        out["psnr"].append(psnr(a, b))
        out["ssim"].append(ssim(a, b))
        flat = blocks(a).var(-1) < 30
        da, db = detail(a), detail(b)
        out["flat"].append((da[flat].sum(), db[flat].sum()))
        out["busy"].append((da[~flat].sum(), db[~flat].sum()))
        out["steps"].append((steps(b, flat), steps(a, flat)) if flat.sum() > 20 else (1, 1))
        if before is not None:
            rests = numpy.abs(blocks(a) - blocks(before)).max(-1) <= 2
            moved = numpy.zeros_like(rests)
            moved[1:-1, 1:-1] = ~(rests[:-2, 1:-1] & rests[2:, 1:-1] & rests[1:-1, :-2] & rests[1:-1, 2:])
            at = rests & moved
            error = numpy.abs(blocks(a) - blocks(b)).mean(-1)
            out["trail"].append((error[at].sum(), at.sum()))
        before = a
    return out


def share(pairs, over=1, under=0):
    return sum(p[over] for p in pairs) / max(sum(p[under] for p in pairs), 1e-9)


def summary(m):
    return {"PSNR": numpy.mean(m["psnr"]), "worst": min(m["psnr"]), "SSIM": numpy.mean(m["ssim"]),
            "flicker": numpy.std(numpy.diff(m["psnr"])), "flat texture": share(m["flat"]), "texture": share(m["busy"]),
            "steps": share(m["steps"], 0, 1), "trail": share(m["trail"], 0, 1)}


# ---- pictures ----

def to_rgb(planes, width, height, box, zoom, gain):
    """Limited range BT.601, which is near enough to compare."""
    cw, ch = (width + 1) // 2, (height + 1) // 2
    y = planes[:width * height].reshape(height, width).astype(numpy.float64)
    u, v = (planes[width * height + k * cw * ch:width * height + (k + 1) * cw * ch].reshape(ch, cw).astype(numpy.float64) - 128
            for k in range(2))
    u, v = (c.repeat(2, 0).repeat(2, 1)[:height, :width] for c in (u, v))
    y = 1.164 * (y - 16)
    rgb = numpy.stack([y + 1.596 * v, y - 0.392 * u - 0.813 * v, y + 2.017 * u], -1)
    x0, y0, w, h = box
    part = (gain * rgb[y0:y0 + h, x0:x0 + w]).clip(0, 255).astype(numpy.uint8)
    return Image.fromarray(part.repeat(zoom, 0).repeat(zoom, 1))


def write_sheet(path, rows, titles):
    width = sum(p.width + 6 for p in rows[0][1])
    height = sum(r[1][0].height + 22 for r in rows)
    sheet = Image.new("RGB", (width, height), "white")
    draw, top = ImageDraw.Draw(sheet), 0
    for label, pictures in rows:
        left = 0
        for title, picture in zip(titles, pictures):
            draw.text((left + 2, top + 4), "%s, %s" % (title, label), fill="black")
            sheet.paste(picture, (left, top + 18))
            left += picture.width + 6
        top += pictures[0].height + 22
    sheet.save(path)


def write_curves(path, curves, keys, unit="luma PSNR"):
    low, high = min(map(min, curves)) - 0.5, max(map(max, curves)) + 0.5
    n = max(map(len, curves))
    at_x, at_y = (lambda i: 50 + 880 * i / max(1, n - 1)), (lambda v: 30 + 330 * (high - v) / (high - low))
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="950" height="390" font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="white"/>']
    step = 1 if high - low < 16 else 5
    for line in range(int(low) // step * step + step, int(high) + 1, step):
        out.append('<line x1="50" x2="930" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="20" y="%.1f">%d</text>' %
                   (at_y(line), at_y(line), at_y(line) + 4, line))
    for k, (curve, colour, name) in enumerate(zip(curves, ("#c33", "#36c"), NAMES)):
        line = " ".join("%.1f,%.1f" % (at_x(i), at_y(v)) for i, v in enumerate(curve))
        out.append('<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/>' % (line, colour))
        out += ['<circle cx="%.1f" cy="%.1f" r="4" fill="%s"/>' % (at_x(i), at_y(curve[i]), colour) for i in keys[k] if i < len(curve)]
        out.append('<text x="%d" y="18" fill="%s">%s, %s; dots: keyframes</text>' % (50 + 300 * k, colour, name, unit))
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(out + ["</svg>\n"]))


def choose(curves):
    """The first picture, one in the middle, and where each is worst against the other."""
    gap = [b - a for a, b in zip(*curves)]
    order = sorted(range(len(gap)), key=gap.__getitem__)
    return sorted({0, len(gap) // 2, order[0], order[-1]})


def around_key(keys, reach, count):
    """Pictures around Avocet's first keyframe but that at the start."""
    inner = [k for k in keys[1] if k > 0]
    if not inner:
        sys.exit("there is no keyframe within the clip: --keyint")
    return list(range(max(0, inner[0] - reach), min(count, inner[0] + reach + 1)))


def check_tools():
    for tool in "ffmpeg", "ffprobe", "x264":
        if not shutil.which(tool):
            sys.exit("%s is not installed" % tool)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--preset", default="medium")
    parser.add_argument("--crf", type=float, default=27)
    parser.add_argument("--frames", type=int, default=90)
    parser.add_argument("--keyint", type=int, default=250)
    parser.add_argument("--at", type=int, nargs="*")
    parser.add_argument("--around-key", type=int, metavar="N")
    parser.add_argument("--crop")
    parser.add_argument("--zoom", type=int, default=2)
    parser.add_argument("--gain", type=float, default=1)
    parser.add_argument("--markdown", action="store_true", help="a row of a table, x264 / Avocet")
    parser.add_argument("--avocet", default=os.environ.get("AVOCET", os.path.join(ROOT, "build", "avocet")))
    args, args.more = parser.parse_known_args()
    check_tools()
    os.makedirs(args.output, exist_ok=True)
    name = os.path.splitext(os.path.basename(args.clip))[0]
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n + ".264") for n in NAMES]
        wanted = encode_x264(args, paths[0])
        crf, size = match_size(args, paths[1], wanted)
        source, width, height = decode(args.clip, args.frames)
        decoded = [decode(p, args.frames, width, height)[0] for p in paths]
        keys = [keyframes(p) for p in paths]
    luma = [p[:, :width * height].reshape(-1, height, width) for p in (source, *decoded)]
    measured = [measure(luma[0], other) for other in luma[1:]]
    curves = [m["psnr"] for m in measured]
    write_curves(os.path.join(args.output, name + ".svg"), curves, keys)
    box = list(map(int, args.crop.split(","))) if args.crop else [(width - min(width, 320)) // 2, (height - min(height, 240)) // 2,
                                                                  min(width, 320), min(height, 240)]
    at = around_key(keys, args.around_key, len(source)) if args.around_key else args.at or choose(curves)
    rows = [("picture %d%s" % (n, "" if not any(n in k for k in keys) else ", key"),
             [to_rgb(p[n], width, height, box, args.zoom, args.gain) for p in (source, *decoded)])
            for n in at]
    titles = ["source"] + ["%s crf %g, %d bytes" % t for t in zip(NAMES, (args.crf, crf), (wanted, size))]
    write_sheet(os.path.join(args.output, name + ".png"), rows, titles)
    told = [summary(m) for m in measured]
    if args.markdown:
        print("| %s | %s |" % (name, " | ".join("%.*f / %.*f" % (n, told[0][k], n, told[1][k]) for k, n in DIGITS.items())), flush=True)
        return
    for who, facts, count in zip(NAMES, told, (wanted, size)):
        print("%-20s %-6s %8d bytes  %s" % (name, who, count, "  ".join("%s %.*f" % (k, n, facts[k]) for k, n in DIGITS.items())),
              flush=True)


if __name__ == "__main__":
    main()
