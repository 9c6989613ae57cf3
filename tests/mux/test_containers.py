#!/usr/bin/env python3
"""Files written by the program, as FFmpeg and GStreamer see them: times, durations, keyframes, colours, pictures.
Ends with "N passed, N failed"."""
import os
import struct
import sys
import tempfile
from fractions import Fraction

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mux import *  # noqa: E402,F403

LAYOUTS = {"index first": [], "index last": ["--no-faststart"], "fragments of 1 s": ["--fragment", "1"],
           "fragments of 50 ms": ["--fragment", "0.05"]}
# What makes times differ: delay by B pictures, rates, odd numbers of pictures.
SHAPES = {
    "no B": ["--bframes", "0", "--frames", "50"],
    "B": ["--bframes", "3", "--b-adapt", "0", "--b-pyramid", "none", "--frames", "61", "--keyint", "20"],
    "pyramid": ["--bframes", "7", "--b-adapt", "0", "--b-pyramid", "normal", "--frames", "90"],
    "one picture": ["--frames", "1"],
    "two pictures": ["--frames", "2", "--bframes", "2"],
    "NTSC": ["--fps", "30000/1001", "--bframes", "2", "--frames", "75"],
    "1 fps": ["--fps", "1", "--bframes", "1", "--frames", "12"],
    "240 fps": ["--fps", "240", "--bframes", "1", "--frames", "300"],
}


def time_base(info):
    num, den = info["time_base"].split("/")
    return Fraction(int(num), int(den))


def check_file(name, listed, fps, what):
    """The file's packets are those that the encoder listed (in pictures), as FFmpeg tells."""
    info = probe(name)
    base = time_base(info)
    got = probe_packets(name)
    want = [(p / fps, d / fps, k) for p, d, k, _ in listed]
    T.check([(p * base, d * base, k) for p, d, k in got] == want, f"{what}: ffprobe has other times: {got[:5]}... of {listed[:5]}...")
    T.check(Fraction(info["start_pts"]) == 0, f"{what}: starts at {info['start_pts']}")
    length = len(listed) / fps
    told = Fraction(info["duration_ts"]) * base
    T.check(told == length, f"{what}: lasts {told}, not {length}")
    T.check(abs(Fraction(info["format_duration"]) - length) < Fraction(1, 10**5), f"{what}: format lasts {info['format_duration']}")
    return info


def check_gst(name, listed, fps, what):
    if not has("gst-launch-1.0"):
        return
    got = gst_packets(name)
    close = len(got) == len(listed) and all(
        abs(p - pts / fps * 10**9) <= 2 and abs(d - dts / fps * 10**9) <= 2 and k == key
        for (p, d, k), (pts, dts, key, _) in zip(got, listed))
    T.check(close, f"{what}: qtdemux has other times: {got[:4]}... of {listed[:4]}...")


def fps_of(words):
    return Fraction(words[words.index("--fps") + 1]) if "--fps" in words else Fraction(30)


def test_times(folder):
    for shape, words in SHAPES.items():
        raw = os.path.join(folder, "a.264")
        listed = encode_listed("testsrc", "--size", "96x64", *words, "-o", raw)
        pictures = frame_md5(raw)
        fps = fps_of(words)
        for layout, more in LAYOUTS.items():
            name = os.path.join(folder, "a.mp4")
            again = encode_listed("testsrc", "--size", "96x64", *words, *more, "-o", name)
            what = f"{shape}, {layout}"
            T.check(again == listed and len(listed) > 0, f"{what}: the encoder codes something else")
            check_file(name, listed, fps, what)
            check_gst(name, listed, fps, what)
            T.check(frame_md5(name) == pictures, f"{what}: other pictures than in the byte stream")
            back = os.path.join(folder, "back.264")
            avocet("remux", name, back, "--quiet")
            T.check(open(back, "rb").read() == open(raw, "rb").read(), f"{what}: not the same byte stream after remux")


