"""A generated scene for the stand-in camera: a coloured, slowly panning wall with a bouncing ball in front of it.

Rows are cut from a few long ones made at the start, so that pure Python keeps up with a camera at full HD."""
import image

_PERIOD = 256  # the wall repeats itself after that many pixels, and its shades after that many rows


def _noise(state):
    """Repeatable noise, -8 to 7."""
    while True:
        state = (state * 1103515245 + 12345) & 0x7fffffff
        yield (state >> 16) % 16 - 8


def _clip(value):
    return 0 if value < 0 else 255 if value > 255 else value


def _luma(rgb):
    return 16 + (66 * rgb[0] + 129 * rgb[1] + 25 * rgb[2] >> 8)


def _pack(pixels, pixformat):
    """One row of (r, g, b) as bytes."""
    if pixformat == image.GRAYSCALE:
        return bytes((77 * r + 150 * g + 29 * b) >> 8 for r, g, b in pixels)
    if pixformat == image.RGB565:
        return b"".join((r >> 3 << 11 | g >> 2 << 5 | b >> 3).to_bytes(2, "little") for r, g, b in pixels)
    out = bytearray()
    for left, right in zip(pixels[0::2], pixels[1::2]):
        r, g, b = left
        out += bytes((_luma(left), 128 + (-38 * r - 74 * g + 112 * b >> 8), _luma(right),
                      128 + (112 * r - 94 * g - 18 * b >> 8)))
    return bytes(out)


class Scene:
    def __init__(self, width, height, pixformat):
        self.width, self.height, self.pixformat = width, height, pixformat
        self.bytes_per_pixel = 1 if pixformat == image.GRAYSCALE else 2
        self.number = 0
        self.walls = [self._wall_row(y) for y in range(64)]
        self.radius = max(8, height // 8)
        self.ball = [self._ball_row(y) for y in range(2 * self.radius)]

    def _wall_row(self, y):
        """Long enough for any shift of the pan."""
        noise, pixels = _noise(y + 1), []
        for x in range(_PERIOD):
            n = next(noise)
            wave = abs(x - _PERIOD // 2)
            stripe = 40 if (x // 32 + y // 16) % 2 else 0
            pixels.append((_clip(60 + wave + n), _clip(90 + stripe + 2 * y + n), _clip(200 - wave + n)))
        row = _pack(pixels, self.pixformat)
        return row * (self.width // _PERIOD + 2)

    def _ball_row(self, y):
        """(left edge, bytes) of a row of the ball; both even for the sake of YUV422."""
        r = self.radius
        half = int((r * r - (y - r) ** 2) ** 0.5) // 2 * 2
        pixels = [(250, _clip(220 - y), _clip(abs(x) * 2)) for x in range(-half, half)]
        return -half, _pack(pixels, self.pixformat)

    @staticmethod
    def _bounce(position, room):
        position %= 2 * room
        return position if position < room else 2 * room - position

    def read(self):
        """The next image's bytes."""
        n, bpp, row_bytes = self.number, self.bytes_per_pixel, self.width * self.bytes_per_pixel
        self.number += 1
        shift = n % (_PERIOD // 2) * 2 * bpp
        rows = [self.walls[y // 4 % 64][shift:shift + row_bytes] for y in range(self.height)]
        r = self.radius
        centre_x = r + self._bounce(6 * n, self.width - 2 * r) // 2 * 2
        top = self._bounce(4 * n, self.height - 2 * r)
        for y, (left, pixels) in enumerate(self.ball):
            at = (centre_x + left) * bpp
            row = rows[top + y]
            rows[top + y] = row[:at] + pixels + row[at + len(pixels):]
        return bytearray(b"".join(rows))

    def close(self):
        pass
