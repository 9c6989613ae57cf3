#!/usr/bin/env python3
"""Where the instructions go: callgrind counts of the encoder, by family of functions and by stage, per preset.

Instruction counts do not depend on how busy the machine is, so they compare versions of the encoder, and encoders, on
any machine. Every encoder is also run on a picture of one macroblock with the same settings; what that takes (loading
of shared libraries, tables made at the start) is subtracted. callgrind's processor has no AVX-512, so encoders show
what they do with AVX2.

    profile.py --avocet build/avocet --clip foreman_cif.y4m              table per preset
    profile.py --avocet build/avocet --clip a.y4m b.y4m --x264 x264      with totals of another encoder beside it
    profile.py ... --functions 40                                        the costliest functions besides
    profile.py ... --markdown                                            tables for docs/performance.md

The program must have been built with debug information (-g) for files and functions to be told apart. Needs valgrind.
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

PRESETS = ["ultrafast", "veryfast", "medium", "slower"]

# Families by the file a function is defined in (first match), self cost.
FAMILIES = [
    ("kernels: SAD, SATD, SSD", r"dsp/.*cost_"),
    ("kernels: interpolation", r"dsp/.*interp_"),
    ("kernels: transform", r"dsp/.*transform_"),
    ("kernels: quantisation", r"dsp/.*quant_"),
    ("kernels: intra", r"dsp/.*intra_"),
    ("kernels: loop filter", r"dsp/.*deblock_"),
    ("kernels: planes", r"dsp/.*resample_"),
    ("kernels: temporal filter", r"dsp/.*temporal_"),
    ("lookahead", r"enc/(lookahead|lowres|gop_shape|propagate|adaptive_quant|weight|scenecut)"),
    ("temporal filter", r"enc/temporal_"),
    ("motion search", r"enc/(motion|subpel|bidir)"),
    ("prediction", r"h264/predict"),
    ("vector prediction", r"h264/(mvpred|neighbour)"),
    ("mode decision", r"enc/(decide|refine|final_code|edges|cand)"),
    ("trellis", r"enc/trellis"),
    ("residual", r"enc/(residual|block_quant|quant)\."),
    ("bit counting", r"enc/(mb_bits|coding)\."),
    ("entropy coding", r"enc/(cabac_write|cavlc_write|slice_write|headers_write|packet)|h264/nal"),
    ("loop filter", r"h264/deblock|enc/finish_row"),
    ("rows: load, store", r"enc/row\."),
    ("memory functions", r"mem(set|move|cpy|cmp)"),
    ("input", r"enc/input|tools/"),
]

# Stages: inclusive cost of these functions.
STAGES = [
    ("lookahead", ["avo_lookahead_push", "avo_lookahead_pop", "avo_lookahead_flush"]),
    ("mode decision", ["avo_decide_mb"]),
    ("rows: load, store, contexts", ["avo_row_encode"], ["avo_decide_mb"]),
    ("loop filter, half-sample planes", ["avo_finish_row", "avo_resolve_row_qp"]),
    ("entropy coding", ["avo_picture_writer_row"]),
    ("input conversion", ["avo_input_convert"]),
]


class Profile:
    """Self and inclusive cost per function, from a callgrind output file."""

    def __init__(self, path):
        self.self_cost = collections.Counter()   # function
        self.inclusive = collections.Counter()   # function, from its callers' call lines
        self.calls = collections.Counter()       # function
        self.files = {}                          # function -> the source file most of it comes from
        self.names = {"fl": {}, "fn": {}, "ob": {}}
        self._parse(path)

    def _name(self, kind, text):
        m = re.match(r"\((\d+)\)(?: (.*))?$", text)
        table = self.names[kind]
        if m[2] is not None:
            table[m[1]] = m[2]
        return table[m[1]]

    def _parse(self, path):
        file = fn = called = ""
        in_call = False
        by_file = collections.defaultdict(collections.Counter)
        for line in open(path, errors="replace"):
            c = line[0]
            if c in "0123456789+-*":
                cost = int(line.split()[1])
                if in_call:
                    # recursion through a cycle would count twice; none of the stages does that
                    self.inclusive[called] += cost
                    in_call = False
                else:
                    self.self_cost[fn] += cost
                    by_file[fn][file] += cost
            elif line.startswith(("fl=", "fi=", "fe=")):
                file = self._name("fl", line[3:].strip())
            elif line.startswith("fn="):
                fn = self._name("fn", line[3:].strip())
            elif line.startswith("cfn="):
                called = self._name("fn", line[4:].strip())
            elif line.startswith(("cfi=", "cfl=")):
                self._name("fl", line[4:].strip())
            elif line.startswith("ob="):
                self._name("ob", line[3:].strip())
            elif line.startswith("cob="):
                self._name("ob", line[4:].strip())
            elif line.startswith("calls="):
                in_call = True
                self.calls[called] += int(line[6:].split()[0])
        for fn, files in by_file.items():
            sources = [f for f in files if f.endswith(".c")] or list(files)
            self.files[fn] = max(sources, key=lambda f: files[f])

    def families(self):
        out = collections.Counter()
        for fn, cost in self.self_cost.items():
            for name, pattern in FAMILIES:
                if re.search(pattern, self.files[fn]) or re.match(r"_*" + pattern, fn):
                    out[name] += cost
                    break
            else:
                out["other"] += cost
        return out

    def stages(self):
        out = collections.Counter()
        for name, roots, *without in STAGES:
            cost = sum(self.inclusive[f] for f in roots)
            for f in without[0] if without else []:
                cost -= self.inclusive[f]
            out[name] = cost
        return out


def run(command, out):
    full = ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out] + command
    p = subprocess.run(full, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    m = re.search(r"Collected\s*:\s*(\d+)", p.stderr)
    if p.returncode or not m:
        sys.exit("failed: " + " ".join(full) + "\n" + p.stderr[-2000:])
    return int(m[1])


def clip_size(path):
    with open(path, "rb") as f:
        head = f.readline().decode()
    return int(re.search(r" W(\d+)", head)[1]), int(re.search(r" H(\d+)", head)[1])


def commands(args, preset, clip, out):
    common = ["--preset", preset, "--tune", args.tune, "--threads", "1", "--crf", str(args.crf), "--frames",
              str(args.frames), "-o", out, clip, "--quiet"]
    yield "avocet", [args.avocet, "encode"] + common + args.options.split()
    if args.x264:
        yield "x264", [args.x264, "--no-progress"] + common


def measure(args, preset, work):
    """Totals per encoder and clip, instructions per macroblock, and the summed profile of ours."""
    tiny = os.path.join(work, "tiny.y4m")
    with open(tiny, "wb") as f:
        f.write(b"YUV4MPEG2 W16 H16 F25:1 Ip C420jpeg\nFRAME\n" + bytes([128] * 384))
    base = {}
    for name, command in commands(args, preset, tiny, os.path.join(work, "tiny.264")):
        base[name] = run(command, os.devnull)
    rows, mbs_sum = [], 0
    families, stages, functions, calls = (collections.Counter() for _ in range(4))
    for clip in args.clip:
        w, h = clip_size(clip)
        mbs = ((w + 15) // 16) * ((h + 15) // 16) * args.frames
        mbs_sum += mbs
        row = {"clip": os.path.splitext(os.path.basename(clip))[0]}
        for name, command in commands(args, preset, clip, os.path.join(work, "out.264")):
            grind = os.path.join(work, name + ".callgrind")
            row[name] = (run(command, grind) - base[name]) / mbs
            row[name + " bits"] = os.path.getsize(os.path.join(work, "out.264")) * 8 / mbs
            if name == "avocet":
                p = Profile(grind)
                families.update(p.families())
                stages.update(p.stages())
                functions.update(p.self_cost)
                calls.update(p.calls)
        rows.append(row)
    for table in (families, stages, functions, calls):
        for k in table:
            table[k] /= mbs_sum
    return rows, families, stages, functions, calls


def print_table(markdown, head, rows):
    if markdown:
        print("| " + " | ".join(head) + " |")
        print("| --- |" + " ---: |" * (len(head) - 1))
        for r in rows:
            print("| " + " | ".join(r) + " |")
    else:
        widths = [max(len(r[i]) for r in [head] + rows) for i in range(len(head))]
        for r in [head] + rows:
            print(r[0].ljust(widths[0]) + "".join("  " + v.rjust(w) for v, w in zip(r[1:], widths[1:])))
    print()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--avocet", required=True, help="our program")
    ap.add_argument("--x264", help="the program to compare with")
    ap.add_argument("--clip", nargs="+", required=True, help=".y4m files")
    ap.add_argument("--presets", nargs="+", default=PRESETS)
    ap.add_argument("--frames", type=int, default=20)
    ap.add_argument("--crf", type=int, default=26)
    ap.add_argument("--tune", default="psnr")
    ap.add_argument("--options", default="", help="more options for our program, in one argument")
    ap.add_argument("--functions", type=int, default=0, help="list this many functions too")
    ap.add_argument("--markdown", action="store_true")
    args = ap.parse_args()
    totals, families, stages = [], {}, {}
    with tempfile.TemporaryDirectory() as work:
        for preset in args.presets:
            rows, families[preset], stages[preset], functions, calls = measure(args, preset, work)
            for r in rows:
                line = [preset, r["clip"], f"{r['avocet']:.0f}", f"{r['avocet bits']:.1f}"]
                if args.x264:
                    line += [f"{r['x264']:.0f}", f"{r['x264 bits']:.1f}", f"{r['avocet'] / r['x264']:.2f}"]
                totals.append(line)
            if args.functions:
                print(preset)
                print("      self     calls  of each")
                for fn, cost in functions.most_common(args.functions):
                    print(f"  {cost:8.0f}  {calls[fn]:8.2f}  {cost / max(calls[fn], 1e-6):7.0f}  {fn}")
                print()
    head = ["preset", "clip", "avocet", "bits"]
    if args.x264:
        head += ["x264", "bits", "ratio"]
    print("Instructions and bits per macroblock")
    print()
    print_table(args.markdown, head, totals)
    for title, tables in (("By stage, inclusive", stages), ("By family, self", families)):
        names = [n for n, *_ in (STAGES if tables is stages else FAMILIES)] + (["other"] if tables is families else [])
        print(title + ", instructions per macroblock")
        print()
        print_table(args.markdown, ["", *args.presets],
                    [[n] + [f"{tables[p][n]:.0f}" for p in args.presets] for n in names])


if __name__ == "__main__":
    main()
