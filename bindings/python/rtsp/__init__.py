"""Live H.264 over the network: an RTSP server.

    import h264, rtsp
    enc = h264.H264Encoder(640, 480, fps=30, bitrate=1_500_000)
    with rtsp.RTSPServer(640, 480, fps=30) as server:
        while True:
            server.send(enc.encode(camera.snapshot(), keyframe=server.wants_keyframe()))

    ffplay rtsp://HOST:8554/
"""
import hashlib
import time
from fractions import Fraction

from h264 import _h264

__all__ = ["RTSPServer"]

_UNITS = 90000  # of time, per second


def _hash(kind, data):
    return hashlib.new(kind, data).digest()


def _positive(name, value):
    if not isinstance(value, int) or value <= 0:
        raise ValueError("%s must be a positive integer, not %r" % (name, value))
    return value


class RTSPServer:
    """Serves one stream at rtsp://HOST:listen_port/ from the moment it is made; clients come and go.

    width, height   of the pictures
    fps             told to clients
    listen_port     0: any that is free, see port
    max_frame_len   frames of more bytes are ignored; 0: width * height
    path            behind the port, if it shall be a certain one; "": any
    address         to listen at; None: every one, IPv4 and IPv6
    users           {name: password} or pairs: only these may watch (Digest, SHA-256 or MD5); None: everybody
    max_clients     connections at a time

    OSError: the port is in use, or the like.
    """

    def __init__(self, width, height, *, fps=15, listen_port=8554, max_frame_len=0, path="", address=None, users=None,
                 max_clients=64):
        self._core = None
        self._start = time.monotonic()
        self._last = -1
        area = _positive("width", width) * _positive("height", height)
        if not isinstance(max_frame_len, int) or max_frame_len < 0:
            raise ValueError("max_frame_len must be 0 or a number of bytes, not %r" % (max_frame_len,))
        if not isinstance(listen_port, int) or not 0 <= listen_port <= 65535:
            raise ValueError("listen_port must be 0 to 65535, not %r" % (listen_port,))
        rate = Fraction(str(fps)) if not isinstance(fps, tuple) else Fraction(*fps)
        if rate <= 0:
            raise ValueError("fps must be positive, not %r" % (fps,))
        rate = rate.limit_denominator(1001)
        largest = max_frame_len or area
        ring = min(max(8 * largest, 1 << 20), 1 << 30)
        pairs = users.items() if hasattr(users, "items") else users or ()
        self._core = _h264.RtspServer(address, listen_port, path, rate.numerator, rate.denominator,
                                      min(largest, ring // 2), ring, _positive("max_clients", max_clients),
                                      tuple((str(name), str(password)) for name, password in pairs), _hash)

    def send(self, nal, *, pts=None):
        """Queues one encoded frame (what H264Encoder.encode gives) and returns at once. Clients that are too slow lose whole
        frames up to the next keyframe. pts: time of the frame in seconds; None: now. OSError after stop."""
        if self._core is None:
            raise OSError("RTSPServer stopped")
        if not isinstance(nal, bytes):
            nal = bytes(memoryview(nal))
        ticks = int((time.monotonic() - self._start if pts is None else pts) * _UNITS)
        if pts is None:
            ticks = max(ticks, self._last + 1)
        self._last = ticks
        if nal:
            self._core.send(nal, ticks)

    def wants_keyframe(self):
        """True once when a client waits for a keyframe: it starts at the next one, which may be made at once."""
        return self._core is not None and self._core.wants_keyframe()

    def stats(self):
        """A dict: clients, frames, bytes, too_large, clients_served, frames_skipped, clients_dropped."""
        if self._core is None:
            raise OSError("RTSPServer stopped")
        return self._core.stats()

    @property
    def port(self):
        """The port listened at."""
        if self._core is None:
            raise OSError("RTSPServer stopped")
        return self._core.port()

    def stop(self):
        """Sends what is queued, ends all sessions and closes the port. Stopping twice is harmless."""
        core, self._core = self._core, None
        if core is not None:
            core.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    def __del__(self):
        if getattr(self, "_core", None) is not None:
            self.stop()
