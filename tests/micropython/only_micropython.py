# What only MicroPython has: memory that the script gives, a heap that fills up.
import gc

import h264

WIDTH, HEIGHT = 64, 48
picture = bytes(WIDTH * HEIGHT * 3 // 2)

# An encoder in a buffer: it says how much it needs.
try:
    h264.H264Encoder(WIDTH, HEIGHT, memory=bytearray(10))
    raise AssertionError("ten bytes were enough")
except MemoryError as error:
    need = int(str(error).split()[-3])
memory = bytearray(need)
enc = h264.H264Encoder(WIDTH, HEIGHT, memory=memory)
with h264.H264Encoder(WIDTH, HEIGHT) as other:
    for _ in range(3):
        assert enc.encode(picture) == other.encode(picture)
memory = None
gc.collect()
enc.encode(picture)  # the encoder keeps its memory alive
enc.close()

# The heap's memory comes back, by close and by the collector.
gc.collect()
free = gc.mem_free()
for n in range(100):
    enc = h264.H264Encoder(WIDTH, HEIGHT)
    enc.encode(picture)
    if n % 2:
        enc.close()
enc = None
gc.collect()
assert gc.mem_free() > free - need // 2, (free, gc.mem_free())

# A heap that is too small is a MemoryError, and the encoder goes on afterwards with a keyframe.
try:
    h264.H264Encoder(8192, 8192)
    raise AssertionError("8192x8192 fitted into the heap")
except MemoryError:
    pass

# Nothing is held back here.
for options in (dict(bframes=2, profile="main"), dict(rc_lookahead=10)):
    try:
        h264.H264Encoder(WIDTH, HEIGHT, **options)
        raise AssertionError(options)
    except (ValueError, TypeError):  # a build with the small encoder does not know these at all
        pass
print("done")
