"""Class Decoder, against FFmpeg and against the encoder."""
import unittest

import h264
from streams import FFMPEG, decode, i420_picture, mean_error, rgb_picture

WIDTH, HEIGHT = 64, 48
PICTURES = [i420_picture(WIDTH, HEIGHT, n) for n in range(20)]


def encode(pictures=PICTURES, size=(WIDTH, HEIGHT), **options):
    with h264.H264Encoder(*size, qp_min=18, qp_max=26, **options) as enc:
        return [enc.encode(picture) for picture in pictures] + [enc.flush()]


def pictures_of(chunks, **options):
    with h264.Decoder(**options) as dec:
        found = [picture for chunk in chunks for picture in dec.decode(chunk)]
        return found + dec.flush()


class Decoding(unittest.TestCase):
    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_as_ffmpeg(self):
        for options in (dict(), dict(profile="high", preset="medium"), dict(profile="main", bframes=2, b_adapt=0)):
            stream = b"".join(encode(**options))
            found = pictures_of([stream])
            self.assertEqual(len(found), len(PICTURES))
            self.assertEqual(b"".join(picture.data for picture in found), decode(stream))

    def test_any_pieces(self):
        stream = b"".join(encode())
        whole = [picture.data for picture in pictures_of([stream])]
        for size in (1, 7, 1000):
            pieces = [stream[i:i + size] for i in range(0, len(stream), size)]
            self.assertEqual([picture.data for picture in pictures_of(pieces)], whole)

    def test_without_delay(self):
        with h264.Decoder(whole_units=True) as dec:
            for number, unit in enumerate(encode()[:-1]):
                found = dec.decode(unit, pts=100 + number)
                self.assertEqual([picture.pts for picture in found], [100 + number])

    def test_lengths(self):
        units = encode(container="avcc", repeat_headers=True)
        found = pictures_of(units[:-1], nal_length_size=4)
        self.assertEqual([p.data for p in found], [p.data for p in pictures_of([b"".join(encode())])])

    def test_facts(self):
        first, second = pictures_of([b"".join(encode())])[:2]
        self.assertEqual((first.type, first.keyframe, second.type, second.keyframe), ("IDR", True, "P", False))
        self.assertEqual((first.width, first.height, first.format, first.pts), (WIDTH, HEIGHT, "i420", None))
        self.assertEqual(first.damaged, 0)
        luma, cb, cr = first.planes()
        self.assertEqual(bytes(luma[0]) + bytes(cb[0]) + bytes(cr[0]), first.data)
        self.assertEqual((luma[1:], cb[1:], cr[1:]), ((64, 48), (32, 24), (32, 24)))
        self.assertIn("64x48", repr(first))

    def test_info(self):
        with h264.Decoder() as dec:
            self.assertIsNone(dec.info())
            dec.decode(b"".join(encode(fps=(30000, 1001), sar=(4, 3))))
            info = dec.info()
        self.assertEqual((info["width"], info["height"], info["profile"]), (WIDTH, HEIGHT, "Constrained Baseline"))
        self.assertEqual((str(info["fps"]), info["sar"], info["cabac"]), ("30000/1001", (4, 3), False))

    def test_gray(self):
        picture = pictures_of(encode([bytes(range(48)) * 64], profile="high", format="gray8"))[0]
        self.assertEqual((picture.format, len(picture.data)), ("gray8", WIDTH * HEIGHT))
        self.assertEqual(len(picture.planes()), 1)
        red, green, blue = (picture.rgb()[i::3] for i in range(3))
        self.assertTrue(red == green == blue)

    def test_rgb(self):
        source = rgb_picture(WIDTH, HEIGHT)
        for options in (dict(), dict(colormatrix="bt709"), dict(range="pc"), dict(range="pc", colormatrix="bt709")):
            picture = pictures_of(encode([source], **options))[0]
            self.assertLess(mean_error(picture.rgb(), source), 8, options)


class Damage(unittest.TestCase):
    def setUp(self):
        self.units = encode()[:-1]
        self.units[5] = self.units[5][:8] + bytes(b ^ 0x55 for b in self.units[5][8:])

    def test_is_covered_up(self):
        with h264.Decoder() as dec:
            found = [p for unit in self.units for p in dec.decode(unit)] + dec.flush()
            self.assertGreater(len(found), 15)
            self.assertTrue(dec.damaged_units > 0 or any(p.damaged for p in found))
            self.assertIsInstance(dec.last_error, str)

    def test_strict(self):
        with h264.Decoder(strict=True, whole_units=True) as dec:
            with self.assertRaises(ValueError):
                for _ in range(3):
                    dec.decode(b"\0\0\1\x67\xff\xff\xff\xff")  # no parameter set

    def test_noise(self):
        import random
        noise = random.Random(1)
        with h264.Decoder() as dec:
            for _ in range(200):
                dec.decode(b"\0\0\1" + bytes(noise.getrandbits(8) for _ in range(60)))
            dec.flush()
            self.assertGreater(dec.damaged_units, 0)
            self.assertTrue(dec.last_error)


class Handling(unittest.TestCase):
    def test_closed(self):
        dec = h264.Decoder()
        dec.close()
        dec.close()
        with self.assertRaises(OSError):
            dec.decode(b"")
        with self.assertRaises(OSError):
            dec.flush()
        with self.assertRaises(OSError):
            dec.info()

    def test_bad_arguments(self):
        for options in (dict(max_width=1), dict(nal_length_size=3)):
            with self.assertRaises(ValueError):
                h264.Decoder(**options)
        with h264.Decoder() as dec:
            with self.assertRaises(TypeError):
                dec.decode("text")
            with self.assertRaises(TypeError):
                dec.decode(b"", pts="now")

    def test_too_large(self):
        with h264.Decoder(max_width=32, max_height=32, strict=True, whole_units=True) as dec:
            with self.assertRaises(ValueError):
                for unit in encode()[:2]:
                    dec.decode(unit)

    def test_again_after_flush(self):
        with h264.Decoder() as dec:
            for _ in range(2):
                found = dec.decode(b"".join(encode())) + dec.flush()
                self.assertEqual(len(found), len(PICTURES))


if __name__ == "__main__":
    unittest.main()
