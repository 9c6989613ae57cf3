#!/usr/bin/env python3
"""What each tool of the encoder is worth, and what each step from preset to preset.

    ablation.py --clips DIR [--presets medium] [--steps veryfast faster fast medium slow slower veryslow]
                [--frames N] [--points Q ...] [--rounds N] [--jobs N] [--only NAME ...] [--avocet FILE] [--write FILE]
                [--keep FILE]

For each of --presets: the anchor is the preset as it is, --tune psnr, constant quality. For each row of TOOLS that the
preset uses, the same with the tool's options: the rate difference by PSNR and by SSIM (positive: so many more bits are
needed without the tool). Rows of another tune are measured under that tune, where the tool works. Measured as bench/rd.py
does, which see.

For each of --steps but the first: the anchor is the preset, and in each row one setting that it has other than the preset
before it is put back; the last row is the preset before. So each row says what a setting brings and costs in its company.

The time is that of the row over the anchor's (below 1: how much faster it is without): processor time beyond the first
picture's, both programs taking turns, at the quality in the middle, the median of --rounds, the geometric mean of the clips.

--write puts the tables between the lines "<!-- ablation -->" and "<!-- /ablation -->" of a file. --keep stores the rows as
JSON, and takes what is stored there from it instead of measuring again: to go on, or to measure a few rows anew after taking
them out. With --jobs above 1 the rates are as good, but not the times.
"""
import argparse
import concurrent.futures
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile

import rd

BEGIN, END = "<!-- ablation -->", "<!-- /ablation -->"

# (tool, options that leave it out, tune)
TOOLS = (
    ("B pictures", "--bframes 0", "psnr"),
    ("more than three B pictures", "--bframes 3", "psnr"),
    ("more than seven B pictures", "--bframes 7", "psnr"),
    ("B pictures as references", "--b-pyramid none", "psnr"),
    ("more than one level of them", "--b-pyramid strict", "psnr"),
    ("placement of B pictures", "--b-adapt 0", "psnr"),
    ("importance propagation", "--no-mbtree", "psnr"),
    ("lookahead of more than 10 pictures", "--rc-lookahead 10", "psnr"),
    ("temporal filter", "--temporal-filter 0", "psnr"),
    ("adaptive quantisation (ssim)", "--aq-mode 0", "ssim"),
    ("psycho-visual terms (default tune)", "--no-psy", ""),
    ("adaptive quantisation (default tune)", "--aq-mode 0", ""),
    ("even quality (default tune)", "--no-steady", ""),
    ("scene cuts", "--scenecut 0", "psnr"),
    ("CABAC", "--no-cabac", "psnr"),
    ("8x8 transform", "--no-8x8dct", "psnr"),
    ("loop filter", "--no-deblock", "psnr"),
    ("loop filter offsets by trial", "--no-deblock-trial", "psnr"),
    ("loop filter offsets by trial (default tune)", "--no-deblock-trial", ""),
    ("weaker loop filter (ssim)", "--deblock 0", "ssim"),
    ("more than one reference", "--ref 1", "psnr"),
    ("references by partition", "--no-mixed-refs", "psnr"),
    ("weighted prediction in P", "--weightp 0", "psnr"),
    ("duplicated references of other weight", "--weightp 1", "psnr"),
    ("weighted prediction in B", "--weightb 0", "psnr"),
    ("direct prediction in B", "--direct none", "psnr"),
    ("choice of direct prediction", "--direct spatial", "psnr"),
    ("partitions of inter macroblocks", "--partitions i8x8,i4x4", "psnr"),
    ("those of P", "--partitions b8x8,i8x8,i4x4", "psnr"),
    ("those of B", "--partitions p8x8,i8x8,i4x4", "psnr"),
    ("Intra4x4", "--partitions p8x8,b8x8,i8x8", "psnr"),
    ("Intra8x8", "--partitions p8x8,b8x8,i4x4", "psnr"),
    ("hexagons and farther (diamond only)", "--me dia", "psnr"),
    ("chroma in the motion search", "--no-chroma-me", "psnr"),
    ("quarter samples, the last steps (and pairs jointly)", "--subme 3", "psnr"),
    ("decisions by true cost (SATD only)", "--subme 5", "psnr"),
    ("decisions by true cost in B", "--subme 6", "psnr"),
    ("refinement by true cost", "--subme 7", "psnr"),
    ("quantisers nearby", "--no-qp-rd", "psnr"),
    ("trellis", "--trellis 0", "psnr"),
    ("trellis in all decisions", "--trellis 1", "psnr"),
    ("early skip (off)", "--no-fast-pskip", "psnr"),
    ("dropping of lone coefficients", "--no-dct-decimate", "psnr"),
)

