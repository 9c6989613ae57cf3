"""Mp4Writer, Reader and probe, against ffprobe and against each other."""
import io
import subprocess
import tempfile
import unittest
from fractions import Fraction
from pathlib import Path

import h264
from streams import FFMPEG, FFPROBE, decode, i420_picture

WIDTH, HEIGHT = 64, 48
PICTURES = [i420_picture(WIDTH, HEIGHT, n) for n in range(30)]


def encode(**options):
    with h264.H264Encoder(WIDTH, HEIGHT, **options) as enc:
        packets = [p for picture in PICTURES for p in enc.encode_packets(picture)]
        return packets + enc.flush_packets(), enc.headers()


PACKETS, HEADERS = encode()
STREAM = b"".join(p.data for p in PACKETS)


class Broken(io.BytesIO):
    """A disk that is full after some bytes."""

    def __init__(self, room):
        super().__init__()
        self.room = room

    def write(self, data):
        if self.tell() + len(data) > self.room:
            raise OSError(28, "No space left on device")
        return super().write(data)


class Writing(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / "out.mp4"

    def write(self, packets=PACKETS, **options):
        options = {"fps": 15, **options}
        with h264.Mp4Writer(self.path, **options) as mp4:
            mp4.write(packets)

    @unittest.skipUnless(FFMPEG and FFPROBE, "ffmpeg is not installed")
    def test_layouts(self):
        wanted = decode(STREAM)
        for layout in ("index-last", "index-first", "fragmented"):
            with self.subTest(layout):
                self.write(layout=layout)
                shown = subprocess.run([FFPROBE, "-v", "error", "-count_frames", "-show_entries",
                                        "stream=nb_read_frames,r_frame_rate,width:format=duration", "-of",
                                        "default=noprint_wrappers=1", str(self.path)], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, check=True).stdout
                facts = dict(line.split("=", 1) for line in shown.splitlines())
                self.assertEqual((facts["nb_read_frames"], facts["r_frame_rate"], facts["width"]), ("30", "15/1", "64"))
                self.assertAlmostEqual(float(facts["duration"]), 2, places=2)
                pictures = subprocess.run([FFMPEG, "-v", "error", "-i", str(self.path), "-f", "rawvideo", "-"],
                                          stdout=subprocess.PIPE, check=True).stdout
                self.assertEqual(pictures, wanted)

    def test_read_back(self):
        for layout in ("index-last", "index-first", "fragmented"):
            with self.subTest(layout):
                self.write(layout=layout, headers=HEADERS)
                with h264.Reader(self.path) as reader:
                    self.assertEqual(len(reader), 30)
                    self.assertEqual(reader.headers, HEADERS)
                    self.assertEqual([p.data for p in reader], [p.data for p in PACKETS])
                    self.assertEqual([p.keyframe for p in reader], [p.keyframe for p in PACKETS])
                    times = [p.pts * reader.time_base for p in reader]
                    self.assertEqual(times, [Fraction(n, 15) for n in range(30)])

    def test_b_pictures(self):
        packets, _ = encode(profile="main", bframes=2, b_adapt=0)
        self.write(packets)
        with h264.Reader(self.path) as reader:
            self.assertEqual([p.pts - reader[0].pts for p in reader],
                             [(p.pts - packets[0].pts) * Fraction(1, 15) / reader.time_base for p in packets])
            self.assertTrue(all(p.dts <= p.pts for p in reader))

    def test_file_object(self):
        for layout in ("index-last", "index-first", "fragmented"):
            file = io.BytesIO()
            with h264.Mp4Writer(file, fps=15, layout=layout) as mp4:
                for packet in PACKETS:
                    mp4.write(packet)
            self.assertFalse(file.closed)
            self.assertEqual(h264.probe(file.getvalue())["frames"], 30)

    def test_times(self):
        for given, wanted in ((dict(fps=29.97), Fraction(1001, 30000)), (dict(fps=(25, 2)), Fraction(2, 25)),
                              (dict(fps="23.976"), Fraction(1001, 24000)), (dict(time_base=(1, 90)), Fraction(1, 90))):
            file = io.BytesIO()
            with h264.Mp4Writer(file, **given) as mp4:
                mp4.write(PACKETS)
            with h264.Reader(file) as reader:
                self.assertEqual(reader[7].pts * reader.time_base, 7 * wanted)

    def test_full_disk(self):
        for room in (0, 100, 2000):
            for layout in ("index-last", "index-first", "fragmented"):
                with self.assertRaisesRegex(OSError, "No space left"):
                    with h264.Mp4Writer(Broken(room), fps=15, layout=layout) as mp4:
                        mp4.write(PACKETS)

    def test_unfinished_is_recovered(self):
        mp4 = h264.Mp4Writer(self.path, fps=15)
        mp4.write(PACKETS)
        mp4.close()
        facts = h264.probe(self.path)
        self.assertTrue(facts["repaired"])
        self.assertGreaterEqual(facts["frames"], 10)

    def test_exception_inside_with(self):
        with self.assertRaises(KeyError):
            with h264.Mp4Writer(self.path, fps=15) as mp4:
                mp4.write(PACKETS[:20])
                raise KeyError
        with self.assertRaises(OSError):
            mp4.write(PACKETS[20])

    def test_bad_arguments(self):
        for options in (dict(), dict(fps=15, time_base=(1, 15))):
            with self.assertRaises(TypeError):
                h264.Mp4Writer(io.BytesIO(), **options)
        for options in (dict(fps=15, layout="upside-down"), dict(time_base=(0, 1)), dict(fps=15, headers=b"none")):
            with self.assertRaises(ValueError, msg=str(options)):
                h264.Mp4Writer(io.BytesIO(), **options)
        with self.assertRaises(OSError):
            h264.Mp4Writer("/no/such/folder/out.mp4", fps=15)
        with h264.Mp4Writer(io.BytesIO(), fps=15) as mp4:
            mp4.write(PACKETS[0])
            with self.assertRaises(AttributeError):
                mp4.write([b"bytes"])

    def test_calls_from_inside(self):
        class Meddling(io.BytesIO):
            def write(self, data):
                mp4.write(PACKETS[1])

        mp4 = h264.Mp4Writer(Meddling(), fps=15)
        with self.assertRaisesRegex(RuntimeError, "in use"):
            mp4.write(PACKETS)
            mp4.finish()


class Probing(unittest.TestCase):
    def test_stream(self):
        facts = h264.probe(STREAM)
        self.assertEqual((facts["container"], facts["width"], facts["height"], facts["frames"], facts["keyframes"]),
                         ("h264", WIDTH, HEIGHT, 30, 2))
        self.assertEqual((facts["profile"], facts["fps"], facts["duration"]), ("Constrained Baseline", 15, 2.0))
        self.assertTrue(facts["codec"].startswith("avc1.42"))
        self.assertFalse(facts["repaired"])

    def test_as_the_decoder_says(self):
        packets, _ = encode(profile="high", preset="medium", sar=(4, 3), colormatrix="bt709")
        stream = b"".join(p.data for p in packets)
        with h264.Decoder() as dec:
            dec.decode(stream)
            said = dec.info()
        facts = h264.probe(stream)
        for name in ("width", "height", "profile", "level", "fps", "format", "bit_depth", "sar", "full_range", "colour"):
            self.assertEqual(facts[name], said[name], name)

    def test_other_sources(self):
        with tempfile.NamedTemporaryFile(suffix=".h264") as file:
            file.write(STREAM)
            file.flush()
            self.assertEqual(h264.probe(file.name)["frames"], 30)
            self.assertEqual(h264.probe(Path(file.name))["frames"], 30)
        self.assertEqual(h264.probe(io.BytesIO(STREAM))["frames"], 30)
        with h264.Reader(STREAM, fps=50) as reader:
            self.assertEqual(reader[1].pts * reader.time_base, Fraction(1, 50))
            self.assertEqual(reader[-1].data, PACKETS[-1].data)
            with self.assertRaises(IndexError):
                reader[30]

    def test_not_video(self):
        for data in (b"", b"hello", bytes(1000), b"RIFF" + bytes(100)):
            with self.assertRaises(ValueError, msg=repr(data[:8])):
                h264.probe(data)
        with self.assertRaises(OSError):
            h264.probe("no-such-file.mp4")

    def test_to_the_decoder_and_back(self):
        with h264.Reader(STREAM) as reader, h264.Decoder(whole_units=True) as dec:
            shown = [p.data for packet in reader for p in dec.decode(packet.data)] + [p.data for p in dec.flush()]
        with h264.Decoder() as dec:
            self.assertEqual(shown, [p.data for p in dec.decode(STREAM) + dec.flush()])


if __name__ == "__main__":
    unittest.main()
