#!/usr/bin/env python3
"""avocet decode and avocet info from outside: pictures as the encoder saw them, damage, wrong usage.

The program under test is named by the environment variable AVOCET (default build/avocet).
"""
import hashlib
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, T, check  # noqa: E402



def run(*words, stdin=None):
    r = subprocess.run([AVOCET, *map(str, words)], input=stdin, capture_output=True, timeout=120, check=False,
                       **({} if stdin is not None else {"stdin": subprocess.DEVNULL}))
    r.text = r.stderr.decode(errors="replace")
    return r


def expect(code, says, *words, **more):
    r = run(*words, **more)
    check(r.returncode == code, "exit %d, not %d: %s\n%s" % (r.returncode, code, words, r.text))
    check(says in r.text, "\"%s\" is not said: %s\n%s" % (says, words, r.text))
    return r


def read(path):
    with open(path, "rb") as f:
        return f.read()


def test_pictures(folder):
    """Decoding gives the encoder's reconstruction, to y4m, raw planes and through pipes."""
    coded, recon, y4m, yuv = (os.path.join(folder, n) for n in ("a.264", "r.y4m", "d.y4m", "d.yuv"))
    expect(0, "", "encode", "testsrc", "--size", "90x70", "--frames", 12, "--recon", recon, "-o", coded)
    expect(0, "decoded 12 pictures 90x70", "decode", coded, "-o", y4m)
    ours, theirs = read(y4m), read(recon)
    check(ours.split(b"\n", 1)[0].startswith(b"YUV4MPEG2 W90 H70 F30:1 "), "header of y4m")
    check(ours.split(b"\n", 1)[1] == theirs.split(b"\n", 1)[1], "y4m differs from the reconstruction")
    expect(0, "", "decode", coded, "-o", yuv, "--quiet")
    frame = 90 * 70 + 2 * 45 * 35
    check(read(yuv) == b"".join(p[:frame] for p in ours.split(b"\n", 1)[1].split(b"FRAME\n")[1:]), "raw planes")
    piped = expect(0, "", "decode", "-", "-o", "-", stdin=read(coded))
    check(piped.stdout == ours, "through pipes")
    expect(0, "decoded 3 pictures", "decode", coded, "-o", yuv, "--seek", 4, "--frames", 3)
    check(read(yuv) == b"".join(p[:frame] for p in ours.split(b"\n", 1)[1].split(b"FRAME\n")[5:8]), "--seek, --frames")
    verbose = expect(0, "IDR", "decode", coded, "-o", yuv, "--verbose")
    check(len(verbose.text.splitlines()) == 13, "a line per picture: %s" % verbose.text)


def test_md5(folder):
    """The sum of all planes, grey ones with neutral chroma."""
    for name, options in ("c", []), ("g", ["--format", "gray8", "--profile", "high"]):
        coded, yuv = os.path.join(folder, name + ".264"), os.path.join(folder, name + ".yuv")
        expect(0, "", "encode", "testsrc", "--size", "90x70", "--frames", 6, *options, "-o", coded)
        expect(0, "", "decode", coded, "-o", yuv)
        data = read(yuv)
        check(len(data) == 6 * (90 * 70 + 2 * 45 * 35), "size of %s: %d" % (yuv, len(data)))
        wanted = hashlib.md5(data).hexdigest()
        for threads in 1, 4:
            told = expect(0, "", "decode", coded, "--md5", "--quiet", "--threads", threads)
            check(told.stdout.decode().strip() == wanted and not told.text, "--md5: %s" % told.stdout)


def planes(folder, *words):
    path = os.path.join(folder, "p.yuv")
    expect(0, "", "decode", *words, "-o", path)
    return read(path)


