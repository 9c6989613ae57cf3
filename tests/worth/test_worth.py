#!/usr/bin/env python3
"""Is every tool worth something? A decoder cannot tell: a stream whose decisions are poor is as legal as any.

One clip, the encoder's own scene (pans, objects, a cut, fades), is encoded with and without each tool at three qualities; the
bits at equal quality must differ by a third to a half of what was measured when the line was written, so that the tools may be
traded against each other, but one that does nothing any more, or has its sign turned round, is noticed. Beside it: the presets,
what a CRF number means, cuts, flashes and fades.
"""
import concurrent.futures
import functools
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, QUICK, ROOT, T, check  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "bench"))
import rd  # noqa: E402

SCENE = ("testsrc", "--size", "320x192", "--frames", "50")
WIDTH, HEIGHT = 320, 192
QUALITIES = (20, 26, 32)
JOBS = 2

# What is switched off or replaced, within which settings, the metric, and the percentage of bits that it saves at least.
TOOLS = [
    ("--no-mbtree", "--tune psnr", "psnr", 5),
    ("--no-mbtree", "--tune psnr --preset veryfast", "psnr", 2),
    ("--no-aq-mode", "--tune ssim", "ssim", 1),
    ("--no-weightp", "--tune psnr,zerolatency", "psnr", 10),
    ("--no-weightp", "--tune psnr --bframes 0", "psnr", 8),
    ("--no-temporal-filter", "--tune psnr", "psnr", 0.4),
    ("--no-trellis", "--tune psnr --preset faster", "psnr", 1),
    ("--no-trellis", "--tune psnr --preset slow", "psnr", 4),
    ("--no-trellis", "--tune psnr --no-cabac", "psnr", 0.5),
    ("--subme 0", "--tune psnr --preset fast", "psnr", 6),
    ("--subme 5", "--tune psnr", "psnr", 4),
    ("--subme 7", "--tune psnr --preset slow", "psnr", 1),
    ("--bframes 0", "--tune psnr", "psnr", 4),
    ("--b-pyramid none", "--tune psnr", "psnr", 5),
    ("--direct none", "--tune psnr", "psnr", 2),
    ("--lookahead 0 --bframes 0", "--tune psnr", "psnr", 3),
    ("--no-cabac", "--tune psnr", "psnr", 8),
    ("--no-8x8dct", "--tune psnr", "psnr", 3),
    ("--partitions none", "--tune psnr", "psnr", 10),
    ("--no-deblock", "--tune psnr", "psnr", 2),
    ("--no-deblock-trial", "--tune psnr", "ssim", 0.5),
    ("--no-dct-decimate", "--tune psnr --preset veryfast", "psnr", 1),
    ("--no-weightb", "--tune psnr", "psnr", 0.5),
    ("--ref 1", "--tune psnr,zerolatency", "psnr", 2),
]
# Each saves so many percent against the one before.
PRESETS = [("superfast", 15), ("veryfast", 0), ("faster", 0.5), ("fast", 4), ("medium", 0.5), ("slow", 1)]

FOLDER = tempfile.mkdtemp(prefix="avocet-worth-")


