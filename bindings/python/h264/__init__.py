"""H.264 encoding and decoding with Avocet.

    import h264
    enc = h264.H264Encoder(640, 480, fps=30, bitrate=1_500_000)
    with open("out.h264", "wb") as out:
        for image in images:                # numpy arrays, PIL images, bytes, camera images
            out.write(enc.encode(image))
    enc.close()

    with open("out.h264", "rb") as stream:
        for picture in h264.Decoder().decode(stream.read()):
            print(picture.width, picture.height, len(picture.rgb()))
"""
from . import _h264
from ._containers import Mp4Writer, Reader, probe
from ._decoder import Decoder, Picture
from ._encoder import H264Encoder, Packet

__all__ = ["H264Encoder", "Packet", "Decoder", "Picture", "Mp4Writer", "Reader", "probe", "backends", "formats",
           "presets", "tunes", "__version__"]
__version__ = _h264.version()


def presets():
    """Names of the presets, fastest first."""
    return _h264.presets()


def tunes():
    """Names of the tunes."""
    return _h264.tunes()


def formats():
    """Names of the pixel formats."""
    return _h264.formats()


def backends():
    """Names of the backends of this build, in the order in which "auto" tries them."""
    return _h264.backends()
