#!/usr/bin/env python3
"""What each tool of the encoder is worth: switched off alone, everything else as in the preset.

    ablation.py --clips DIR [--presets medium slower] [--frames N] [--points Q ...] [--jobs N] [--only NAME ...]
                [--avocet FILE] [--write FILE]

The anchor is the preset as it is, --tune psnr, constant quality. For each row of TOOLS that the preset uses, the same with
the tool's options: the rate difference by PSNR and by SSIM (positive: so many more bits are needed without the tool) and
its processor time over the preset's (below 1: how much faster it is without). Rows marked ssim are measured under --tune
ssim, where that tool works. Measured as bench/rd.py does, which see.

--write puts the table between the lines "<!-- ablation -->" and "<!-- /ablation -->" of a file. With --jobs above 1 the
rates are as good, but not the times.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

import rd

BEGIN, END = "<!-- ablation -->", "<!-- /ablation -->"

# (tool, options that leave it out, tune)
TOOLS = (
    ("B pictures", "--bframes 0", "psnr"),
    ("three B pictures at most", "--bframes 3", "psnr"),
    ("B pictures as references", "--b-pyramid none", "psnr"),
    ("placement of B pictures", "--b-adapt 0", "psnr"),
    ("importance propagation", "--no-mbtree", "psnr"),
    ("lookahead of more than 10 pictures", "--rc-lookahead 10", "psnr"),
    ("temporal filter", "--temporal-filter 0", "psnr"),
    ("adaptive quantisation (ssim)", "--aq-mode 0", "ssim"),
    ("scene cuts", "--scenecut 0", "psnr"),
    ("CABAC", "--no-cabac", "psnr"),
    ("8x8 transform", "--no-8x8dct", "psnr"),
    ("loop filter", "--no-deblock", "psnr"),
    ("more than one reference", "--ref 1", "psnr"),
    ("references by partition", "--no-mixed-refs", "psnr"),
    ("weighted prediction in P", "--weightp 0", "psnr"),
    ("weighted prediction in B", "--weightb 0", "psnr"),
    ("direct prediction in B", "--direct none", "psnr"),
    ("choice of direct prediction", "--direct spatial", "psnr"),
    ("partitions of inter macroblocks", "--partitions i8x8,i4x4", "psnr"),
    ("Intra4x4", "--partitions p8x8,b8x8,i8x8", "psnr"),
    ("Intra8x8", "--partitions p8x8,b8x8,i4x4", "psnr"),
    ("hexagons and farther (diamond only)", "--me dia", "psnr"),
    ("chroma in the motion search", "--no-chroma-me", "psnr"),
    ("decisions by true cost (SATD only)", "--subme 5", "psnr"),
    ("refinement by true cost", "--subme 7", "psnr"),
    ("quantisers nearby", "--no-qp-rd", "psnr"),
    ("trellis", "--trellis 0", "psnr"),
    ("trellis in all decisions", "--trellis 1", "psnr"),
    ("early skip (off)", "--no-fast-pskip", "psnr"),
    ("dropping of lone coefficients", "--no-dct-decimate", "psnr"),
)


def described(avocet, preset, tune, options, clip):
    """The settings as the stream tells them; None if the program does not know the options."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "a.264")
        words = [avocet, "encode", "--quiet", "--preset", preset, "--tune", tune, "--frames", "1", *options.split(), "-o", out, clip]
        r = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL)
        if r.returncode:
            return None
        with open(out, "rb") as f:
            found = re.search(rb"avocet [^\0]*", f.read(4000))
        return found and found[0]


def rows_for(avocet, preset, only, clip):
    """Those whose options change something."""
    rows = []
    for name, options, tune in TOOLS:
        if only and name not in only:
            continue
        changed = described(avocet, preset, tune, options, clip)
        if changed is None:
            print(f"{name}: no option {options}", file=sys.stderr)
        elif changed != described(avocet, preset, tune, "", clip):
            rows.append((name, options, tune))
    return rows


def encoder(avocet, label, preset, tune, options, points):
    command = (f"{{avocet}} encode --quiet --preset {preset} --tune {tune} --crf {{q}} {options} --no-sei-version "
               "--threads 1 -o {out} {in}")
    return rd.Encoder(f"{label.replace(' ', '_')}={command}", avocet, points)


def measure_preset(a, preset, clips, folder, pool):
    rows = rows_for(a.avocet, preset, a.only, clips[0].path)
    tunes = sorted({tune for _, _, tune in rows})
    anchors = {tune: encoder(a.avocet, f"anchor {tune}", preset, tune, "", a.points) for tune in tunes}
    variants = [encoder(a.avocet, f"without {name}", preset, tune, options, a.points) for name, options, tune in rows]
    points = []
    for clip in clips:
        jobs = [(e, clip, q, 1, 1, folder) for e in (*anchors.values(), *variants) for q in e.points]
        points += pool.map(lambda job: rd.encode_point(*job), jobs)
        print(f"{preset}, {clip.name}: done", file=sys.stderr, flush=True)
    table = []
    for (name, options, tune), variant in zip(rows, variants):
        total = rd.compare(points, anchors[tune].label, variant.label, [c.name for c in clips])[-1]
        table.append((name, options, total["psnr"], total["ssim"], 1 / total["cpu"]))
    return table


def as_markdown(preset, table):
    lines = [f"Preset {preset}:", "", "| without | option | PSNR % | SSIM % | time |", "| --- | --- | ---: | ---: | ---: |"]
    for name, options, psnr, ssim, time in sorted(table, key=lambda row: -(row[2] or 0)):
        lines.append(f"| {name} | `{options}` | {rd.number(psnr, '+.2f')} | {rd.number(ssim, '+.2f')} | {time:.2f} |")
    return "\n".join(lines)


def write_between(path, text):
    with open(path, encoding="utf-8") as f:
        whole = f.read()
    head, begin, rest = whole.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{path}: no lines {BEGIN} and {END}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{head}{BEGIN}\n{text}\n{END}{tail}")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--clips", nargs="+", required=True, help="files or folders")
    ap.add_argument("--presets", nargs="+", default=["medium", "slower"])
    ap.add_argument("--avocet", default=os.environ.get("AVOCET", os.path.join(rd.ROOT, "build", "avocet")))
    ap.add_argument("--frames", type=int, default=24, help="only the first pictures of each clip; 0: all")
    ap.add_argument("--points", nargs="+", type=float, default=[20, 25, 30, 35])
    ap.add_argument("--only", nargs="+", help="tools by name")
    ap.add_argument("--jobs", type=int, default=1)
    ap.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "avocet-bench"))
    ap.add_argument("--write", help="put the table into this file")
    a = ap.parse_args()
    os.makedirs(a.cache, exist_ok=True)
    parts = [f"{a.frames or 'All'} pictures of each clip, qualities {' '.join(f'{q:g}' for q in a.points)}."]
    with tempfile.TemporaryDirectory(dir=a.cache) as folder, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        clips = [rd.open_clip(path, a.cache, a.frames) for path in rd.find_clips(a.clips)]
        for preset in a.presets:
            parts.append(as_markdown(preset, measure_preset(a, preset, clips, folder, pool)))
    text = "\n\n".join(parts)
    print(text)
    if a.write:
        write_between(a.write, text)


if __name__ == "__main__":
    main()
