"""What encode takes for an image. Most of it is shown by comparing bytes with those of a plain I420 or RGB image."""
import array
import io
import unittest

import h264
from streams import FFMPEG, decode, gray_picture, i420_picture, mean_error, rgb565, rgb_picture

try:
    import numpy
except ImportError:
    numpy = None
try:
    from PIL import Image
except ImportError:
    Image = None

WIDTH, HEIGHT = 48, 32
RGB = [rgb_picture(WIDTH, HEIGHT, n) for n in range(3)]
GRAY = [gray_picture(WIDTH, HEIGHT, n) for n in range(3)]
I420 = [i420_picture(WIDTH, HEIGHT, n) for n in range(3)]


def stream(images, size=(WIDTH, HEIGHT), **options):
    with h264.H264Encoder(*size, qp_min=20, qp_max=30, **options) as enc:
        return b"".join(enc.encode(image) for image in images)


def swapped(rgb):
    out = bytearray(rgb)
    out[0::3], out[2::3] = rgb[2::3], rgb[0::3]
    return bytes(out)


def with_alpha(rgb):
    out = bytearray()
    for i in range(0, len(rgb), 3):
        out += rgb[i:i + 3] + b"\x7f"
    return bytes(out)


class Buffers(unittest.TestCase):
    def test_kinds(self):
        wanted = stream(I420)
        self.assertEqual(stream(map(bytearray, I420)), wanted)
        self.assertEqual(stream(map(memoryview, I420)), wanted)
        self.assertEqual(stream(array.array("B", picture) for picture in I420), wanted)

    def test_format_by_number_of_bytes(self):
        self.assertEqual(stream(I420), stream(I420, format="i420"))
        self.assertEqual(stream(GRAY), stream(GRAY, format="gray8"))
        self.assertEqual(stream(RGB), stream(RGB, format="rgb24"))
        self.assertEqual(stream(map(rgb565, RGB)), stream(map(rgb565, RGB), format="rgb565le"))
        self.assertEqual(stream(map(with_alpha, RGB)), stream(map(with_alpha, RGB), format="rgba"))

    def test_equal_pictures(self):
        self.assertEqual(stream(map(swapped, RGB), format="bgr24"), stream(RGB))
        self.assertEqual(stream(map(with_alpha, RGB)), stream(RGB))
        self.assertEqual(stream((rgb565(p, big=True) for p in RGB), format="rgb565be"), stream(map(rgb565, RGB)))
        neutral = [g + bytes([128]) * (WIDTH * HEIGHT // 2) for g in GRAY]
        self.assertEqual(stream(GRAY), stream(neutral))

    def test_other_planar(self):
        luma = WIDTH * HEIGHT
        half = luma // 4

        def interleaved(p, first, second):
            out = bytearray(p[:luma] + bytes(2 * half))
            out[luma::2], out[luma + 1::2] = p[first:first + half], p[second:second + half]
            return bytes(out)

        self.assertEqual(stream((interleaved(p, luma, luma + half) for p in I420), format="nv12"), stream(I420))
        self.assertEqual(stream((interleaved(p, luma + half, luma) for p in I420), format="nv21"), stream(I420))

    def test_yuv422(self):
        def packed(p, yuyv):
            out = bytearray()
            for i in range(0, WIDTH * HEIGHT, 2):
                y0, y1, cb, cr = p[i], p[i + 1], p[WIDTH * HEIGHT], p[-1]  # chroma of these pictures is flat
                out += bytes((y0, cb, y1, cr) if yuyv else (cb, y0, cr, y1))
            return bytes(out)

        self.assertEqual(stream((packed(p, True) for p in I420), format="yuyv"), stream(I420))
        self.assertEqual(stream((packed(p, False) for p in I420), format="uyvy"), stream(I420))

    def test_formats_may_alternate(self):
        with h264.H264Encoder(WIDTH, HEIGHT, gop=100) as enc:
            keys = []
            for image in (RGB[0], RGB[1], GRAY[0], GRAY[1], I420[0]):
                enc.encode(image)
                keys.append(enc.keyframe())
            self.assertEqual(keys[0], True)
            self.assertEqual(enc.stats()["frames"], 5)

    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_colours_survive(self):
        for images in (RGB, [rgb565(p) for p in RGB]):
            out = decode(stream(images), "rgb24")
            self.assertLess(mean_error(out, b"".join(RGB)), 12)

    def test_odd_size(self):
        width, height = 33, 21
        picture = i420_picture(width, height)
        self.assertEqual(stream([picture], (width, height)), stream([picture], (width, height), format="i420"))

    def test_not_images(self):
        with h264.H264Encoder(WIDTH, HEIGHT) as enc:
            for bad in (None, 5, "text", object(), [1, 2, 3], {}):
                with self.assertRaises(TypeError, msg=repr(bad)):
                    enc.encode(bad)
            for bad in (b"", b"x", bytes(WIDTH * HEIGHT + 1), array.array("f", [0.0] * (WIDTH * HEIGHT))):
                with self.assertRaises(ValueError, msg=repr(bad)[:40]):
                    enc.encode(bad)
        with h264.H264Encoder(WIDTH, HEIGHT, format="nv12") as enc:
            with self.assertRaises(ValueError):
                enc.encode(RGB[0])


class CameraImage:
    """What OpenMV's image.Image looks like from outside."""

    def __init__(self, data, pixformat, size=(WIDTH, HEIGHT)):
        self.data, self.pixformat, self.size = bytearray(data), pixformat, size

    def width(self):
        return self.size[0]

    def height(self):
        return self.size[1]

    def format(self):
        return self.pixformat

    def bytearray(self):
        return self.data


class CameraImages(unittest.TestCase):
    # The numbers of OpenMV's and ESP-VISION's firmware.
    GRAYSCALE, RGB565, YUV422, JPEG, BAYER = 0x08020001, 0x0C030002, 0x14050002, 0x06060000, 0x05040001

    def test_formats(self):
        for value in (self.RGB565, "RGB565", "rgb565le"):
            self.assertEqual(stream(CameraImage(rgb565(p), value) for p in RGB), stream(map(rgb565, RGB)))
        for value in (self.GRAYSCALE, "GRAYSCALE", "gray8"):
            self.assertEqual(stream(CameraImage(p, value) for p in GRAY), stream(GRAY))
        packed = [bytes(2 * WIDTH * HEIGHT), bytes([90]) * (2 * WIDTH * HEIGHT)]
        for value in (self.YUV422, "YUV422"):
            self.assertEqual(stream(CameraImage(p, value) for p in packed), stream(packed, format="yuyv"))

    def test_buffer_of_the_object(self):
        class Buffer(bytearray):
            def width(self):
                return WIDTH

            def height(self):
                return HEIGHT

            def format(self):
                return CameraImages.RGB565

        self.assertEqual(stream(Buffer(rgb565(p)) for p in RGB), stream(map(rgb565, RGB)))

    def test_unknown_format(self):
        with h264.H264Encoder(WIDTH, HEIGHT) as enc:
            for value in (self.BAYER, 0, 12345, "BAYER"):
                with self.assertRaises(ValueError):
                    enc.encode(CameraImage(GRAY[0], value))

    def test_wrong_amount(self):
        with h264.H264Encoder(WIDTH, HEIGHT) as enc:
            with self.assertRaises(ValueError):
                enc.encode(CameraImage(bytes(100), self.RGB565))

    @unittest.skipUnless(Image, "Pillow is not installed")
    def test_jpeg(self):
        jpegs = []
        for picture in RGB:
            file = io.BytesIO()
            Image.frombytes("RGB", (WIDTH, HEIGHT), picture).save(file, "JPEG", quality=95)
            jpegs.append(file.getvalue())
        unpacked = [Image.open(io.BytesIO(j)).tobytes() for j in jpegs]
        for value in (self.JPEG, "JPEG"):
            self.assertEqual(stream(CameraImage(j, value) for j in jpegs), stream(unpacked))
        with h264.H264Encoder(64, 64) as enc:
            with self.assertRaisesRegex(ValueError, "48x32.*64x64"):
                enc.encode(CameraImage(jpegs[0], self.JPEG))


@unittest.skipUnless(Image, "Pillow is not installed")
class Pillow(unittest.TestCase):
    def test_modes(self):
        pictures = [Image.frombytes("RGB", (WIDTH, HEIGHT), p) for p in RGB]
        self.assertEqual(stream(pictures), stream(RGB))
        self.assertEqual(stream(p.convert("RGBA") for p in pictures), stream(RGB))
        gray = [Image.frombytes("L", (WIDTH, HEIGHT), p) for p in GRAY]
        self.assertEqual(stream(gray), stream(GRAY))
        palette = [p.convert("P", palette=Image.ADAPTIVE if hasattr(Image, "ADAPTIVE") else 1) for p in pictures]
        self.assertEqual(stream(palette), stream(p.convert("RGB").tobytes() for p in palette))

    def test_size(self):
        with h264.H264Encoder(64, 64) as enc:
            with self.assertRaisesRegex(ValueError, "48x32.*64x64"):
                enc.encode(Image.new("RGB", (WIDTH, HEIGHT)))


@unittest.skipUnless(numpy, "numpy is not installed")
class Arrays(unittest.TestCase):
    @staticmethod
    def rgb():
        return [numpy.frombuffer(p, numpy.uint8).reshape(HEIGHT, WIDTH, 3) for p in RGB]

    def test_colour(self):
        self.assertEqual(stream(self.rgb()), stream(RGB))
        self.assertEqual(stream((a[:, :, ::-1] for a in self.rgb()), format="bgr24"), stream(RGB))
        self.assertEqual(stream((numpy.dstack([a, a[:, :, :1]]) for a in self.rgb())), stream(RGB))

    def test_gray(self):
        arrays = [numpy.frombuffer(p, numpy.uint8).reshape(HEIGHT, WIDTH) for p in GRAY]
        self.assertEqual(stream(arrays), stream(GRAY))
        self.assertEqual(stream(a[:, :, None] for a in arrays), stream(GRAY))

    def test_planar(self):
        arrays = [numpy.frombuffer(p, numpy.uint8).reshape(HEIGHT * 3 // 2, WIDTH) for p in I420]
        self.assertEqual(stream(arrays), stream(I420))
        self.assertEqual(stream(arrays, format="i420"), stream(I420))

    def test_rgb565(self):
        for order, big in (("<u2", False), (">u2", True)):
            arrays = [numpy.frombuffer(rgb565(p, big), order).reshape(HEIGHT, WIDTH) for p in RGB]
            self.assertEqual(stream(arrays), stream(map(rgb565, RGB)))

    def test_two_bytes_are_ambiguous(self):
        image = numpy.zeros((HEIGHT, WIDTH, 2), numpy.uint8)
        with self.assertRaisesRegex(ValueError, "yuyv"):
            stream([image])
        self.assertEqual(stream([image], format="yuyv"), stream([image.tobytes()], format="yuyv"))

    def test_views_without_copy(self):
        big = numpy.zeros((HEIGHT + 10, WIDTH + 10, 3), numpy.uint8)
        views = []
        for a in self.rgb():
            frame = big.copy()
            frame[5:5 + HEIGHT, 7:7 + WIDTH] = a
            views.append(frame[5:5 + HEIGHT, 7:7 + WIDTH])
        self.assertEqual(stream(views), stream(RGB))
        self.assertEqual(stream(numpy.flipud(numpy.ascontiguousarray(numpy.flipud(a))) for a in self.rgb()), stream(RGB))

    def test_views_with_copy(self):
        wide = [numpy.repeat(a, 2, axis=1)[:, ::2] for a in self.rgb()]
        self.assertFalse(wide[0].flags.c_contiguous)
        self.assertEqual(stream(wide), stream(RGB))
        fortran = [numpy.asfortranarray(a) for a in self.rgb()]
        self.assertEqual(stream(fortran), stream(RGB))

    def test_size(self):
        with h264.H264Encoder(WIDTH, HEIGHT) as enc:
            for shape in ((HEIGHT, WIDTH + 1, 3), (HEIGHT - 1, WIDTH), (WIDTH, HEIGHT, 4)):
                wanted = "%dx%d.*%dx%d" % (shape[1], shape[0], WIDTH, HEIGHT)
                with self.assertRaisesRegex(ValueError, wanted):
                    enc.encode(numpy.zeros(shape, numpy.uint8))

    def test_kinds_of_numbers(self):
        with h264.H264Encoder(WIDTH, HEIGHT) as enc:
            for kind in (numpy.float32, numpy.int8, numpy.int16, numpy.uint32, bool, complex):
                with self.assertRaises(ValueError, msg=str(kind)):
                    enc.encode(numpy.zeros((HEIGHT, WIDTH, 3), kind))
            for shape in ((HEIGHT, WIDTH, 5), (HEIGHT, WIDTH, 3, 1), (HEIGHT, WIDTH, 0)):
                with self.assertRaises(ValueError, msg=str(shape)):
                    enc.encode(numpy.zeros(shape, numpy.uint8))

    def test_array_protocol(self):
        class Tensor:
            def __init__(self, values):
                self.values = values

            def __array__(self):
                return self.values

        self.assertEqual(stream(map(Tensor, self.rgb())), stream(RGB))


if __name__ == "__main__":
    unittest.main()