def run(*words):
    r = subprocess.run([AVOCET, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if r.returncode:
        check(False, f"{' '.join(words)}: {r.stderr[-300:]}")
    return r


@functools.lru_cache(None)
def point(options, crf, source=SCENE):
    """PSNR of all errors together: the mean over pictures would be that of the black one in the fade."""
    r = run("encode", *source, *options.split(), "--crf", str(crf), "--psnr", "--ssim", "--quiet", "--json", "-", "-o", os.devnull)
    summary = json.loads(r.stdout)
    every = summary["types"]["all"]
    chroma = (every["psnr_u"] + every["psnr_v"]) / 2
    return {"kbps": summary["kbps"], "psnr": every["psnr_global_y"], "ssim": every["ssim_db"], "chroma": chroma}


def saving(without, with_it, metric="psnr", source=SCENE):
    """Percent of bits saved at equal quality."""
    jobs = [(options, crf, source) for options in (without, with_it) for crf in QUALITIES]
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        points = list(pool.map(lambda job: point(*job), jobs))
    n = len(QUALITIES)
    return -rd.rate_difference(points[:n], points[n:], metric)


def test_tools():
    for less, settings, metric, least in TOOLS[::6] if QUICK else TOOLS:
        got = saving(f"{settings} {less}", settings, metric)
        print(f"{less:28} {settings:32} {metric} {got:6.2f} %, at least {least}")
        check(got >= least, f"without {less} of {settings}: {got:.2f} % of bits saved by {metric}, not {least}")


def test_presets():
    before = "ultrafast"
    for preset, least in PRESETS[:2] if QUICK else PRESETS:
        got = saving(f"--tune psnr --preset {before}", f"--tune psnr --preset {preset}")
        print(f"{preset:9} against {before:9} {got:6.2f} %, at least {least}")
        check(got >= least, f"{preset} saves {got:.2f} % of bits against {before}, not {least}")
        before = preset


def test_crf():
    """The number means about the same quality whatever tools are on."""
    plain = point("--tune psnr --no-mbtree", 26)["psnr"]
    for options in ("--tune psnr", "--tune psnr --bframes 0", "--tune psnr --preset ultrafast"):
        got = point(options, 26)["psnr"]
        check(abs(got - plain) < 2.5, f"--crf 26 {options}: {got:.2f} dB, {plain:.2f} without mbtree")
    check(34 < plain < 42, f"--crf 26: {plain:.2f} dB")


def texture(options):
    """Mean difference of luma from column to column in the reconstruction of the first pictures."""
    stream, path = os.path.join(FOLDER, "texture.264"), os.path.join(FOLDER, "texture.yuv")
    run("encode", *SCENE[:3], "--frames", "8", *options.split(), "--quiet", "-o", stream)
    run("decode", stream, "-o", path, "--quiet")
    with open(path, "rb") as f:
        data = f.read()
    total = count = 0
    for start in range(0, len(data), WIDTH * HEIGHT * 3 // 2):
        plane = data[start:start + WIDTH * HEIGHT]
        total += sum(abs(a - b) for a, b in zip(plane, plane[1:]))
        count += len(plane)
    return total / count


def test_psy_keeps_texture():
    """In the choice of modes and in that of levels. Lines that intra prediction draws through noise are no texture."""
    for options, least in ("--trellis 0 --psy-rd 1", 1.01), ("--psy-rd 1", 1.005), ("--psy-rd 2", 1.02):
        got, none = texture(f"--crf 30 {options}"), texture(f"--crf 30 {options} --no-psy")
        check(got > least * none, f"texture with {options}: {got:.3f}, without psy {none:.3f}")


def write_dark_noise(path, pictures=2):
    """Faint shapes and colours in the dark under strong noise."""
    source = random.Random(1)

    def plane(width, height, base, contrast, noise, phase):
        def sample(x, y):
            shape = math.sin((x + phase) * 6.28 / (0.21 * width)) * math.cos((1.3 * y + phase) * 14.4 / height)
            return min(255, max(0, round(base + contrast * shape + source.gauss(0, noise))))
        return bytes(sample(x, y) for y in range(height) for x in range(width))

    with open(path, "wb") as f:
        f.write(b"YUV4MPEG2 W%d H%d F25:1 C420jpeg\n" % (WIDTH, HEIGHT))
        for n in range(pictures):
            f.write(b"FRAME\n" + plane(WIDTH, HEIGHT, 34, 15, 3, 3 * n))
            f.write(plane(WIDTH // 2, HEIGHT // 2, 126, 5, 2, 1.5 * n) + plane(WIDTH // 2, HEIGHT // 2, 131, 6, 2, 1.5 * n + 20))


def block_sums(plane, width, size):
    rows = [sum(plane[i:i + size]) for i in range(0, len(plane), size)]  # of each line of each block
    across = width // size
    return [sum(rows[y + x + k * across] for k in range(size)) for y in range(0, len(rows), size * across) for x in range(across)]


def error_of_means(source, other):
    """Luma's, of 8x8, and chroma's, of 4x4, in dB."""
    luma = WIDTH * HEIGHT
    total = [0, 0]
    for picture in range(0, len(source), luma * 3 // 2):
        for start, length, width, size in (0, luma, WIDTH, 8), (luma, luma // 4, WIDTH // 2, 4), (luma * 5 // 4, luma // 4, WIDTH // 2, 4):
            sums = (block_sums(data[picture + start:picture + start + length], width, size) for data in (source, other))
            total[start > 0] += sum((a - b) ** 2 for a, b in zip(*sums)) / size ** 4
    return [-10 * math.log10(error) for error in total]


def means_point(path, options, crf):
    stream, decoded = os.path.join(FOLDER, "means.264"), os.path.join(FOLDER, "means.y4m")
    run("encode", path, "--keyint", "1", "--crf", str(crf), *options.split(), "--quiet", "-o", stream)
    run("decode", stream, "-o", decoded, "--quiet")
    luma, chroma = error_of_means(*(b"".join(open(name, "rb").read().split(b"FRAME\n")[1:]) for name in (path, decoded)))
    return {"kbps": os.path.getsize(stream), "luma": luma, "chroma": chroma}


def test_means_in_the_dark():
    """Intra pictures keep brightness and colour of what is too noisy to keep otherwise: no patches in the wrong colour."""
    path = os.path.join(FOLDER, "dark.y4m")
    write_dark_noise(path)
    for options, least in ("", (-6, 0)), ("--preset veryfast", (3, 6)):  # the texture of medium costs 7 and 5
        plain, with_it = ([means_point(path, options + more, crf) for crf in (26, 29, 32)] for more in (" --no-psy", ""))
        for plane, bound in zip(("luma", "chroma"), least):
            got = -rd.rate_difference(plain, with_it, plane)
            print(f"means of {plane:6} in the dark {options:18} {got:6.2f} %, at least {bound}")
            check(got >= bound, f"means of {plane} in the dark {options}: {got:.2f} % of bits saved at equal error, not {bound}")


def test_tunes():
    """Each is best at what it is named after, and they keep texture in the order of their aims."""
    rivals = ("psnr", "", "psnr", 1), ("ssim", "", "ssim", 1.5), ("ssim", "--tune psnr", "ssim", 1)
    for tune, rival, metric, least in () if QUICK else rivals:
        got = saving(rival, f"--tune {tune}", metric)
        check(got >= least, f"--tune {tune} saves {got:.2f} % by {metric} against {rival or 'none'}, not {least}")
    kept = [texture(f"--crf 30 {tune}") for tune in ("--tune animation", "", "--tune film", "--tune grain")]
    check(kept == sorted(kept) and kept[0] < kept[-1], f"texture kept for animation, by default, for film and for grain: {kept}")


def test_chroma_in_motion_search():
    """Where luma is even, only chroma tells what moves."""
    path = clip("chroma", "[0]trim=end_frame=24,lutyuv=y=120", "testsrc2=")
    settings = (path, "--tune", "psnr", "--qp", "28", "--bframes", "0", "--psnr", "--json", "-", "--quiet", "-o", os.devnull)
    of = [json.loads(run("encode", *settings, *more).stdout)["types"]["all"] for more in ((), ("--no-chroma-me",))]
    check(of[0]["bytes"] < 0.96 * of[1]["bytes"] and of[0]["psnr_all"] >= of[1]["psnr_all"],
          f"even luma: {of[0]['bytes']} bytes, without chroma in the search {of[1]['bytes']}")


def shaken():
    """A still picture seen through a hand that shakes."""
    return clip("shaken", "[0]trim=end_frame=1,loop=19:1:0,crop=176:144:x='60+36*sin(n*2.1)':y='24+20*cos(n*3.3)'", "mandelbrot=")


def test_direct_auto():
    """Uneven motion is no case for temporal prediction, and auto sees it."""
    got = saving("--tune psnr --direct temporal", "--tune psnr --direct auto", source=(shaken(),))
    check(got >= 1.5, f"--direct auto saves {got:.2f} % of bits against temporal where motion is uneven, not 1.5")


def test_odd_scroll():
    """Scrolled by an odd number of lines, chroma is filtered in every picture, were it not for references two steps away."""
    path = clip("scroll", "[0]trim=end_frame=1,loop=35:1:0,scale=320:384,format=gbrp,crop=320:192:0:3*n", "mandelbrot=")
    settings = (path, "--tune", "psnr,zerolatency", "--crf", "30", "--psnr", "--json", "-", "--quiet", "-o", os.devnull)
    of = [json.loads(run("encode", *settings, *more).stdout)["types"]["all"] for more in ((), ("--ref", "1"))]
    check(of[0]["bytes"] < 0.63 * of[1]["bytes"] and of[0]["psnr_u"] > of[1]["psnr_u"] + 0.8,
          f"scrolled by three lines: {of[0]['bytes']} bytes, U {of[0]['psnr_u']:.2f} dB, with one reference {of[1]['bytes']}, {of[1]['psnr_u']:.2f}")


def test_search():
    """The wider the search, the more is found."""
    settings = (shaken(), "--tune", "psnr,zerolatency", "--qp", "28", "--psnr", "--json", "-", "--quiet", "-o", os.devnull)
    of = [json.loads(run("encode", *settings, "--me", me).stdout)["types"]["all"] for me in ("dia", "hex", "umh")]
    for narrow, wide, me in (of[0], of[1], "hex"), (of[1], of[2], "umh"):
        check(wide["bytes"] < 0.985 * narrow["bytes"] and wide["psnr_y"] > narrow["psnr_y"] - 0.05,
              f"--me {me}: {wide['bytes']} bytes, {wide['psnr_y']:.2f} dB, {narrow['bytes']} and {narrow['psnr_y']:.2f} with the narrower search")


# ---- cuts and flashes ----

def clip(name, graph, *sources):
    path = os.path.join(FOLDER, name + ".y4m")
    words = [word for source in sources for word in ("-f", "lavfi", "-i", f"{source}size={WIDTH}x{HEIGHT}:rate=25")]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *words, "-filter_complex", graph, "-pix_fmt", "yuv420p", path], check=True)
    return path


def intra_pictures(path, *options):
    """Their numbers in order of display, and which of them are IDR."""
    r = run("encode", path, "--verbose", "-o", os.devnull, *options)
    types = {}
    for line in r.stderr.splitlines():
        words = line.split()
        if len(words) > 4 and words[1] == "pts":
            types[int(words[2])] = words[0]
    return [i for i in sorted(types) if types[i] in ("IDR", "I")], [i for i in sorted(types) if types[i] == "IDR"]


def test_cuts():
    path = clip("cuts", "[0]trim=end_frame=40[a];[1]trim=end_frame=40[b];[a][b]concat=n=2", "testsrc2=", "mandelbrot=")
    intra, idr = intra_pictures(path)
    check(intra == [0, 40] and idr == [0, 40], f"a cut at picture 40: intra {intra}, IDR {idr}")
    intra, idr = intra_pictures(path, "--min-keyint", "100")
    check(40 in intra and 40 not in idr, f"a cut before min-keyint: intra {intra}, IDR {idr}")
    intra, _ = intra_pictures(path, "--no-scenecut")
    check(intra == [0], f"--no-scenecut: intra {intra}")


def test_noise():
    """Hardly anything can be predicted in strong noise, and still it is one scene; a cut in it stands out."""
    noise = "noise=c0_seed=7:alls=%d:allf=t"
    path = clip("noise", f"[0]trim=end_frame=60,{noise % 60}", "testsrc2=")
    for options in ("--keyint 30", "--keyint 30 --tune zerolatency"):
        _, idr = intra_pictures(path, *options.split())
        check(idr == [0, 30], f"strong noise, {options}: IDR {idr}")
    path = clip("noisy_cut", f"[0]trim=end_frame=40[a];[1]trim=end_frame=20[b];[a][b]concat=n=2,{noise % 30}", "testsrc2=", "mandelbrot=")
    _, idr = intra_pictures(path)
    check(idr == [0, 40], f"a cut at picture 40, in noise: IDR {idr}")


def keyframe_qp(path, number, *options):
    for line in run("encode", path, "--verbose", "-o", os.devnull, *options).stderr.splitlines():
        words = line.split()
        if words[:3] == ["IDR", "pts", str(number)]:
            return int(words[words.index("qp") + 1])
    return None


def test_new_content_at_keyframes():
    """A keyframe of another scene is not held to the quality of the one before, though cuts are not looked for."""
    for kind, first, second in ("softer", "", ",gblur=10"), ("busier", ",gblur=12", ""):
        graph = f"[0]trim=end_frame=30{first}[a];[1]trim=end_frame=30{second}[b];[a][b]concat=n=2"
        path = clip("new", graph, "mandelbrot=" if second else "testsrc2=", "testsrc2=" if second else "mandelbrot=")
        plain, found = (keyframe_qp(path, 30, "--keyint", "30", "--min-keyint", "1", *more) for more in (["--no-scenecut"], []))
        check(plain is not None and found is not None and abs(plain - found) <= 1,
              f"keyframe of a {kind} scene: QP {plain}, as a cut {found}")


def test_flash():
    path = clip("flash", "[0]trim=end_frame=60,lutyuv=y='val',drawbox=c=white:t=fill:enable='eq(n,30)'", "testsrc2=")
    intra, _ = intra_pictures(path)
    check(intra == [0], f"a flash at picture 30: intra {intra}")


def test_fades():
    """To black and from black, fast and slow: no picture is as bad a reference as an intra picture is dear."""
    for pictures in (8, 30):
        fade = f"fade=out:20:{pictures},fade=in:{20 + pictures}:{pictures}"
        path = clip("fade", f"[0]trim=end_frame=100,{fade}", "testsrc2=")
        for options in ([], ["--preset", "veryfast"], ["--tune", "zerolatency"]):
            intra, _ = intra_pictures(path, *options)
            check(intra == [0], f"a fade of {pictures} pictures, {' '.join(options)}: intra {intra}")


def test_weights_in_fades():
    """B pictures follow the contrast of a fade, not its brightness alone, which saves half as much; and its colours, too."""
    path = clip("fade-in", "[0]trim=end_frame=40,fade=in:0:40", "testsrc2=")
    got = saving("--tune psnr --no-weightb", "--tune psnr", source=(path,))
    print(f"weights of B pictures in a fade    {got:6.2f} %, at least 16")
    check(got >= 16, f"weights of B pictures in a fade save {got:.2f} %, not 16")
    got = saving("--tune psnr --no-weightb", "--tune psnr", "chroma", (path,))
    print(f"the same by PSNR of chroma          {got:6.2f} %, at least 14")
    check(got >= 14, f"weights of B pictures in a fade save {got:.2f} % by PSNR of chroma, not 14")
    path = clip("colours-out", "[0]trim=end_frame=40,eq=saturation=1-n/40:eval=frame", "testsrc2=")
    got = saving("--tune psnr --no-weightb", "--tune psnr", "chroma", (path,))
    print(f"and where colours alone fade        {got:6.2f} %, at least 5")
    check(got >= 5, f"weights of B pictures whose colours fade save {got:.2f} % by PSNR of chroma, not 5")


def main():
    try:
        test_tools()
        test_presets()
        test_crf()
        test_psy_keeps_texture()
        test_means_in_the_dark()
        test_tunes()
        test_chroma_in_motion_search()
        test_direct_auto()
        test_odd_scroll()
        test_search()
        test_cuts()
        test_noise()
        test_new_content_at_keyframes()
        test_flash()
        test_fades()
        test_weights_in_fades()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