def test_variable_rate(folder):
    """Timestamps of the input, at their own resolution, reach the file unchanged."""
    if not can_lavf():
        skip("variable frame rate: the program is built without libavformat")
        return
    source = os.path.join(folder, "vfr.mkv")
    run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=60:duration=3", "-vf",
        "select='not(mod(n,3))+not(mod(n,7))+between(n,60,80)'", "-fps_mode", "vfr", "-c:v", "ffv1", "-y", source)
    want = [p for p, _, _ in probe_packets(source)]
    want = [p - want[0] for p in want]
    for layout, more in LAYOUTS.items():
        for b in ("0", "3"):
            name = os.path.join(folder, "vfr.mp4")
            avocet("encode", source, *FAST, "--bframes", b, *more, "-o", name)
            info, got = probe(name), probe_packets(name)
            what = f"variable rate, {b} B, {layout}"
            T.check(info["time_base"] == "1/1000", f"{what}: time base {info['time_base']}")
            T.check(sorted(p for p, _, _ in got) == want, f"{what}: other times {sorted(p for p, _, _ in got)[:9]} of {want[:9]}")
            T.check(all(a[1] < b[1] for a, b in zip(got, got[1:])) and all(d <= p for p, d, _ in got), f"{what}: decoding order")
            T.check(len(frame_md5(name)) == len(want), f"{what}: not all pictures are decoded")
            if has("gst-launch-1.0"):
                there = [round(p / 10**6) for p, _, _ in gst_packets(name)]
                T.check(sorted(there) == want, f"{what}: qtdemux has other times")
            copy = os.path.join(folder, "copy.mp4")
            avocet("remux", name, copy, "--quiet", *(["--fragment", "0.3"] if not more else []))
            T.check(probe_packets(copy) == got, f"{what}: remux changes times")


def test_description(folder):
    """Colours, aspect ratio and size are told by the container too."""
    name = os.path.join(folder, "d.mp4")
    for more in LAYOUTS.values():
        avocet("encode", "testsrc", *FAST, "--size", "102x58", "--frames", "3", "--sar", "16:11", "--colorprim", "bt709",
               "--transfer", "bt709", "--colormatrix", "bt709", "--range", "full", *more, "-o", name)
        info = probe(name)
        for key, want in (("width", "102"), ("height", "58"), ("sample_aspect_ratio", "16:11"), ("color_space", "bt709"),
                          ("color_primaries", "bt709"), ("color_transfer", "bt709"), ("color_range", "pc"),
                          ("codec_tag_string", "avc1"), ("is_avc", "true"), ("nal_length_size", "4")):
            T.check(info.get(key) == want, f"{more}: {key} is {info.get(key)}, not {want}")
        data = open(name, "rb").read()
        T.check(b"colrnclx\0\1\0\1\0\1\x80" in data, f"{more}: no colr box")
        T.check(b"pasp\0\0\0\x10\0\0\0\x0b" in data, f"{more}: no pasp box")
        shown = ((102 * 16 << 16) + 5) // 11
        T.check(b"\x40\0\0\0" + struct.pack(">II", shown, 58 << 16) in data, f"{more}: the track is not shown 16:11 wide")


def boxes(data):
    at, out = 0, []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        out.append(data[at + 4:at + 8].decode("latin-1"))
        if size < 8:
            break
        at += size
    return out


def test_layouts(folder):
    """Where the index is, and that nothing is left of making it."""
    name = os.path.join(folder, "l.mp4")
    base = ["testsrc", *FAST, "--size", "96x64", "--frames", "90", "--keyint", "15"]
    avocet("encode", *base, "-o", name)
    order = boxes(open(name, "rb").read())
    T.check(order[:2] == ["ftyp", "moov"] and order[-1] == "mdat", f"index first: {order}")
    avocet("encode", *base, "--no-faststart", "-o", name)
    order = boxes(open(name, "rb").read())
    T.check(order[0] == "ftyp" and order[-2:] == ["mdat", "moov"], f"index last: {order}")
    avocet("encode", *base, "--fragment", "0.5", "-o", name)
    order = boxes(open(name, "rb").read())
    T.check(order == ["ftyp", "moov"] + ["moof", "mdat"] * 6, f"fragments: {order}")
    piped = avocet("encode", *base, "--fragment", "0.5", "-o", "-").stdout
    T.check(piped == open(name, "rb").read(), "through a pipe another file comes out")
    avocet("encode", *base, "--fragment", "0.5", "-o", os.path.join(folder, "l.264"), status=2)
    fifo = os.path.join(folder, "fifo.mp4")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    refused = avocet("encode", *base, "-o", fifo, status=1)
    T.check(b"needs --fragment" in refused.stderr, refused.stderr.decode())
    os.close(reader)


