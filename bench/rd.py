#!/usr/bin/env python3
"""Compression and speed of Avocet next to x264, on the same clips in the same run.

Each encoder encodes each clip at several qualities; FFmpeg, which shares no code with Avocet, decodes every stream and
compares it with the source. The Bjontegaard rate difference is the mean difference in bits between two encoders over
the range of quality that both reach: -10 means ten percent fewer bits for the same quality. It is given by mean PSNR of
luma over the pictures, by PSNR of the summed error, and by SSIM in decibels; with --chroma, by PSNR of Cb, of Cr, and of
all three planes, which count 6:1:1, too. Speed is the ratio of processor times (above 1: faster than the anchor).

    rd.py --clips DIR [--encoders x264:medium avocet:medium ...] [--threads 1] [--frames N] [--jobs N]
          [--points Q ...] [--repeat N] [--chroma] [--json FILE] [--markdown]

The first encoder is the anchor. NAME:PRESET with NAME one of
    x264, avocet            --tune psnr, constant quality (crf)
    x264ssim, avocetssim    --tune ssim
    x264psy, avocetpsy      as users run it, visual tools on
    x264live, avocetlive    --tune psnr,zerolatency
    x264base, avocetbase    Baseline profile, zerolatency, constant quantiser
or LABEL=COMMAND, a command line with {in} {out} {q} {threads} (and {avocet} for the program).
The program is --avocet, $AVOCET or build/avocet. Clips are .y4m files or anything that FFmpeg decodes. With --jobs
above 1 the rates are as good, but not the speeds.
"""
import argparse
import concurrent.futures
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUALITIES = (19, 23, 27, 31, 35)
QUANTISERS = (20, 24, 28, 32, 36)
METRICS = {"psnr": "PSNR %", "psnr_global": "global PSNR %", "ssim": "SSIM %"}
CHROMA = {"psnr_cb": "PSNR Cb %", "psnr_cr": "PSNR Cr %", "psnr_all": "6:1:1 %"}
LEAST_OVERLAP = 0.2  # dB: below, a comparison says nothing

X264 = "x264 --quiet --no-progress --preset {preset} %s --threads {threads} -o {out} {in}"
AVOCET = "{avocet} encode --quiet --preset {preset} %s --threads {threads} -o {out} {in}"
VARIANTS = {
    "": ("--tune psnr --crf {q}", QUALITIES),
    "ssim": ("--tune ssim --crf {q}", QUALITIES),
    "psy": ("--crf {q}", QUALITIES),
    "live": ("--tune psnr,zerolatency --crf {q}", QUALITIES),
    "base": ("--profile baseline --tune psnr,zerolatency --qp {q}", QUANTISERS),
}


# ---- rate difference ----

class Curve:
    """Logarithm of the rate over quality, through the points, monotone between them where they are (PCHIP)."""

    def __init__(self, points):
        self.x, self.y = [], []
        for quality, rate in sorted(points):
            if not self.x or quality > self.x[-1] + 1e-6:
                self.x.append(quality)
                self.y.append(math.log(rate))
        self.slopes = self.find_slopes() if len(self.x) > 1 else []

    def find_slopes(self):
        x, y = self.x, self.y
        width = [b - a for a, b in zip(x, x[1:])]
        rise = [(b - a) / w for a, b, w in zip(y, y[1:], width)]
        if len(rise) == 1:
            return [rise[0]] * 2
        inner = []
        for (w0, w1), (r0, r1) in zip(zip(width, width[1:]), zip(rise, rise[1:])):
            if r0 * r1 <= 0:
                inner.append(0.0)
            else:  # harmonic mean, weighted by the neighbours' widths
                a, b = 2 * w1 + w0, w1 + 2 * w0
                inner.append((a + b) / (a / r0 + b / r1))
        return [end_slope(width[0], width[1], rise[0], rise[1]), *inner, end_slope(width[-1], width[-2], rise[-1], rise[-2])]

    def integral(self, low, high):
        """Exact: each piece is a cubic."""
        total = 0.0
        for k in range(len(self.x) - 1):
            a, b = max(low, self.x[k]), min(high, self.x[k + 1])
            if a < b:
                total += self.piece(k, b) - self.piece(k, a)
        return total

    def piece(self, k, x):
        """Antiderivative on piece k, 0 at its left end."""
        h = self.x[k + 1] - self.x[k]
        t = (x - self.x[k]) / h
        t2, t3, t4 = t * t, t ** 3, t ** 4
        return h * (self.y[k] * (t4 / 2 - t3 + t) + self.y[k + 1] * (t3 - t4 / 2)
                    + h * self.slopes[k] * (t4 / 4 - 2 * t3 / 3 + t2 / 2) + h * self.slopes[k + 1] * (t4 / 4 - t3 / 3))


def end_slope(w0, w1, r0, r1):
    slope = ((2 * w0 + w1) * r0 - w0 * r1) / (w0 + w1)
    if slope * r0 <= 0:
        return 0.0
    if r0 * r1 <= 0 and abs(slope) > 3 * abs(r0):
        return 3 * r0
    return slope