def test_seek(folder):
    """Pictures behind a jump are those of the whole, and what lies before the last keyframe is not decoded."""
    frame = 160 * 96 * 3 // 2
    for name, options in (("k.264", []), ("k.mp4", []), ("f.mp4", ["--fragment", 1]), ("n.264", ["--no-repeat-headers"])):
        coded = os.path.join(folder, name)
        expect(0, "", "encode", "testsrc", "--size", "160x96", "--frames", 90, "--fps", 30, "--keyint", 20, *options,
               "-o", coded)
        whole = planes(folder, coded)
        for words, first in ((["--seek", 50], 50), (["--seek", "1.5s"], 45), (["--seek", "0:02.1"], 63), (["--seek", 89], 89),
                             (["--seek", 20], 20), (["--seek", 19], 19)):
            check(planes(folder, coded, *words, "--frames", 5) == whole[first * frame:(first + 5) * frame],
                  "%s: %s" % (name, words))
        expect(1, "goes beyond its end", "decode", coded, "--seek", 90, "-o", os.path.join(folder, "x.yuv"))
    coded = os.path.join(folder, "k.264")
    piped = expect(0, "", "decode", "-", "--seek", 50, "-o", "-", stdin=read(coded)).stdout
    check(len(piped) > 40 * frame and piped.split(b"FRAME\n")[1] == whole[50 * frame:51 * frame], "--seek in a pipe")
    expect(1, "only a file", "decode", "-", "--seek", "1s", "-o", "-", stdin=read(coded))
    # Damage before the keyframe is not even seen.
    data = bytearray(read(coded))
    at = data.index(b"\x00\x00\x01\x65", 100) + 40
    data[at:at + 20] = bytes(b ^ 0x5a for b in data[at:at + 20])
    with open(coded, "wb") as f:
        f.write(data)
    expect(1, "damaged", "decode", coded, "-o", os.path.join(folder, "x.yuv"))
    check(planes(folder, coded, "--seek", 75) == whole[75 * frame:], "behind the damage")


def test_info(folder):
    coded = os.path.join(folder, "i.264")
    expect(0, "", "encode", "testsrc", "--size", "90x70", "--frames", 10, "--fps", "30", "--keyint", 5,
           "--no-scenecut", "-o", coded)
    text = expect(0, "", "info", coded).stdout.decode()
    for piece in ("High", "90x70 (coded as 96x80)", "CABAC", "10: 2 IDR"):
        check(piece in text, "\"%s\" is not in:\n%s" % (piece, text))
    told = json.loads(expect(0, "", "info", "--json", coded).stdout)
    check(told["pictures"] == 10 and told["types"]["IDR"] == 2, "counts: %s" % told)
    check(told["width"] == 90 and told["fps"][0] == 30 * told["fps"][1], "size and rate: %s" % told)
    check(told["bytes"] == os.path.getsize(coded) and told["faults"] == 0, "bytes: %s" % told)
    check(told["hrd"] is None and "not told" in text, "HRD: %s" % told["hrd"])


def test_structure(folder):
    """Groups, bit rate over time, use of the level, HRD, from a file and (without packets) from a pipe."""
    coded, mp4 = os.path.join(folder, "s.264"), os.path.join(folder, "s.mp4")
    words = ["testsrc", "--size", "352x288", "--frames", 75, "--fps", 30, "--keyint", 20, "--no-scenecut", "--bframes", 2,
             "--b-pyramid", "none", "--b-adapt", 0, "--level", "3", "--bitrate", "300k", "--vbv-maxrate", "300k", "--vbv-bufsize",
             "300k", "--nal-hrd", "cbr", "--ref", 2]
    expect(0, "", "encode", *words, "-o", coded)
    expect(0, "", "encode", *words, "-o", mp4)
    for path in coded, mp4:
        told = json.loads(expect(0, "", "info", "--json", path).stdout)
        groups, rate, use, hrd = told["groups"], told["bitrate"], told["level_use"], told["hrd"]
        check((groups["count"], groups["shortest"], groups["longest"], groups["b_run"]) == (4, 15, 20, 2), "%s" % groups)
        check(groups["first"].startswith("IbbPbbP") and len(groups["first"]) == 20, "first group: %s" % groups["first"])
        check(len(rate["seconds"]) == 3 and min(rate["seconds"]) <= rate["mean"] <= rate["peak"], "bit rate: %s" % rate)
        bits = sum(rate["seconds"][:2]) + rate["seconds"][2] / 2
        size = os.path.getsize(coded) * 8 / 1000
        check(abs(bits - size) < 0.02 * size, "%.1f kb of %.1f" % (bits, size))
        check(abs(use["picture_size"] - 396 / 1620) < 0.001 and abs(use["macroblock_rate"] - 396 * 30 / 40500) < 0.001 and
              abs(use["references"] - 2 * 396 / 8100) < 0.001, "level use: %s" % use)
        check(hrd["of"] == "nal" and hrd["cbr"] and abs(hrd["bitrate"] - 300000) < 3000 and abs(hrd["buffer"] - 300000) < 3000,
              "HRD: %s" % hrd)
        check(hrd["underflows"] == 0 and 0 <= hrd["least_full"] < 1, "buffer: %s" % hrd)
    piped = json.loads(run("info", "--json", "-", stdin=read(coded)).stdout)
    check(piped["groups"] == groups and "underflows" not in piped["hrd"], "from a pipe: %s" % piped["hrd"])
    text = run("info", coded).stdout.decode()
    for piece in "4 of 15 to 20 pictures", "kb/s", "level use", "300.0 kb/s constant":
        check(piece in text, "\"%s\" is not in:\n%s" % (piece, text))