def test_other_containers(folder):
    if not can_lavf():
        skip("mkv, mov, ts, flv: the program is built without libavformat")
        avocet("encode", "testsrc", *FAST, "--frames", "2", "-o", os.path.join(folder, "a.mkv"), status=2)
        return
    words = ["testsrc", "--size", "96x64", "--frames", "40", "--bframes", "3", "--keyint", "15"]
    raw = os.path.join(folder, "o.264")
    listed = encode_listed(*words, "-o", raw)
    pictures = frame_md5(raw)
    for extension in ("mkv", "mov", "ts", "flv"):
        name = os.path.join(folder, "o." + extension)
        encode_listed(*words, "-o", name)
        got, base = probe_packets(name), time_base(probe(name))
        T.check(frame_md5(name) == pictures, f"{extension}: other pictures than in the byte stream")
        T.check([k for _, _, k in got] == [k for _, _, k, _ in listed], f"{extension}: other keyframes")
        first = got[0][0] * base
        off = max(abs(p * base - first - Fraction(pts, 30)) for (p, _, _), (pts, _, _, _) in zip(got, listed))
        T.check(off <= max(base, Fraction(1, 1000)), f"{extension}: times are off by {float(off)}")
        copy = os.path.join(folder, "p." + extension)
        avocet("remux", raw, copy, "--quiet")
        T.check(frame_md5(copy) == pictures, f"{extension}: remux gives other pictures")


def test_remux_foreign(folder):
    """Files that FFmpeg's muxer made of a stream with slices and delimiters, in all its layouts."""
    raw = os.path.join(folder, "f.264")
    avocet("encode", "testsrc", *FAST, "--size", "96x64", "--frames", "60", "--bframes", "3", "--slices", "3", "--aud", "-o", raw)
    pictures = frame_md5(raw)
    theirs, ours = os.path.join(folder, "theirs.mp4"), os.path.join(folder, "ours.mp4")
    avocet("remux", raw, ours, "--quiet")
    T.check(frame_md5(ours) == pictures, "other pictures in MP4")
    for flags in ([], ["-movflags", "+faststart"], ["-movflags", "frag_keyframe+empty_moov+default_base_moof"],
                  ["-movflags", "frag_keyframe+empty_moov+negative_cts_offsets"]):
        run("ffmpeg", "-v", "error", "-i", ours, "-c", "copy", *flags, "-y", theirs)
        back = os.path.join(folder, "back.mp4")
        avocet("remux", theirs, back, "--quiet")
        T.check(frame_md5(back) == pictures, f"{flags}: other pictures after FFmpeg's muxer")
        first, second = probe_packets(theirs), probe_packets(back)
        T.check(len(first) == len(second) == 60, f"{flags}: {len(first)} and {len(second)} packets")
        T.check([(p - second[0][0], k) for p, _, k in second] == [(p - first[0][0], k) for p, _, k in first],
                f"{flags}: times changed")
    decoded = [os.path.join(folder, n) for n in ("a.y4m", "b.y4m")]
    avocet("decode", raw, "-o", decoded[0], "--quiet")
    avocet("decode", ours, "-o", decoded[1], "--quiet")
    T.check(open(decoded[0], "rb").read() == open(decoded[1], "rb").read(), "decode gives other pictures from MP4")


