#!/usr/bin/env python3
"""Is the compression that was reached still there?

Most tools cannot be switched off one by one, and one that does nothing any more, or a sign turned round, is not seen by a
decoder. So kept.json holds the bytes and the quality of four small clips at three qualities with the settings below. As the
encoder gives the same bytes on every machine, any difference is a change of the encoder: bits at equal quality, on the mean of
the clips, may grow by LIMIT percent at most. And each preset must save bits against the one before,
and a few tools in their preset.

    test_kept.py [--record]

--record writes kept.json anew. Do so when bits were saved, so that they stay saved, and when some are given up on purpose; then
bench/history.csv says for what. Without the real clips (see tests/match/clips.py) there is nothing to compare.
"""
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path[:0] = [TESTS, os.path.join(TESTS, "match"), os.path.join(os.path.dirname(TESTS), "bench")]
import clips  # noqa: E402
import rd  # noqa: E402
from tally import AVOCET, QUICK, T, check, need_program, skip  # noqa: E402

RECORD = os.path.join(HERE, "kept.json")
LIMIT = 0.7
FRAMES = 33
JOBS = 2
# Those that are no multiples of 16 high move up or down: what is done to lines that nobody sees counts there.
CLIPS = (("foreman_cif", 176, 144, 90, 60), ("mobile_cif", 176, 136, 90, 80), ("bunny_640x360", 192, 152, 200, 208),
         ("autumnstreet_720p", 192, 144, 500, 300))
QUALITIES = (23, 29, 35)
METRICS = ("psnr", "ssim")
# Each saves so many percent at least against the one before.
PRESETS = {"ultrafast": None, "superfast": 15, "veryfast": 5, "faster": 4, "fast": 3, "medium": 2.5, "slow": 2, "slower": 1}
SETTINGS = (
    *(f"--preset {preset} --tune psnr --crf" for preset in PRESETS),
    "--preset medium --tune ssim --crf",
    "--preset medium --crf",
    "--preset veryfast --tune psnr,zerolatency --crf",
    "--preset medium --tune psnr,zerolatency --crf",
    "--preset medium --tune psnr,zerolatency --profile baseline --qp",
)
# Tools that the scene of test_worth.py is too small and too dark for, within which settings, and what each saves at least.
TOOLS = (("--no-qp-rd", "--preset slower --tune psnr", 0.5), ("--subme 8", "--preset slower --tune psnr", 0.4))


def encode(clip, settings, quality):
    """Bytes, PSNR of all planes and SSIM, both in dB."""
    words = [AVOCET, "encode", *clip.words, *settings.split(), str(quality), "--psnr", "--ssim", "--no-sei-version", "--quiet", "--json",
             "-", "-o", os.devnull]
    r = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if r.returncode:
        sys.exit(f"{' '.join(words)}: {r.stderr[-300:]}")
    of = json.loads(r.stdout)["types"]["all"]
    return [of["bytes"], round((6 * of["psnr_y"] + of["psnr_u"] + of["psnr_v"]) / 8, 4), of["ssim_db"]]


def measure(small, settings):
    """{settings: {clip: a point per quality}}"""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        jobs = {(s, c.name): [pool.submit(encode, c, s, q) for q in QUALITIES] for s in settings for c in small}
        return {s: {c.name: [job.result() for job in jobs[s, c.name]] for c in small} for s in settings}


def growth(before, now, metric):
    """Percent more bits at equal quality, on the mean of the clips."""
    def curve(points):
        return [{"kbps": p[0], "psnr": p[1], "ssim": p[2]} for p in points]
    return statistics.mean(rd.rate_difference(curve(before[name]), curve(now[name]), metric) for name in now)


def test_kept(now):
    with open(RECORD, encoding="utf-8") as f:
        before = json.load(f)
    for settings in SETTINGS:
        for metric in METRICS:
            got = growth(before[settings], now[settings], metric)
            print(f"{settings:66} {metric} {got:+.2f} %")
            check(got <= LIMIT, f"{settings}: {got:+.2f} % of bits by {metric}, at most {LIMIT}")


def test_presets(now):
    before = None
    for preset, least in PRESETS.items():
        points = now[f"--preset {preset} --tune psnr --crf"]
        for metric in METRICS if before else ():
            got = -growth(before, points, metric)
            print(f"{preset:9} saves {got:.2f} % by {metric}, at least {least}")
            check(got >= least, f"{preset} saves {got:.2f} % of bits by {metric} against the preset before, not {least}")
        before = points


def test_tools(small, now):
    without = measure(small, [f"{settings} {less} --crf" for less, settings, _ in TOOLS])
    for less, settings, least in TOOLS:
        for metric in METRICS:
            got = growth(now[f"{settings} --crf"], without[f"{settings} {less} --crf"], metric)
            print(f"{less} of {settings} costs {got:.2f} % by {metric}, at least {least}")
            check(got >= least, f"without {less} of {settings}: {got:.2f} % more bits by {metric}, not {least}")


def record(now):
    lines = (f" {json.dumps(s)}: {{\n" + ",\n".join(f"  {json.dumps(c)}: {points}" for c, points in of.items()) + "\n }"
             for s, of in now.items())
    with open(RECORD, "w", encoding="utf-8") as f:
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    need_program()
    with tempfile.TemporaryDirectory() as folder:
        small = [clips.cut(folder, name, 0, FRAMES, crop) for name, *crop in CLIPS]
        if None in small or QUICK:
            skip("no real clips" if None in small else "what is kept: quick run")
        elif "--record" in sys.argv[1:]:
            record(measure(small, SETTINGS))
        else:
            now = measure(small, SETTINGS)
            test_kept(now)
            test_presets(now)
            test_tools(small, now)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