def test_damage(folder):
    coded, broken, out = (os.path.join(folder, n) for n in ("g.264", "b.264", "b.y4m"))
    expect(0, "", "encode", "testsrc", "--size", "176x144", "--frames", 8, "-o", coded)
    data = bytearray(read(coded))
    for at in range(len(data) // 2, len(data) - 10, 300):
        data[at] ^= 0x55
    with open(broken, "wb") as f:
        f.write(data)
    expect(1, "is damaged; what could be decoded is written", "decode", broken, "-o", out)
    check(read(out).count(b"FRAME\n") >= 4, "the good part is not written")
    expect(1, "is damaged", "info", broken)


def test_loss(folder):
    """A whole picture is gone, or those before the first P: told, with the exit status of damage."""
    coded, lossy = os.path.join(folder, "g.264"), os.path.join(folder, "l.264")
    expect(0, "", "encode", "testsrc", "--size", "176x144", "--frames", 8, "--tune", "zerolatency", "--no-scenecut", "--slices", 1,
           "-o", coded)
    units = read(coded).split(b"\0\0\1")
    slices = [i for i, unit in enumerate(units) if unit and unit[0] & 31 in (1, 5)]
    check(len(slices) == 8, "%d slices" % len(slices))
    for gone, pictures, lost in ((3, 7, 1), (0, 7, 0)):
        with open(lossy, "wb") as f:
            f.write(b"\0\0\1".join(unit for i, unit in enumerate(units) if i != slices[gone]))
        expect(1, "is damaged", "decode", lossy, "-o", os.devnull)
        run = expect(1, "is damaged", "info", lossy)
        check(b"pictures lack references" in run.stdout, "info: %s" % run.stdout.decode())
        told = json.loads(expect(1, "is damaged", "info", "--json", lossy).stdout)
        check(told["pictures"] == pictures and told["lost_references"] == lost and told["damaged_pictures"] == 0 and
              told["pictures_lacking_references"] == 1, "picture %d gone: %s" % (gone, told))


def test_wrong(folder):
    text, out = os.path.join(folder, "t.264"), os.path.join(folder, "o.y4m")
    with open(text, "wb") as f:
        f.write(b"no video at all\n" * 100)
    expect(1, "no H.264 pictures in it", "decode", text, "-o", out)
    expect(1, "no H.264 pictures in it", "info", text)
    expect(1, "cannot open", "decode", os.path.join(folder, "missing.264"), "-o", out)
    expect(1, "cannot create", "decode", text, "-o", os.path.join(folder, "no", "folder.y4m"))
    expect(1, "is a folder", "info", folder)
    expect(2, "no output", "decode", text)
    expect(2, "no input", "decode", "-o", out)
    expect(2, ".y4m", "decode", text, "-o", "o.gif")
    expect(2, "number of pictures", "decode", text, "-o", out, "--frames", "many")
    expect(2, "two inputs", "info", text, text)
    expect(2, "no option --nonsense", "decode", "--nonsense")
    expect(1, "is the input", "decode", out_as_input(folder), "-o", os.path.join(folder, "same.y4m"))
    for command in "decode", "info":
        check(b"usage: avocet" in expect(0, "", command, "--help").stdout, "help of " + command)


def out_as_input(folder):
    path = os.path.join(folder, "same.y4m")
    with open(path, "wb") as f:
        f.write(b"x")
    return path


def main():
    for test in test_pictures, test_md5, test_seek, test_info, test_structure, test_damage, test_loss, test_wrong:
        with tempfile.TemporaryDirectory() as folder:
            test(folder)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