def test_remux_conformance(folder):
    """Foreign streams of all kinds (parameter sets that change, fields, open groups, lost references) survive the way into MP4 and
    back, judged by our decoder."""
    streams = os.path.join(os.environ.get("AVOCET_CONFORMANCE") or os.path.join(os.path.dirname(ROOT), "shared", "conformance"), "streams")
    if not os.path.isdir(streams):
        skip("remux of conformance streams: AVOCET_CONFORMANCE names no folder")
        return
    packed, back = os.path.join(folder, "c.mp4"), os.path.join(folder, "c.264")
    for name in sorted(os.listdir(streams)):
        path = os.path.join(streams, name)
        if QUICK and os.path.getsize(path) > 30000:
            continue
        want = avocet("decode", path, "--quiet", "-o", "-", status=None)
        avocet("remux", path, packed, "--quiet")
        avocet("remux", packed, back, "--quiet")
        for copy in (packed, back):
            got = avocet("decode", copy, "--quiet", "-o", "-", status=None)
            T.check(got.stdout == want.stdout, f"{name}: other pictures in {copy}")


def test_hls(folder):
    """A recording and a live window: playlists, segments that start with a keyframe, pictures complete."""
    where = os.path.join(folder, "hls")
    words = ["testsrc", *FAST, "--size", "96x64", "--frames", "200", "--bframes", "3", "--keyint", "250"]
    raw = os.path.join(folder, "h.264")
    avocet("encode", *words, "--hls", where, "--hls-segment", "1")
    lists = sorted(os.listdir(where))
    T.check(lists == ["init.mp4", "master.m3u8"] + [f"seg{i:05}.m4s" for i in range(1, 8)] + ["stream.m3u8"], f"files: {lists}")
    text = open(os.path.join(where, "stream.m3u8")).read()
    T.check("#EXT-X-PLAYLIST-TYPE:VOD" in text and text.endswith("#EXT-X-ENDLIST\n") and "#EXT-X-TARGETDURATION:1\n" in text, text)
    lengths = [float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF:")]
    T.check(len(lengths) == 7 and all(abs(x - 1) < 1e-6 for x in lengths[:-1]) and abs(sum(lengths) - 200 / 30) < 1e-5, f"lengths {lengths}")
    master = open(os.path.join(where, "master.m3u8")).read()
    T.check('CODECS="avc1.' in master and "RESOLUTION=96x64" in master and "FRAME-RATE=30.000" in master, master)
    packets = probe_packets(os.path.join(where, "stream.m3u8"))
    T.check(len(packets) == 200 and [i for i, p in enumerate(packets) if p[2]][:3] == [0, 30, 60], f"{len(packets)} packets")
    T.check(len(frame_md5(os.path.join(where, "master.m3u8"))) == 200, "not all pictures are decoded")
    avocet("encode", *words, "--hls", where, "--hls-segment", "0.5", "--hls-window", "3")
    text = open(os.path.join(where, "stream.m3u8")).read()
    T.check("PLAYLIST-TYPE" not in text and "#EXT-X-MEDIA-SEQUENCE:12\n" in text and text.count("#EXTINF") == 3, text)
    named = [line for line in text.splitlines() if line.startswith("seg")]
    there = set(os.listdir(where))
    T.check(set(named) <= there and len([n for n in there if n.startswith("seg")]) <= 6, f"{sorted(there)}")
    T.check(not [n for n in there if n.endswith(".tmp")], f"{sorted(there)}")
    avocet("encode", *words, "-o", raw)
    avocet("remux", raw, "--hls", where, "--quiet")
    T.check(len(frame_md5(os.path.join(where, "stream.m3u8"))) == 200, "remux to HLS loses pictures")


def main():
    need_program()
    for tool in ("ffmpeg", "ffprobe"):
        if not has(tool):
            skip(f"everything: {tool} is not installed")
            sys.exit(T.finish())
    if not has("gst-launch-1.0"):
        skip("GStreamer's qtdemux: gst-launch-1.0 is not installed")
    with tempfile.TemporaryDirectory(prefix="avocet-mux-") as folder:
        for test in (test_times, test_variable_rate, test_description, test_layouts, test_other_containers, test_remux_foreign,
                     test_remux_conformance, test_hls):
            test(folder)
    sys.exit(T.finish())


main()