def rate_difference(anchor, test, metric):
    """Percent; None where the curves share too little."""
    a = Curve([(p[metric], p["kbps"]) for p in anchor])
    b = Curve([(p[metric], p["kbps"]) for p in test])
    if len(a.x) < 2 or len(b.x) < 2:
        return None
    low, high = max(a.x[0], b.x[0]), min(a.x[-1], b.x[-1])
    if high - low < LEAST_OVERLAP:
        return None
    return 100 * (math.exp((b.integral(low, high) - a.integral(low, high)) / (high - low)) - 1)


# ---- clips ----

class Clip:
    def __init__(self, path):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        with open(path, "rb") as f:
            head = f.readline()
        tags = {t[:1]: t[1:] for t in head.decode().split()[1:]}
        self.width, self.height = int(tags["W"]), int(tags["H"])
        num, den = map(int, tags["F"].split(":"))
        self.fps = num / den
        picture = self.width * self.height + 2 * ((self.width + 1) // 2) * ((self.height + 1) // 2) + len(b"FRAME\n")
        self.frames = (os.path.getsize(path) - len(head)) // picture


def open_clip(path, cache, limit):
    """As y4m, cut to the first `limit` pictures; decoded once into the cache."""
    if path.endswith(".y4m") and not limit:
        return Clip(path)
    name = os.path.splitext(os.path.basename(path))[0] + (f".{limit}" if limit else "") + ".y4m"
    target = os.path.join(cache, name)
    if not os.path.exists(target):
        part = target + ".part.y4m"
        subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", path, *(["-frames:v", str(limit)] if limit else []),
                        "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-strict", "-1", part], check=True)
        os.replace(part, target)
    return Clip(target)


def find_clips(places):
    for place in places:
        if os.path.isdir(place):
            yield from sorted(os.path.join(place, n) for n in os.listdir(place) if n.endswith((".y4m", ".mkv", ".mp4")))
        else:
            yield place


# ---- encoders ----

class Encoder:
    def __init__(self, text, avocet, points):
        self.label = text
        if "=" in text.split()[0]:
            self.label, self.command = text.split("=", 1)
            usual = QUALITIES
        else:
            name, _, preset = text.partition(":")
            base = next((b for b in ("x264", "avocet") if name.startswith(b)), None)
            if base is None or name[len(base):] not in VARIANTS:
                sys.exit(f"no encoder {text}: see --help")
            options, usual = VARIANTS[name[len(base):]]
            self.command = (X264 if base == "x264" else AVOCET) % options
            self.command = self.command.replace("{preset}", preset or "medium")
        self.command = self.command.replace("{avocet}", shlex.quote(avocet))
        self.points = points or usual

    def words(self, clip, out, q, threads):
        values = {"{in}": clip.path, "{out}": out, "{q}": f"{q:g}", "{threads}": str(threads)}
        words = shlex.split(self.command)
        for key, value in values.items():
            words = [w.replace(key, value) for w in words]
        return words


def run_timed(words):
    """(wall seconds, processor seconds, peak MiB)"""
    start = time.monotonic()
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except OSError as e:
        sys.exit(f"cannot run {words[0]}: {e.strerror}")
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"exit {process.returncode}: {shlex.join(words)}\n{said.decode(errors='replace')[-1500:]}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def decibels(mse):
    return 10 * math.log10(255 ** 2 / max(mse, 1e-4))


def measure(stream, clip):
    """Quality of the stream as FFmpeg decodes it. Pictures are compared one by one in display order."""
    logs = {name: f"{stream}.{name}" for name in ("psnr", "ssim")}
    graph = ("[0:v]settb=1/25,setpts=N,split[s0][s1];[1:v]settb=1/25,setpts=N,split[r0][r1];"
             f"[s0][r0]psnr=stats_file={logs['psnr']}[o0];[s1][r1]ssim=stats_file={logs['ssim']}[o1]")
    r = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-i", stream, "-i", clip.path, "-lavfi", graph,
                        "-map", "[o0]", "-map", "[o1]", "-fps_mode", "passthrough", "-enc_time_base", "1:25", "-f", "null", "-"],
                       capture_output=True, text=True)
    if r.returncode or r.stderr.strip():
        sys.exit(f"FFmpeg complains of {stream}: {r.stderr[-800:]}")
    values = {}
    for name, pattern in (("psnr", r"\bmse_([yuv]):([\d.]+)"), ("ssim", r"\b(Y):([\d.]+)")):
        with open(logs[name]) as f:
            for plane, value in re.findall(pattern, f.read()):
                values.setdefault(plane, []).append(float(value))
        os.unlink(logs[name])
    mse, ssim = values["y"], values["Y"]
    if len(mse) != clip.frames:
        sys.exit(f"{stream}: {len(mse)} pictures decoded, the source has {clip.frames}")
    psnr, cb, cr = (mean(map(decibels, values[plane])) for plane in "yuv")
    return {"psnr": psnr, "psnr_global": decibels(mean(mse)), "ssim": -10 * math.log10(max(1 - mean(ssim), 1e-7)),
            "psnr_cb": cb, "psnr_cr": cr, "psnr_all": (6 * psnr + cb + cr) / 8}


