# One script for CPython and MicroPython: codes generated images under many settings and prints a line with a digest for
# each. Both must print the same. It ends with the checks of the class's behaviour that both share.
import hashlib

import h264

GRAYSCALE, RGB565, YUV422 = 0x08020001, 0x0C030002, 0x14050002


class Image:
    """What a camera gives."""

    def __init__(self, width, height, pixformat, data):
        self.size, self.pixformat, self.data = (width, height), pixformat, data

    def width(self):
        return self.size[0]

    def height(self):
        return self.size[1]

    def format(self):
        return self.pixformat

    def bytearray(self):
        return self.data


def shade(x, y, number):
    """A pattern that moves, with an object that moves otherwise and noise that does not repeat soon."""
    if (x - 5 * number) % 61 < 9 and (y + 3 * number) % 47 < 9:
        return 230 - 3 * x % 40
    return (2 * x + 3 * y + 2 * number + (x * y * 7 + number * 13) % 9) & 255


def camera_image(width, height, pixformat, number):
    data = bytearray()
    for y in range(height):
        for x in range(width):
            value = shade(x, y, number)
            if pixformat == GRAYSCALE:
                data.append(value)
            elif pixformat == RGB565:
                pixel = value >> 3 << 11 | (255 - value) >> 2 << 5 | (x + number & 31)
                data.append(pixel & 255)
                data.append(pixel >> 8)
            else:
                data.append(value)
                data.append(100 + (x // 2 + number) % 50)
    return Image(width, height, pixformat, data)


def planar_image(width, height, number):
    data = bytearray()
    for y in range(height):
        for x in range(width):
            data.append(shade(x, y, number))
    for plane in range(2):
        for y in range((height + 1) // 2):
            for x in range((width + 1) // 2):
                data.append((90 + 40 * plane + x + y + number) & 255)
    return data


def digest(data):
    return "".join("%02x" % byte for byte in hashlib.sha256(data).digest()[:8])


def run(name, images, width, height, **options):
    enc = h264.H264Encoder(width, height, **options)
    stream, keys = b"", ""
    for image in images:
        stream += enc.encode(image)
        keys += "K" if enc.keyframe() else "."
    enc.close()
    print(name, len(stream), keys, digest(stream))


def streams():
    pictures = [planar_image(64, 48, n) for n in range(12)]
    run("planar", pictures, 64, 48)
    for name, pixformat in (("gray", GRAYSCALE), ("rgb565", RGB565), ("yuv422", YUV422)):
        run(name, [camera_image(48, 32, pixformat, n) for n in range(6)], 48, 32)
    run("odd size", [planar_image(33, 21, n) for n in range(5)], 33, 21)
    run("gop", pictures, 64, 48, fps=30, gop=4)
    run("low rate", pictures, 64, 48, fps=10, bitrate=20000, qp_max=51)
    run("high rate", pictures, 64, 48, fps=10, bitrate=2000000, qp_min=10)
    run("ultrafast", pictures, 64, 48, preset="ultrafast")
    run("medium, high profile", pictures, 64, 48, preset="medium", profile="high")
    run("slow, cabac", pictures, 64, 48, preset="slow", profile="main", cabac=True)
    run("constant quantiser", pictures, 64, 48, qp=28)
    run("options", pictures, 64, 48, slices=2, deblock=(-1, 1), aq_mode=2, aq_strength=0.5, sar=(4, 3), aud=True)
    run("bits", pictures, 64, 48, vbv_bufsize=40000, vbv_maxrate=80000, bitrate=60000, fps=(30000, 1001))
    run("format", [bytes(image) for image in pictures], 64, 48, format="nv12")


def fails(kind, function, *arguments, **keywords):
    try:
        function(*arguments, **keywords)
    except kind as error:
        return str(error)
    raise AssertionError("no %s" % kind)


def behaviour():
    picture = planar_image(64, 48, 0)
    enc = h264.H264Encoder(64, 48, fps=15, gop=100)
    assert (enc.width, enc.height, enc.fps, enc.bitrate, enc.qp_min, enc.qp_max) == (64, 48, 15, 46080, 25, 45)
    assert enc.keyframe() is False
    first = enc.encode(picture)
    assert type(first) is bytes and enc.keyframe() is True and first.startswith(enc.headers())
    print("headers", digest(enc.headers()), "avcc", digest(enc.avcc()))
    enc.encode(picture)
    assert enc.keyframe() is False
    enc.force_keyframe()
    enc.encode(picture)
    assert enc.keyframe() is True
    enc.encode(picture, keyframe=True, pts=50)
    assert enc.keyframe() is True
    buffer = bytearray(5000)
    size = enc.encode_into(picture, buffer)
    print("encode_into", size, digest(bytes(buffer[:size])))
    print(fails(ValueError, enc.encode_into, picture, bytearray(1)))
    size = enc.encode_into(picture, buffer)
    print("again", size, digest(bytes(buffer[:size])))
    enc.bitrate, enc.fps, enc.qp_max, enc.qp_min = 30000, 20, 40, 30
    assert (enc.bitrate, enc.fps, enc.qp_min, enc.qp_max) == (30000, 20, 30, 40)
    stats = enc.stats()
    print(sorted((name, stats[name]) for name in stats))
    print(fails(ValueError, enc.encode, Image(32, 16, GRAYSCALE, bytearray(512))))
    fails(ValueError, enc.encode, b"too few")
    fails(TypeError, enc.encode, 5)
    fails(ValueError, enc.encode, picture, pts=3)
    fails(ValueError, h264.H264Encoder, 15, 48)
    fails(ValueError, h264.H264Encoder, 64, 48, qp_min=40, qp_max=30)
    fails(TypeError, h264.H264Encoder, 64, 48, no_such_option=1)
    enc.close()
    enc.close()
    print(fails(OSError, enc.encode, picture))
    assert enc.keyframe() is False
    with h264.H264Encoder(64, 48) as enc:
        enc.encode(picture)
    fails(OSError, enc.encode, picture)
    several = [h264.H264Encoder(64, 48, qp_min=20 + n) for n in range(3)]
    for n in range(4):
        print("several", [digest(one.encode(planar_image(64, 48, n))) for one in several])
    for one in several:
        one.close()


streams()
behaviour()
print("done")
