#!/usr/bin/env python3
"""Six pictures of a .y4m file, evenly spaced, side by side in a PNG. For machines without FFmpeg; standard library only.

    picture_strip.py INPUT.y4m OUTPUT.png
"""
import struct
import sys
import zlib

COLUMNS, ROWS, WIDTH = 3, 2, 426


def read_header(f):
    tags = {t[:1].decode(): t[1:].decode() for t in f.readline().split()[1:]}
    return int(tags["W"]), int(tags["H"]), tags.get("C", "420") == "mono"


def clip(v):
    return 0 if v < 0 else 255 if v > 255 else v


def picture_rows(data, w, h, mono, step):
    """Rows of RGB bytes, every step-th sample (BT.601, limited range: near enough for a look)."""
    cw = (w + 1) // 2
    cb_at, cr_at = w * h, w * h + cw * ((h + 1) // 2)
    for y in range(0, h // step * step, step):
        row = bytearray()
        for x in range(0, w // step * step, step):
            luma = 1.164 * (data[y * w + x] - 16)
            c = y // 2 * cw + x // 2
            cb, cr = (0, 0) if mono else (data[cb_at + c] - 128, data[cr_at + c] - 128)
            row += bytes(clip(round(v)) for v in (luma + 1.596 * cr, luma - 0.813 * cr - 0.391 * cb, luma + 2.018 * cb))
        yield bytes(row)


def write_png(path, width, rows):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b""))


def main():
    with open(sys.argv[1], "rb") as f:
        w, h, mono = read_header(f)
        start = f.tell()
        size = w * h if mono else w * h + 2 * ((w + 1) // 2) * ((h + 1) // 2)
        count = (f.seek(0, 2) - start) // (size + 6)
        step = -(-w // WIDTH)
        tiles = []
        for i in range(COLUMNS * ROWS):
            f.seek(start + (size + 6) * (i * count // (COLUMNS * ROWS)) + 6)
            tiles.append(list(picture_rows(f.read(size), w, h, mono, step)))
    rows = [b"".join(line) for r in range(ROWS) for line in zip(*tiles[r * COLUMNS:(r + 1) * COLUMNS])]
    write_png(sys.argv[2], len(rows[0]) // 3, rows)


if __name__ == "__main__":
    main()