def encode_point(encoder, clip, q, threads, repeat, folder):
    out = os.path.join(folder, re.sub(r"\W", "_", f"{encoder.label}-{clip.name}-{q:g}") + ".264")
    times = min(run_timed(encoder.words(clip, out, q, threads)) for _ in range(repeat))
    point = {"encoder": encoder.label, "clip": clip.name, "q": q, "wall": times[0], "cpu": times[1], "rss": times[2],
             "fps": clip.frames / times[0], "kbps": os.path.getsize(out) * 8 / 1000 * clip.fps / clip.frames}
    point.update(measure(out, clip))
    os.unlink(out)
    return point


# ---- tables ----

def mean(values):
    values = [v for v in values if v is not None]
    return sum(values) / len(values) if values else None


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def compare(points, anchor, label, clips):
    """One row per clip: differences by metric, speed ratios, pictures per second, MiB."""
    rows = []
    for clip in clips:
        a = [p for p in points if p["encoder"] == anchor and p["clip"] == clip]
        b = [p for p in points if p["encoder"] == label and p["clip"] == clip]
        ratio = {k: mean([p[k] for p in a]) / mean([p[k] for p in b]) for k in ("cpu", "wall")}
        rows.append({"clip": clip, **{m: rate_difference(a, b, m) for m in METRICS | CHROMA}, **ratio,
                     "fps": sorted(p["fps"] for p in b)[(len(b) - 1) // 2], "rss": max(p["rss"] for p in b)})
    total = {"clip": "mean", **{m: mean([r[m] for r in rows]) for m in METRICS | CHROMA},
             **{k: geometric_mean([r[k] for r in rows]) for k in ("cpu", "wall")}, "fps": None, "rss": None}
    return rows + [total]


def number(value, form):
    return "-" if value is None else format(value, form)


def print_tables(points, encoders, clips, metrics, markdown):
    anchor = encoders[0].label
    heads = ("clip", *metrics.values(), "speed", "wall", "pictures/s", "MiB")
    for encoder in encoders:
        print(f"\n### {encoder.label} against {anchor}\n" if markdown else f"\n{encoder.label} against {anchor}")
        if markdown:
            print("| " + " | ".join(heads) + " |\n| --- |" + " ---: |" * (len(heads) - 1))
        else:
            print(f"  {heads[0]:34}" + "".join(f"{h:>14}" for h in heads[1:]))
        for row in compare(points, anchor, encoder.label, clips):
            cells = [number(row[m], "+.2f") for m in metrics] + [number(row["cpu"], ".2f"), number(row["wall"], ".2f"),
                                                                 number(row["fps"], ".1f"), number(row["rss"], ".0f")]
            if markdown:
                print(f"| {row['clip']} | " + " | ".join(cells) + " |")
            else:
                print(f"  {row['clip'][:34]:34}" + "".join(f"{c:>14}" for c in cells))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--clips", nargs="+", required=True, help="files or folders")
    ap.add_argument("--encoders", nargs="+", default=["x264:medium", "avocet:medium"], help="the first is the anchor")
    ap.add_argument("--avocet", default=os.environ.get("AVOCET", os.path.join(ROOT, "build", "avocet")))
    ap.add_argument("--points", nargs="+", type=float, help="qualities for all encoders")
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument("--frames", type=int, default=0, help="only the first pictures of each clip")
    ap.add_argument("--repeat", type=int, default=1, help="encode N times, keep the fastest")
    ap.add_argument("--jobs", type=int, default=1, help="encodes at once")
    ap.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "avocet-bench"))
    ap.add_argument("--chroma", action="store_true", help="rate differences by PSNR of chroma, too")
    ap.add_argument("--json", help="write all points")
    ap.add_argument("--markdown", action="store_true")
    a = ap.parse_args()
    encoders = [Encoder(text, a.avocet, a.points) for text in a.encoders]
    os.makedirs(a.cache, exist_ok=True)
    points, clips = [], []
    with tempfile.TemporaryDirectory(dir=a.cache) as folder, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        for path in find_clips(a.clips):
            clip = open_clip(path, a.cache, a.frames)
            clips.append(clip.name)
            jobs = [(e, clip, q, a.threads, a.repeat, folder) for e in encoders for q in e.points]
            points += pool.map(lambda job: encode_point(*job), jobs)
            print(f"{clip.name}: {clip.width}x{clip.height}, {clip.frames} pictures done", file=sys.stderr, flush=True)
    if a.json:
        with open(a.json, "w") as f:
            json.dump(points, f, indent=1)
    print(f"Anchor {encoders[0].label}; threads {a.threads}. Rate differences in percent at equal quality; speed and wall: the "
          "anchor's processor and wall time over the encoder's own.")
    print_tables(points, encoders, clips, METRICS | CHROMA if a.chroma else METRICS, a.markdown)


if __name__ == "__main__":
    main()
