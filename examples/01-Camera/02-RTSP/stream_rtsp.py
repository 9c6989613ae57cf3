# Serves the camera as a live stream at rtsp://HOST:8554/ until interrupted.
#
#   on a board    bring the network up first
#   on a PC       PYTHONPATH=examples/pc python3 stream_rtsp.py
#
#   ffplay -rtsp_transport tcp rtsp://HOST:8554/
import h264
import rtsp
import sensor

WIDTH, HEIGHT, FPS = 320, 240, 30

sensor.reset()
sensor.set_pixformat(sensor.RGB565)
sensor.set_framesize(sensor.QVGA)
sensor.skip_frames(time=1000)

enc = h264.H264Encoder(WIDTH, HEIGHT, fps=FPS, bitrate=3_000_000, qp_max=32)
server = rtsp.RTSPServer(WIDTH, HEIGHT, fps=FPS, listen_port=8554)
try:
    while True:
        server.send(enc.encode(sensor.snapshot()))
finally:
    server.stop()
    enc.close()
