#!/usr/bin/env python3
"""The encoder's reconstruction against FFmpeg's decoder, over combinations of options and small clips.

Each case encodes a clip with --recon and then demands:
  - FFmpeg decodes the stream without a word and gives the reconstruction, sample by sample, in display order;
  - ffprobe shows profile, level, size, colour, aspect ratio and number of pictures as asked;
  - no distance of keyframes above keyint, no run of B pictures above bframes;
  - access unit delimiters, parameter sets and slices are where the options want them.
Every fourth case is encoded once more with another number of threads and other kernels: the bytes must be the same.

The combinations cover all pairs of values of all options (pairwise.py), and random ones fill up to --count.

    match.py --avocet build/avocet [--count 420] [--jobs 4] [--only 17] [--keep DIR] [--list] [--full]
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clips  # noqa: E402
import pairwise  # noqa: E402
import stream  # noqa: E402

SEED = 1
TIMEOUT = 300

CQM4 = ",".join(str(6 + 3 * (i // 4 + i % 4)) for i in range(16))
CQM8 = ",".join(str(9 + 2 * (i // 8 + i % 8)) for i in range(64))


def choice(option, *values):
    """The option left out, then with each value."""
    return [[]] + [[f"--{option}", str(v)] for v in values]


def switch(option):
    return [[], [f"--{option}"]]


# Values whose combinations cannot contradict each other: what belongs together is one option here.
OPTIONS = {
    "preset": choice("preset", "ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow",
                     "placebo"),
    "tune": choice("tune", "psnr", "ssim", "film", "animation", "grain", "stillimage", "screen", "fastdecode", "zerolatency",
                   "ssim,fastdecode,zerolatency"),
    "profile": choice("profile", "baseline", "main", "high"),
    "level": choice("level", "2.1", "3", "3.1", "4.1", "5.1", "6.2"),
    "rate": [[], ["--qp", "0"], ["--qp", "10"], ["--qp", "23"], ["--qp", "36"], ["--qp", "51"], ["--crf", "16"], ["--crf", "31.5"],
             ["--crf", "60"], ["--bitrate", "6"], ["--bitrate", "12", "--vbv-maxrate", "12", "--vbv-bufsize", "10"],
             ["--bitrate", "150"], ["--bitrate", "1M", "--vbv-bufsize", "1M"],
             ["--bitrate", "300k", "--vbv-maxrate", "400k", "--vbv-bufsize", "300k", "--nal-hrd", "vbr"],
             ["--bitrate", "400k", "--vbv-bufsize", "400k", "--nal-hrd", "cbr"], ["--bitrate", "20k", "--vbv-bufsize", "8k"],
             ["--crf", "20", "--vbv-maxrate", "800", "--vbv-bufsize", "800"], ["--qp", "30", "--qpmin", "12", "--qpmax", "40"]],
    "pass": [[], [], [], ["--pass", "1", "--stats", os.devnull]],
    "keyint": [[], ["--keyint", "1"], ["--keyint", "2"], ["--keyint", "5"], ["--keyint", "9", "--min-keyint", "4"],
               ["--keyint", "infinite"]],
    "scenecut": [[], ["--no-scenecut"], ["--scenecut", "90"]],
    "intra-refresh": [[], [], [], [], [], ["--intra-refresh", "--keyint", "6"]],
    "bframes": choice("bframes", 0, 1, 2, 3, 5, 7, 16),
    "b-adapt": choice("b-adapt", 0, 1, 2),
    "b-pyramid": choice("b-pyramid", "none", "strict", "normal"),
    "ref": choice("ref", 1, 2, 4, 7, 16),
    "long-term": choice("long-term", 1, 3),
    "cabac": [[], ["--no-cabac"], ["--cabac"]],
    "8x8dct": [[], ["--no-8x8dct"], ["--8x8dct"]],
    "partitions": choice("partitions", "none", "all", "i4x4", "i8x8", "p8x8,p4x4", "b8x8", "p8x8,b8x8,i4x4"),
    "direct": choice("direct", "none", "spatial", "temporal", "auto"),
    "weightp": choice("weightp", 0, 1, 2),
    "weightb": [[], ["--no-weightb"], ["--weightb"], ["--weightb", "2"]],
    "me": choice("me", "dia", "hex", "umh", "esa", "tesa"),
    "merange": choice("merange", 4, 24),
    "subme": choice("subme", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    "trellis": choice("trellis", 0, 1, 2),
    "deblock": [[], ["--no-deblock"], ["--deblock", "-6:-6"], ["--deblock", "6:6"], ["--deblock", "-2:3"], ["--no-deblock-trial"],
                ["--deblock", "1:-1", "--deblock-trial"], ["--deblock-trial"]],
    "cqm": [[], ["--cqm", "jvt"], ["--cqm4", CQM4, "--cqm8", CQM8], ["--cqm4py", CQM4], ["--cqm8i", CQM8]],
    "chroma-qp-offset": choice("chroma-qp-offset", -12, 5, 12),
    "slices": choice("slices", 2, 3, 9),
    "constrained-intra": switch("constrained-intra"),
    "aud": switch("aud"),
    "repeat-headers": [[], ["--no-repeat-headers"]],
    "pic-struct": switch("pic-struct"),
    "sei-version": [[], ["--no-sei-version"]],
    "sar": choice("sar", "16:11", "7:5"),
    "colour": [[], ["--color", "bt709", "--range", "pc"], ["--colorprim", "bt2020", "--transfer", "smpte2084"],
               ["--videoformat", "pal", "--overscan", "show", "--chromaloc", "2"]],
    "rc-lookahead": choice("rc-lookahead", 0, 3, 60),
    "temporal-filter": [[], ["--temporal-filter", "0"], ["--temporal-filter", "10"]],
    "mbtree": [[], ["--no-mbtree"], ["--no-steady"]],
    "aq": [[], ["--aq-mode", "0"], ["--aq-mode", "1", "--aq-strength", "2"], ["--aq-mode", "2"]],
    "psy-rd": [[], ["--no-psy"], ["--psy-rd", "2"]],
    "fast": [[], ["--no-fast-pskip"], ["--no-dct-decimate"], ["--no-chroma-me"], ["--no-mixed-refs"], ["--no-qp-rd"]],
    "threads": choice("threads", 1, 2, 5),
    "cpu": choice("cpu", "c", "sse41", "avx2", "avx512"),
    "metrics": [[], ["--psnr"], ["--ssim"], ["--psnr", "--ssim"]],
    "seek": [[], [], [], ["--seek", "3"]],
}


# Threads and kernels of second encodes.
MACHINES = [("1", "c"), ("8", "sse41"), ("3", "avx2"), ("16", "avx512"), ("4", "c"), ("2", "auto"), ("1", "avx512")]


class Failure(Exception):
    pass


def demand(condition, text):
    if not condition:
        raise Failure(text)


def run(words):
    try:
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failure(f"no end after {TIMEOUT} s: {words[0]}")


def y4m_frames(path):
    """Size and pictures of a y4m file, grey ones with neutral chroma."""
    with open(path, "rb") as f:
        data = f.read()
    head, _, body = data.partition(b"\n")
    tags = {t[:1].decode(): t[1:].decode() for t in head.split(b" ")[1:]}
    w, h = int(tags["W"]), int(tags["H"])
    size = w * h if tags["C"] == "mono" else w * h + 2 * ((w + 1) // 2) * ((h + 1) // 2)
    demand(len(body) % (size + 6) == 0, "the reconstruction has a broken size")
    neutral = bytes([128]) * (2 * ((w + 1) // 2) * ((h + 1) // 2)) if tags["C"] == "mono" else b""
    return w, h, [body[i + 6:i + 6 + size] + neutral for i in range(0, len(body), size + 6)]


def check_decoding(path, width, height, recon):
    """recon: the pictures as FFmpeg shows them (grey with neutral chroma, as its decoder does)."""
    raw = path + ".yuv"
    r = run(["ffmpeg", "-v", "warning", "-nostdin", "-y", "-threads", "1", "-i", path, "-fps_mode", "passthrough", "-f", "rawvideo", raw])
    said = r.stderr.decode(errors="replace").strip()
    demand(r.returncode == 0, f"ffmpeg fails: {said[-400:]}")
    demand(not said, f"ffmpeg warns: {said[-400:]}")
    with open(raw, "rb") as f:
        decoded = f.read()
    os.unlink(raw)
    size = len(recon[0])
    demand(len(decoded) == size * len(recon), f"{len(decoded) / size:g} pictures decoded, {len(recon)} in the reconstruction")
    for n, ours in enumerate(recon):
        theirs = decoded[n * size:(n + 1) * size]
        if ours != theirs:
            at = next(i for i in range(size) if ours[i] != theirs[i])
            wrong = sum(a != b for a, b in zip(ours, theirs))
            plane = 0 if at < width * height else 1 + (at - width * height >= (size - width * height) // 2)
            row = width if plane == 0 else (width + 1) // 2
            base = 0 if plane == 0 else width * height + (plane - 1) * ((size - width * height) // 2)
            y, x = divmod(at - base, row)
            raise Failure(f"picture {n} differs in {wrong} samples, first in plane {plane} at x {x} y {y}: "
                          f"decoder {theirs[at]}, reconstruction {ours[at]}")


def check_own_decoding(avocet, path, recon, number):
    """Our own decoder, at changing numbers of threads."""
    r = run([avocet, "decode", path, "--md5", "--quiet", "--threads", str(1 + number % 3)])
    demand(r.returncode == 0 and not r.stderr, f"avocet decode: exit {r.returncode}: {r.stderr.decode(errors='replace')[-400:]}")
    ours = hashlib.md5(b"".join(recon)).hexdigest()
    demand(r.stdout.decode().strip() == ours, "avocet decode gives other pictures than the reconstruction")


def check_probe(path, summary, clip, frames):
    r = run(["ffprobe", "-v", "error", "-show_streams", "-show_frames", "-of", "json", path])
    probe = json.loads(r.stdout)
    s, settings = probe["streams"][0], summary["settings"]
    mono = clip.mono and settings["profile"] == "high"
    want_w = clip.width if mono else clip.width + clip.width % 2
    want_h = clip.height if mono else clip.height + clip.height % 2
    demand((s["width"], s["height"]) == (want_w, want_h), f"ffprobe: size {s['width']}x{s['height']}, not {want_w}x{want_h}")
    profile = {"baseline": "Constrained Baseline", "main": "Main", "high": "High"}[settings["profile"]]
    demand(s["profile"] == profile, f"ffprobe: profile {s['profile']}, not {profile}")
    demand(s["level"] == summary["level_idc"], f"ffprobe: level {s['level']}, not {summary['level_idc']}")
    demand(s["pix_fmt"] in ("yuv420p", "yuvj420p", "gray"), f"ffprobe: {s['pix_fmt']}")
    demand(s.get("color_range") == settings["range"], f"ffprobe: range {s.get('color_range')}, not {settings['range']}")
    for ours, theirs in (("colorprim", "color_primaries"), ("transfer", "color_transfer"), ("colormatrix", "color_space")):
        demand(s.get(theirs) == settings[ours], f"ffprobe: {theirs} {s.get(theirs)}, not {settings[ours]}")
    if settings["sar"] != "1:1":
        demand(s.get("sample_aspect_ratio") == settings["sar"], f"ffprobe: sample aspect ratio {s.get('sample_aspect_ratio')}")
    num, _, den = settings["fps"].partition("/")
    rate = s["r_frame_rate"].split("/")
    demand(int(rate[0]) * int(den or 1) == int(num) * int(rate[1]), f"ffprobe: {s['r_frame_rate']} fps, not {settings['fps']}")
    shown = [f for f in probe["frames"] if f.get("media_type") == "video"]
    demand(len(shown) == frames, f"ffprobe: {len(shown)} pictures, not {frames}")
    check_structure(shown, settings)


def check_structure(shown, settings):
    demand(shown[0]["key_frame"] == 1, "the first picture is no keyframe")
    run_of_b, since_key = 0, 0
    keyint = 1 << 30 if settings["keyint"] == "infinite" else int(settings["keyint"])
    for n, frame in enumerate(shown):
        run_of_b = run_of_b + 1 if frame["pict_type"] == "B" else 0
        demand(run_of_b <= int(settings["bframes"]), f"{run_of_b} B pictures in a row at picture {n}")
        since_key = 0 if frame["key_frame"] else since_key + 1
        demand(since_key < keyint or settings["intra-refresh"] == "1", f"no keyframe within {keyint} pictures at picture {n}")


def check_units(path, settings, frames):
    with open(path, "rb") as f:
        units = stream.access_units(f.read())
    demand(len(units) == frames, f"{len(units)} access units for {frames} pictures")
    for n, unit in enumerate(units):
        kinds = [kind for kind, _, _ in unit]
        demand((kinds[0] == stream.AUD) == (settings["aud"] == "1"), f"access unit {n}: delimiter")
        if stream.IDR in kinds and (n == 0 or settings["repeat-headers"] == "1"):
            demand(stream.SPS in kinds and stream.PPS in kinds, f"access unit {n}: no parameter sets")
        elif n > 0 and settings["repeat-headers"] == "0":
            demand(stream.SPS not in kinds, f"access unit {n}: parameter sets repeated")
        slices = sum(kind in (stream.SLICE, stream.IDR) for kind in kinds)
        demand(slices == max(1, int(settings["slices"])), f"access unit {n}: {slices} slices, not {settings['slices']}")


def check_same_bytes(words, path, threads, cpu):
    other = path + ".again.264"
    again = [w for w in words]
    for option in ("--recon", "--json"):
        i = again.index(option)
        del again[i:i + 2]
    again[again.index("-o") + 1] = other
    r = run(again + ["--threads", threads, "--cpu", cpu])
    title = f"with {threads} threads and {cpu} kernels"
    demand(r.returncode == 0, f"{title}: exit {r.returncode}: {r.stderr.decode(errors='replace')[-300:]}")
    with open(path, "rb") as a, open(other, "rb") as b:
        demand(a.read() == b.read(), f"{title} the bytes differ")
    os.unlink(other)


class Case:
    def __init__(self, number, clip, words):
        self.number, self.clip, self.words = number, clip, words
        self.seek = 3 if "--seek" in words else 0

    def command(self, avocet, folder):
        out = os.path.join(folder, f"{self.number}.264")
        return out, [avocet, "encode", *self.clip.words, *self.words, "--quiet", "-o", out, "--recon", out + ".y4m", "--json", out + ".json"]

    def check(self, avocet, folder):
        out, words = self.command(avocet, folder)
        r = run(words)
        demand(r.returncode == 0, f"exit {r.returncode}: {r.stderr.decode(errors='replace')[-600:]}")
        demand(not r.stderr, f"says: {r.stderr.decode(errors='replace')[-300:]}")
        with open(out + ".json") as f:
            summary = json.load(f)
        width, height, recon = y4m_frames(out + ".y4m")
        # testsrc makes as many pictures as asked; files end.
        frames = self.clip.frames if self.clip.words[0] == "testsrc" else self.clip.frames - self.seek
        demand(len(recon) == frames, f"{len(recon)} pictures in the reconstruction, not {frames}")
        demand(summary["pictures"] == frames, f"{summary['pictures']} pictures in the summary, not {frames}")
        check_decoding(out, width, height, recon)
        check_own_decoding(avocet, out, recon, self.number)
        check_probe(out, summary, self.clip, frames)
        check_units(out, summary["settings"], frames)
        if self.number % 4 == 0:
            check_same_bytes(words, out, *MACHINES[self.number // 4 % len(MACHINES)])


def make_cases(folder, count, seed):
    sources = clips.small_clips(folder)
    options = {"clip": sources, **OPTIONS}
    chosen = pairwise.combinations(options, seed, count)
    demand(pairwise.uncovered(options, chosen) == 0, "the generator left pairs out")
    cases = []
    for number, pick in enumerate(chosen):
        words = [w for name in OPTIONS for w in OPTIONS[name][pick[name]]]
        cases.append(Case(number, sources[pick["clip"]], words))
    return cases


def make_full_cases(folder):
    cases = []
    for clip in clips.full_clips(folder):
        for preset in ("superfast", "veryfast", "medium"):
            cases.append(Case(4 * len(cases) + 1, clip, ["--preset", preset, "--psnr"]))
    return cases


def run_case(case, avocet, folder, keep):
    work = tempfile.mkdtemp(dir=folder)
    try:
        case.check(avocet, work)
        reason = None
    except Failure as e:
        reason = str(e)
    except Exception as e:  # a broken summary or probe is the case's failure, not the run's
        reason = f"{type(e).__name__}: {e}"
    if reason and keep:
        target = os.path.join(keep, str(case.number))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(work, target)
        if os.path.isfile(case.clip.words[0]):
            shutil.copy(case.clip.words[0], target)
    shutil.rmtree(work)
    return case, reason


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--avocet", default=os.environ.get("AVOCET", os.path.join(clips.ROOT, "build", "avocet")))
    ap.add_argument("--count", type=int, default=420, help="cases at least")
    ap.add_argument("--seed", type=int, default=SEED)
    ap.add_argument("--jobs", type=int, default=os.cpu_count())
    ap.add_argument("--only", type=int, nargs="+", help="numbers of cases")
    ap.add_argument("--stride", type=int, default=1, help="every n-th case only, for a quick look")
    ap.add_argument("--keep", help="folder for the files of failed cases")
    ap.add_argument("--list", action="store_true", help="print the commands and stop")
    ap.add_argument("--full", action="store_true", help="whole real clips at three presets instead of the matrix")
    a = ap.parse_args()
    for tool in ("ffmpeg", "ffprobe"):
        if not shutil.which(tool):
            print(f"match: {tool} is not installed\n0 passed, 1 failed")
            return 1
    with tempfile.TemporaryDirectory(prefix="avocet-match-") as folder:
        cases = make_full_cases(folder) if a.full else make_cases(folder, a.count, a.seed)
        cases = [c for c in cases[::a.stride] if not a.only or c.number in a.only]
        if a.list:
            for c in cases:
                print(c.number, " ".join(c.command(a.avocet, ".")[1]))
            return 0
        failed = 0
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            for case, reason in pool.map(lambda c: run_case(c, a.avocet, folder, a.keep), cases):
                if reason:
                    failed += 1
                    print(f"FAILED {case.number}: {case.clip.name}: {reason}\n    avocet encode "
                          + " ".join(case.clip.words + case.words), flush=True)
    if a.full and not cases:
        print("match: no real clips found, nothing to do")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
