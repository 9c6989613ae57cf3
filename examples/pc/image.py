"""Stand-in for the image module of OpenMV-style boards: what a snapshot is, as far as encoders and savers need it."""

# The numbers that the boards' firmware uses: flags, identity, variant, bytes per pixel, one byte each.
GRAYSCALE = 0x08020001
RGB565 = 0x0C030002
YUV422 = 0x14050002

_BYTES = {GRAYSCALE: 1, RGB565: 2, YUV422: 2}


class Image:
    """Pixels in a bytearray, rows from top to bottom. RGB565 has the low byte first, YUV422 is Y0 Cb Y1 Cr."""

    def __init__(self, width, height, pixformat, *, buffer=None):
        size = width * height * _BYTES[pixformat]
        self._size, self._format = (width, height), pixformat
        self._data = bytearray(size) if buffer is None else buffer
        if len(self._data) != size:
            raise ValueError("%dx%d in this format has %d bytes, not %d" % (width, height, size, len(self._data)))

    def width(self):
        return self._size[0]

    def height(self):
        return self._size[1]

    def format(self):
        return self._format

    def size(self):
        return len(self._data)

    def bytearray(self):
        """The pixels themselves, no copy."""
        return self._data

    def copy(self):
        return Image(*self._size, self._format, buffer=bytearray(self._data))

    def get_pixel(self, x, y, *, rgbtuple=True):
        at = (y * self._size[0] + x) * _BYTES[self._format]
        if self._format != RGB565:
            return self._data[at]
        value = self._data[at] | self._data[at + 1] << 8
        if not rgbtuple:
            return value
        red, green, blue = value >> 11, value >> 5 & 63, value & 31
        return red * 255 // 31, green * 255 // 63, blue * 255 // 31

    def flip(self, horizontally, vertically):
        """In place."""
        width, height = self._size
        row_bytes = width * _BYTES[self._format]
        rows = [self._data[i:i + row_bytes] for i in range(0, len(self._data), row_bytes)]
        if vertically:
            rows.reverse()
        if horizontally:
            rows = [self._mirrored(row) for row in rows]
        self._data[:] = b"".join(rows)

    def _mirrored(self, row):
        if self._format == GRAYSCALE:
            return row[::-1]
        out = bytearray(len(row))
        if self._format == RGB565:
            out[0::2], out[1::2] = row[0::2][::-1], row[1::2][::-1]
        else:  # pairs change places, and so do the two luma samples in each
            out[0::4], out[1::4] = row[2::4][::-1], row[1::4][::-1]
            out[2::4], out[3::4] = row[0::4][::-1], row[3::4][::-1]
        return out