# Settings that a tune or the clip decides, not the preset.
NOT_OF_PRESETS = {"profile", "level", "min-keyint", "crf"}


# ---- settings ----

def described(avocet, preset, tune, options, clip):
    """The settings as the stream tells them, {name: value}, those at their default left out; None if the program refuses."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "a.264")
        words = [avocet, "encode", "--quiet", "--preset", preset, *tune_words(tune), "--frames", "1", *options.split(), "-o", out,
                 clip]
        r = subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL)
        if r.returncode:
            return None
        with open(out, "rb") as f:
            found = re.search(rb"avocet [^:]*: ([^\0]*)", f.read(4000))
        pairs = (w.partition("=") for w in found[1].decode("ascii", "ignore").split()) if found else ()
        return {name: value for name, _, value in pairs}


def tune_words(tune):
    return ["--tune", tune] if tune else []


def defaults(avocet):
    """{name: value} of all options, as --help=all tells them in brackets."""
    said = subprocess.run([avocet, "encode", "--help=all"], capture_output=True, text=True, check=True).stdout
    known = {}
    for part in re.split(r"\n +--", said)[1:]:
        found = re.search(r"\[([^\[\]]*)\]", part)
        if found:
            known[part.split()[0]] = found[1]
    return known


def rows_of_tools(a, preset, clip):
    """Those whose options change something."""
    rows, usual = [], {}
    for name, options, tune in TOOLS:
        if a.only and name not in a.only:
            continue
        if tune not in usual:
            usual[tune] = described(a.avocet, preset, tune, "", clip)
        changed = described(a.avocet, preset, tune, options, clip)
        if changed is None:
            print(f"{name}: no option {options}", file=sys.stderr)
        elif changed != usual[tune]:
            rows.append((name, preset, options, tune))
    return rows


def rows_of_step(a, before, preset, clip):
    """What the preset has other than the one before, put back one by one; then all of it."""
    old, new = (described(a.avocet, p, "psnr", "", clip) for p in (before, preset))
    known = defaults(a.avocet)
    rows = []
    for name in known:
        if old.get(name) != new.get(name) and name not in NOT_OF_PRESETS:
            value = old.get(name, known[name])
            flag = known[name] in ("on", "off")
            option = f"--{name} {value}" if not flag else f"--{name}" if value in ("on", "1") else f"--no-{name}"
            rows.append((name if flag else f"{name} {new.get(name, known[name])}", preset, option, "psnr"))
    return rows + [("all", before, "", "psnr")]


# ---- measuring ----

def encoder(a, label, preset, tune, options):
    command = (f"{{avocet}} encode --quiet --preset {preset} {' '.join(tune_words(tune))} --crf {{q}} {options} "
               "--no-sei-version --threads 1 -o {out} {in}")
    return rd.Encoder(f"{re.sub(r'[^A-Za-z0-9]', '_', label)}={command}", a.avocet, a.points)


def seconds(encoder_, clip, q, folder):
    """Processor time beyond that of the first picture."""
    words = encoder_.words(clip, os.path.join(folder, "time.264"), q, 1)
    start = min(rd.run_timed([*words, "--frames", "1"])[1] for _ in range(2))
    return max(rd.run_timed(words)[1] - start, 1e-3)


def time_ratio(a, anchor, variant, clips, folder):
    q = sorted(a.points)[len(a.points) // 2]
    ratios = []
    for clip in clips:
        turns = []
        for _ in range(a.rounds):
            base = seconds(anchor, clip, q, folder)
            turns.append(seconds(variant, clip, q, folder) / base)
        ratios.append(statistics.median(turns))
    return math.exp(statistics.mean(map(math.log, ratios)))


def measure(a, anchor_preset, rows, clips, folder, pool):
    """[name, options, PSNR %, SSIM %, time] of each row."""
    table, anchors = [], {}
    for name, preset, options, tune in rows:
        key = f"{anchor_preset}/{name}"
        if key not in a.stored:
            if tune not in anchors:
                anchor = encoder(a, f"anchor {tune}", anchor_preset, tune, "")
                anchors[tune] = anchor, encode_all(anchor, clips, folder, pool)
            anchor, points = anchors[tune]
            variant = encoder(a, f"without {name}", preset, tune, options)
            points = points + encode_all(variant, clips, folder, pool)
            total = rd.compare(points, anchor.label, variant.label, [c.name for c in clips])[-1]
            a.stored[key] = [name, options, total["psnr"], total["ssim"], time_ratio(a, anchor, variant, clips, folder)]
            if a.keep:
                with open(a.keep, "w", encoding="utf-8") as f:
                    json.dump(a.stored, f, indent=0)
            print(key, *a.stored[key][1:], file=sys.stderr, flush=True)
        table.append(a.stored[key])
    return table


def encode_all(encoder_, clips, folder, pool):
    jobs = [(encoder_, clip, q, 1, 1, folder) for clip in clips for q in encoder_.points]
    return list(pool.map(lambda job: rd.encode_point(*job), jobs))


# ---- tables ----

def as_markdown(title, table):
    lines = [title, "", "| without | option | PSNR % | SSIM % | time |", "| --- | --- | ---: | ---: | ---: |"]
    for name, options, psnr, ssim, time in table:
        option = f"`{options}`" if options else "the preset before"
        lines.append(f"| {name} | {option} | {rd.number(psnr, '+.2f')} | {rd.number(ssim, '+.2f')} | {time:.2f} |")
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
    ap.add_argument("--presets", nargs="*", default=["medium"])
    ap.add_argument("--steps", nargs="*", default=[])
    ap.add_argument("--avocet", default=os.environ.get("AVOCET", os.path.join(rd.ROOT, "build", "avocet")))
    ap.add_argument("--frames", type=int, default=49, help="only the first pictures of each clip; 0: all")
    ap.add_argument("--points", nargs="+", type=float, default=[20, 25, 30, 35])
    ap.add_argument("--rounds", type=int, default=1, help="of the measurement of time")
    ap.add_argument("--only", nargs="+", help="tools by name")
    ap.add_argument("--jobs", type=int, default=1)
    ap.add_argument("--cache", default=os.path.join(tempfile.gettempdir(), "avocet-bench"))
    ap.add_argument("--keep", help="store the rows here, and do not measure what is there")
    ap.add_argument("--write", help="put the tables into this file")
    a = ap.parse_args()
    os.makedirs(a.cache, exist_ok=True)
    a.stored = {}
    if a.keep and os.path.exists(a.keep):
        with open(a.keep, encoding="utf-8") as f:
            a.stored = json.load(f)
    with tempfile.TemporaryDirectory(dir=a.cache) as folder, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        clips = [rd.open_clip(path, a.cache, a.frames) for path in rd.find_clips(a.clips)]
        parts = [f"Clips {', '.join(c.name for c in clips)}; {a.frames or 'all'} pictures of each at most, qualities "
                 f"{' '.join(f'{q:g}' for q in a.points)}."]
        for preset in a.presets:
            table = measure(a, preset, rows_of_tools(a, preset, clips[0].path), clips, folder, pool)
            parts.append(as_markdown(f"Preset {preset}:", sorted(table, key=lambda row: -(row[2] or 0))))
        for before, preset in zip(a.steps, a.steps[1:]):
            table = measure(a, preset, rows_of_step(a, before, preset, clips[0].path), clips, folder, pool)
            parts.append(as_markdown(f"From {before} to {preset}:", table))
    text = "\n\n".join(parts)
    print(text)
    if a.write:
        write_between(a.write, text)


if __name__ == "__main__":
    main()
