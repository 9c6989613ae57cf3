"""Class H264Encoder: what its documentation promises."""
import gc
import inspect
import sys
import threading
import unittest

import h264
from streams import FFMPEG, FFPROBE, decode, gray_picture, i420_picture, mean_error, probe, unit_types, units

IDR, SLICE, SPS, PPS = 5, 1, 7, 8
WIDTH, HEIGHT = 64, 48
PICTURES = [i420_picture(WIDTH, HEIGHT, n) for n in range(40)]


def encoder(**options):
    return h264.H264Encoder(WIDTH, HEIGHT, **options)


class Signature(unittest.TestCase):
    def test_as_on_the_hardware(self):
        parameters = inspect.signature(h264.H264Encoder).parameters
        names = list(parameters)
        self.assertEqual(names[:7], ["width", "height", "fps", "gop", "bitrate", "qp_min", "qp_max"])
        self.assertEqual([parameters[name].default for name in names[2:7]], [15, 0, 0, 25, 45])
        self.assertEqual(parameters["height"].kind, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in names[2:7]:
            self.assertEqual(parameters[name].kind, inspect.Parameter.KEYWORD_ONLY)

    def test_defaults_in_effect(self):
        with h264.H264Encoder(320, 240, fps=20) as enc:
            self.assertEqual((enc.bitrate, enc.fps, enc.qp_min, enc.qp_max), (320 * 240 * 20, 20, 25, 45))
            self.assertEqual(enc.option("keyint"), "20")
            self.assertEqual(enc.option("profile"), "baseline")
            self.assertEqual((enc.width, enc.height, enc.delay), (320, 240, 0))

    def test_fps_forms(self):
        for given, wanted in ((29.97, "30000/1001"), ((30000, 1001), "30000/1001"), ("12.5", "25/2"), (25, "25")):
            with encoder(fps=given) as enc:
                self.assertEqual(enc.option("fps"), wanted)

    def test_values_out_of_range(self):
        for bad in (dict(fps=0), dict(qp_min=-1), dict(qp_max=52), dict(qp_min=40, qp_max=30), dict(gop=-1),
                    dict(bitrate=-5), dict(preset="warp"), dict(tune="piano"), dict(subme=99), dict(format="rgb48"),
                    dict(backend="toaster")):
            with self.assertRaises(ValueError, msg=str(bad)):
                encoder(**bad)
        with self.assertRaisesRegex(ValueError, 'fps "-1": must be above 0'):
            encoder(fps=-1)
        for size in ((15, 48), (48, 15), (0, 0), (-64, 48), (8193, 64)):
            with self.assertRaises(ValueError, msg=str(size)):
                h264.H264Encoder(*size)

    def test_wrong_types(self):
        for bad in (dict(gop="x"), dict(bitrate=1.5), dict(fps=None)):
            with self.assertRaises((TypeError, ValueError), msg=str(bad)):
                encoder(**bad)
        with self.assertRaises(TypeError):
            h264.H264Encoder(64, 48, 15)
        with self.assertRaises(TypeError):
            h264.H264Encoder(64)


class Stream(unittest.TestCase):
    def test_one_image_one_access_unit(self):
        with encoder(fps=10) as enc:
            for number, picture in enumerate(PICTURES):
                types = unit_types(enc.encode(picture))
                if number % 10 == 0:
                    self.assertEqual(types, [SPS, PPS, IDR])
                else:
                    self.assertEqual(types, [SLICE])
                self.assertEqual(enc.keyframe(), number % 10 == 0)

    def test_bytes_with_start_code(self):
        with encoder() as enc:
            nal = enc.encode(PICTURES[0])
        self.assertIs(type(nal), bytes)
        self.assertEqual(nal[:4], b"\0\0\0\1")

    def test_gop(self):
        with encoder(gop=7) as enc:
            keys = [n for n, picture in enumerate(PICTURES) if enc.encode(picture) and enc.keyframe()]
        self.assertEqual(keys, list(range(0, len(PICTURES), 7)))

    def test_gop_of_one(self):
        with encoder(gop=1) as enc:
            for picture in PICTURES[:5]:
                self.assertIn(IDR, unit_types(enc.encode(picture)))

    def test_scene_changes_make_no_keyframe(self):
        with encoder(gop=30) as enc:
            enc.encode(bytes(WIDTH * HEIGHT))
            enc.encode(gray_picture(WIDTH, HEIGHT))
            self.assertFalse(enc.keyframe())

    def test_same_images_same_bytes(self):
        def stream():
            with encoder() as enc:
                return b"".join(enc.encode(picture) for picture in PICTURES)
        self.assertEqual(stream(), stream())

    def test_baseline(self):
        with encoder() as enc:
            sps = units(enc.headers())[0]
        self.assertEqual(sps[1], 66)
        self.assertEqual(sps[2] & 0xc0, 0xc0)  # Constrained Baseline

    def test_several_at_once(self):
        single = []
        for number in range(3):
            with encoder(qp_min=20 + number) as enc:
                single.append([enc.encode(picture) for picture in PICTURES[:12]])
        encoders = [encoder(qp_min=20 + number) for number in range(3)]
        together = [[] for _ in encoders]
        for picture in PICTURES[:12]:
            for enc, out in zip(encoders, together):
                out.append(enc.encode(picture))
        self.assertEqual(together, single)

    @unittest.skipUnless(FFMPEG and FFPROBE, "ffmpeg is not installed")
    def test_foreign_decoder(self):
        with encoder(qp_min=20, qp_max=24) as enc:
            stream = b"".join(enc.encode(picture) for picture in PICTURES)
        facts = probe(stream, "width", "height", "nb_read_frames", "profile", "has_b_frames")
        self.assertEqual(facts, {"width": "64", "height": "48", "nb_read_frames": "40", "has_b_frames": "0",
                                 "profile": "Constrained Baseline"})
        self.assertLess(mean_error(decode(stream), b"".join(PICTURES)), 4)

    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_join_at_keyframe(self):
        with encoder(gop=8) as enc:
            parts = [enc.encode(picture) for picture in PICTURES[:24]]
        size = WIDTH * HEIGHT * 3 // 2
        whole, joined = decode(b"".join(parts)), decode(b"".join(parts[16:]))
        self.assertEqual(joined, whole[16 * size:])


class Keyframes(unittest.TestCase):
    def test_before_first_image(self):
        with encoder() as enc:
            self.assertIs(enc.keyframe(), False)

    def test_query_does_not_ask_for_one(self):
        with encoder(gop=30) as enc:
            enc.encode(PICTURES[0])
            for picture in PICTURES[1:6]:
                enc.keyframe()
                self.assertEqual(unit_types(enc.encode(picture)), [SLICE])

    def test_answer_stays_after_close(self):
        enc = encoder()
        enc.encode(PICTURES[0])
        enc.close()
        self.assertIs(enc.keyframe(), True)

    def test_forced(self):
        with encoder(gop=30) as enc:
            enc.encode(PICTURES[0])
            enc.encode(PICTURES[1])
            enc.force_keyframe()
            self.assertEqual(unit_types(enc.encode(PICTURES[2])), [SPS, PPS, IDR])
            self.assertEqual(unit_types(enc.encode(PICTURES[3])), [SLICE])
            self.assertEqual(unit_types(enc.encode(PICTURES[4], keyframe=True)), [SPS, PPS, IDR])
            self.assertEqual(unit_types(enc.encode(PICTURES[5])), [SLICE])


class Closing(unittest.TestCase):
    def test_encode_afterwards(self):
        enc = encoder()
        enc.close()
        with self.assertRaisesRegex(OSError, "closed"):
            enc.encode(PICTURES[0])
        with self.assertRaisesRegex(OSError, "closed"):
            enc.encode_into(PICTURES[0], bytearray(10000))
        with self.assertRaisesRegex(OSError, "closed"):
            enc.bitrate = 100000

    def test_twice(self):
        enc = encoder()
        enc.close()
        enc.close()
        with self.assertRaises(OSError):
            enc.encode(PICTURES[0])

    def test_with(self):
        with encoder() as enc:
            enc.encode(PICTURES[0])
        with self.assertRaises(OSError):
            enc.encode(PICTURES[0])

    def test_del(self):
        first = encoder().encode(PICTURES[0])
        for _ in range(50):
            enc = encoder()
            self.assertEqual(enc.encode(PICTURES[0]), first)
            del enc
        gc.collect()

    def test_figures_stay(self):
        enc = encoder(bitrate=123456)
        enc.encode(PICTURES[0])
        enc.close()
        self.assertEqual(enc.stats()["frames"], 1)
        self.assertEqual(enc.bitrate, 123456)
        self.assertEqual(unit_types(enc.headers()), [SPS, PPS])


class Sizes(unittest.TestCase):
    def test_mismatch_names_both(self):
        class Camera:
            def width(self):
                return 160

            def height(self):
                return 120

            def format(self):
                return "GRAYSCALE"

            def bytearray(self):
                return bytearray(160 * 120)

        with h264.H264Encoder(320, 240) as enc:
            with self.assertRaisesRegex(ValueError, "160x120.*320x240"):
                enc.encode(Camera())
            with self.assertRaisesRegex(ValueError, "1000 bytes.*320x240"):
                enc.encode(bytes(1000))
            enc.encode(bytes(320 * 240))  # and it goes on

    @unittest.skipUnless(FFPROBE, "ffprobe is not installed")
    def test_any(self):
        for width, height in ((16, 16), (17, 16), (16, 17), (33, 47), (100, 18), (321, 241)):
            with h264.H264Encoder(width, height) as enc:
                stream = b"".join(enc.encode(i420_picture(width, height, n)) for n in range(3))
            facts = probe(stream, "width", "height", "nb_read_frames")
            even = lambda n: str((n + 1) // 2 * 2)
            self.assertEqual(facts, {"width": even(width), "height": even(height), "nb_read_frames": "3"})


class Times(unittest.TestCase):
    def test_numbered(self):
        with encoder() as enc:
            self.assertEqual([enc.encode_packets(p)[0].pts for p in PICTURES[:3]], [0, 1, 2])
            self.assertEqual(enc.encode_packets(PICTURES[3], pts=100)[0].pts, 100)
            self.assertEqual(enc.encode_packets(PICTURES[4])[0].pts, 101)

    def test_must_increase(self):
        with encoder() as enc:
            enc.encode(PICTURES[0], pts=5)
            with self.assertRaises(ValueError):
                enc.encode(PICTURES[1], pts=5)
            enc.encode(PICTURES[1], pts=6)


class EncodeInto(unittest.TestCase):
    def test_same_bytes(self):
        with encoder() as enc:
            wanted = [enc.encode(picture) for picture in PICTURES[:20]]
        buffer = bytearray(100000)
        with encoder() as enc:
            for picture, nal in zip(PICTURES, wanted):
                size = enc.encode_into(picture, buffer)
                self.assertEqual(bytes(buffer[:size]), nal)

    def test_too_small_loses_nothing(self):
        with encoder() as enc:
            wanted = [enc.encode(picture) for picture in PICTURES[:3]]
        with encoder() as enc:
            self.assertEqual(enc.encode(PICTURES[0]), wanted[0])
            with self.assertRaisesRegex(ValueError, "%d bytes" % len(wanted[1])):
                enc.encode_into(PICTURES[1], bytearray(3))
            buffer = bytearray(len(wanted[1]))
            self.assertEqual(enc.encode_into(PICTURES[1], buffer), len(wanted[1]))
            self.assertEqual(bytes(buffer), wanted[1])
            self.assertEqual(enc.encode(PICTURES[2]), wanted[2])

    def test_given_up(self):
        with encoder(gop=30) as enc:
            enc.encode(PICTURES[0])
            with self.assertRaises(ValueError):
                enc.encode_into(PICTURES[1], bytearray(3))
            self.assertIn(IDR, unit_types(enc.encode(PICTURES[2])))  # the stream stays decodable

    def test_read_only(self):
        with encoder() as enc:
            with self.assertRaises((TypeError, BufferError)):
                enc.encode_into(PICTURES[0], bytes(10000))


class Headers(unittest.TestCase):
    def test_as_in_the_stream(self):
        with encoder() as enc:
            headers = enc.headers()
            self.assertEqual(unit_types(headers), [SPS, PPS])
            self.assertTrue(enc.encode(PICTURES[0]).startswith(headers))

    def test_without_version(self):
        with encoder(sei_version=True) as enc:
            self.assertEqual(unit_types(enc.headers()), [SPS, PPS])

    def test_avcc(self):
        for options, extension in ((dict(), b""), (dict(profile="high", cabac=True), b"\xfd\xf8\xf8\0")):
            with encoder(**options) as enc:
                sps, pps = units(enc.headers())
                wanted = (bytes((1,)) + sps[1:4] + b"\xff\xe1" + len(sps).to_bytes(2, "big") + sps + b"\1" +
                          len(pps).to_bytes(2, "big") + pps + extension)
                self.assertEqual(enc.avcc(), wanted)

    def test_length_prefixed(self):
        with encoder(container="avcc") as enc, encoder() as annexb:
            data = enc.encode(PICTURES[0])
            found = []
            while data:
                size = int.from_bytes(data[:4], "big")
                found.append(data[4:4 + size])
                data = data[4 + size:]
            self.assertEqual(found, units(annexb.encode(PICTURES[0])))
            self.assertEqual(enc.avcc(), annexb.avcc())


class Settings(unittest.TestCase):
    def test_change_without_keyframe(self):
        with encoder(gop=100) as enc:
            enc.encode(PICTURES[0])
            enc.bitrate = 50000
            enc.qp_min = 30
            enc.qp_max = 40
            enc.fps = 30
            self.assertEqual((enc.bitrate, enc.qp_min, enc.qp_max, enc.fps), (50000, 30, 40, 30))
            self.assertEqual(unit_types(enc.encode(PICTURES[1])), [SLICE])

    def test_bounds_of_the_quantiser(self):
        with encoder(qp_min=38, qp_max=40, bitrate=10_000_000, gop=5) as enc:
            for picture in PICTURES[:10]:
                enc.encode(picture)
                self.assertTrue(38 <= enc.stats()["last_qp"] <= 40, enc.stats())
            enc.qp_max = 48
            enc.qp_min = 45
            for picture in PICTURES[10:20]:
                enc.encode(picture)
                self.assertTrue(45 <= enc.stats()["last_qp"] <= 48, enc.stats())

    def test_bad_values(self):
        with encoder(qp_min=20, qp_max=40) as enc:
            for name, value in (("qp_min", 41), ("qp_max", 19), ("qp_max", 52), ("qp_min", -1), ("bitrate", -1),
                                ("fps", 0)):
                with self.assertRaises(ValueError, msg=name):
                    setattr(enc, name, value)
            self.assertEqual((enc.qp_min, enc.qp_max, enc.fps), (20, 40, 15))

    def test_bitrate_zero_is_the_default(self):
        with encoder(bitrate=99999) as enc:
            enc.bitrate = 0
            self.assertEqual(enc.bitrate, WIDTH * HEIGHT * 15)

    def test_stats(self):
        with encoder(gop=4, fps=8) as enc:
            sizes = [len(enc.encode(picture)) for picture in PICTURES[:9]]
            stats = enc.stats()
        self.assertEqual(stats["frames"], 9)
        self.assertEqual(stats["keyframes"], 3)
        self.assertEqual(stats["bytes"], sum(sizes))
        self.assertEqual(stats["largest_frame"], max(sizes))
        self.assertEqual(stats["last_bytes"], sizes[-1])
        self.assertEqual(stats["last_type"], "IDR")
        self.assertEqual(stats["mean_bitrate"], sum(sizes) * 8 * 8 // 9)
        self.assertEqual(stats["backend"], "software")


class BPictures(unittest.TestCase):
    def test_only_when_asked(self):
        with encoder(profile="main", bframes=2, b_adapt=0, gop=12, rc_lookahead=0) as enc:
            self.assertGreater(enc.delay, 0)
            packets = [p for picture in PICTURES[:24] for p in enc.encode_packets(picture)]
            packets += enc.flush_packets()
        self.assertEqual(sorted(p.pts for p in packets), list(range(24)))
        self.assertIn("B", {p.type for p in packets})
        self.assertTrue(all(p.dts <= p.pts for p in packets))
        with self.assertRaises(OSError):
            enc.encode(PICTURES[0])

    def test_joined_bytes(self):
        options = dict(profile="main", bframes=2, b_adapt=0, rc_lookahead=0)
        with encoder(**options) as enc:
            joined = b"".join(enc.encode(picture) for picture in PICTURES[:24]) + enc.flush()
        with encoder(**options) as enc:
            packets = [p for picture in PICTURES[:24] for p in enc.encode_packets(picture)] + enc.flush_packets()
        self.assertEqual(joined, b"".join(p.data for p in packets))
        with encoder(**options) as enc:
            with self.assertRaises(ValueError):
                enc.encode_into(PICTURES[0], bytearray(100000))


class Threads(unittest.TestCase):
    def test_interpreter_runs_on(self):
        """Threads may not be switched by force here, so the other one runs only if encode lets go."""
        width, height = 640, 480
        picture = bytes(width * height * 3 // 2)
        go, ran = threading.Event(), []

        def work():
            go.wait()
            ran.append(True)

        other = threading.Thread(target=work)
        other.start()
        interval = sys.getswitchinterval()
        with h264.H264Encoder(width, height) as enc:
            sys.setswitchinterval(1000)
            try:
                go.set()
                for _ in range(200):
                    enc.encode(picture)
                    if ran:
                        break
                self.assertTrue(ran)
            finally:
                sys.setswitchinterval(interval)
                other.join()

    def test_calls_from_many_threads(self):
        with encoder(gop=1000) as enc:
            failures, parts = [], []

            def work():
                try:
                    for picture in PICTURES[:10]:
                        parts.append(enc.encode(picture))
                except Exception as error:  # pylint: disable=broad-except
                    failures.append(error)

            workers = [threading.Thread(target=work) for _ in range(4)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            self.assertEqual(failures, [])
            self.assertEqual(len(parts), 40)
            self.assertEqual(enc.stats()["frames"], 40)
            self.assertEqual(enc.stats()["bytes"], sum(map(len, parts)))

    def test_close_from_another_thread(self):
        for _ in range(20):
            enc = encoder()
            outcomes = []

            def work():
                try:
                    for picture in PICTURES:
                        enc.encode(picture)
                    outcomes.append("done")
                except OSError:
                    outcomes.append("closed")

            worker = threading.Thread(target=work)
            worker.start()
            enc.close()
            worker.join()
            self.assertIn(outcomes, (["done"], ["closed"]))


if __name__ == "__main__":
    unittest.main()
