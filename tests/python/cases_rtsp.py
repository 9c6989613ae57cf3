"""Module rtsp: RTSPServer, received by FFmpeg and by hand; the example script that serves the camera."""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

import h264
import rtsp
from streams import FFMPEG, i420_picture

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 64, 48


def encode(count, **options):
    with h264.H264Encoder(WIDTH, HEIGHT, gop=10, **options) as enc:
        return [enc.encode(i420_picture(WIDTH, HEIGHT, n)) for n in range(count)]


FRAMES = encode(40)


def sums(source, *options):
    done = subprocess.run([FFMPEG, "-v", "error", *options, "-i", source, "-fps_mode", "passthrough", "-f", "framemd5", "-"],
                          stdout=subprocess.PIPE, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    return [line.split(",")[-1].strip() for line in done.stdout.splitlines() if line and line[0] != "#"]


def ask(port, text, host="127.0.0.1"):
    with socket.create_connection((host, port), 5) as s:
        s.sendall(text.replace("\n", "\r\n").encode())
        return s.recv(65536).decode()


class Server(unittest.TestCase):
    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_every_frame_arrives(self):
        got = []
        with rtsp.RTSPServer(WIDTH, HEIGHT, fps=50, listen_port=0) as server:
            url = "rtsp://127.0.0.1:%d/" % server.port
            player = threading.Thread(target=lambda: got.extend(sums(url, "-rtsp_transport", "tcp")))
            player.start()
            while server.stats()["clients"] == 0:
                self.assertTrue(player.is_alive(), "the player has gone")
                time.sleep(0.01)
            for frame in FRAMES:
                server.send(frame)
                time.sleep(0.02)
            self.assertEqual(server.stats()["frames"], len(FRAMES))
        player.join()
        path = Path(os.environ.get("TMPDIR", "/tmp")) / ("rtsp-%d.264" % os.getpid())
        path.write_bytes(b"".join(FRAMES))
        self.addCleanup(path.unlink)
        self.assertEqual(got, sums(str(path)))

    def test_send_never_waits(self):
        with rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0) as server:
            with socket.create_connection(("127.0.0.1", server.port)) as lazy:
                lazy.sendall(b"SETUP rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n")
                session = re.search(rb"Session: (\w+)", lazy.recv(4096)).group(1)
                lazy.sendall(b"PLAY rtsp://x/ RTSP/1.0\r\nCSeq: 2\r\nSession: " + session + b"\r\n\r\n")
                start = time.monotonic()
                for _ in range(100):
                    for frame in FRAMES:
                        server.send(frame)
                self.assertLess(time.monotonic() - start, 8)  # one that waits for it would until it is dropped, 10 s

    def test_wants_keyframe(self):
        with rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0) as server:
            self.assertFalse(server.wants_keyframe())
            with socket.create_connection(("127.0.0.1", server.port)) as client:
                client.sendall(b"SETUP rtsp://x/ RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n")
                session = re.search(rb"Session: (\w+)", client.recv(4096)).group(1)
                client.sendall(b"PLAY rtsp://x/ RTSP/1.0\r\nCSeq: 2\r\nSession: " + session + b"\r\n\r\n")
                client.recv(4096)
                end = time.monotonic() + 20
                while not server.wants_keyframe():
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.01)

    def test_large_frames_are_ignored(self):
        with rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0, max_frame_len=len(FRAMES[0]) - 1) as server:
            server.send(FRAMES[0])
            server.send(FRAMES[1])
            self.assertEqual(server.stats()["too_large"], 1)
        with rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0) as server:
            server.send(b"\0\0\0\1\x65" + b"x" * WIDTH * HEIGHT)
            self.assertEqual(server.stats()["too_large"], 1)

    def test_any_bytes(self):
        with rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0) as server:
            server.send(bytearray(FRAMES[0]))
            server.send(memoryview(FRAMES[1]))
            server.send(b"")
            with self.assertRaises(ValueError):
                server.send(b"no start code")
            for wrong in (5, "text", None):
                with self.assertRaises(TypeError):
                    server.send(wrong)

    def test_stop(self):
        server = rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0)
        port = server.port
        server.stop()
        server.stop()
        for use in (lambda: server.send(FRAMES[0]), server.stats, lambda: server.port):
            with self.assertRaises(OSError):
                use()
        self.assertFalse(server.wants_keyframe())
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), 2)
        server = rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=port)
        del server
        rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=port).stop()

    def test_wrong_values(self):
        for options in ({"listen_port": 70000}, {"max_frame_len": -1}, {"fps": 0}, {"max_clients": 0}, {"path": "a b"},
                        {"users": {"me": ""}}, {"max_clients": 5000}):
            with self.subTest(**options), self.assertRaises(ValueError):
                rtsp.RTSPServer(WIDTH, HEIGHT, **{"listen_port": 0, **options})
        with self.assertRaises(ValueError):
            rtsp.RTSPServer(0, 48)
        with rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0) as server, self.assertRaisesRegex(OSError, "in use"):
            rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=server.port)

    def test_path(self):
        request = "DESCRIBE rtsp://127.0.0.1/%s RTSP/1.0\nCSeq: 1\n\n"
        with rtsp.RTSPServer(WIDTH, HEIGHT, listen_port=0, path="cam") as server:
            server.send(FRAMES[0])
            self.assertIn("200 OK", ask(server.port, request % "cam"))
            self.assertIn("404", ask(server.port, request % "other"))
            self.assertIn("sprop-parameter-sets=", ask(server.port, request % "cam/"))

    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_users(self):
        with rtsp.RTSPServer(WIDTH, HEIGHT, fps=50, listen_port=0, users={"me": "secret"}) as server:
            self.assertIn("401 Unauthorized", ask(server.port, "OPTIONS * RTSP/1.0\nCSeq: 1\n\n"))
            stop = threading.Event()

            def feed():
                while not stop.is_set():
                    for frame in FRAMES:
                        server.send(frame)
                        time.sleep(0.02)
            feeder = threading.Thread(target=feed)
            feeder.start()
            try:
                url = "rtsp://me:%s@127.0.0.1:%d/"
                options = ("-rtsp_transport", "tcp", "-t", "0.5")
                self.assertTrue(sums(url % ("secret", server.port), *options))
                self.assertFalse(sums(url % ("wrong", server.port), *options))
            finally:
                stop.set()
                feeder.join()


def heed_interrupts():
    """Those who are started in the background may have to ignore them, and so would their children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Example(unittest.TestCase):
    @unittest.skipUnless(FFMPEG, "ffmpeg is not installed")
    def test_stream_script(self):
        with socket.socket() as taken:
            if taken.connect_ex(("127.0.0.1", 8554)) == 0:
                self.skipTest("port 8554 is in use")
        script = ROOT / "examples" / "01-Camera" / "02-RTSP" / "stream_rtsp.py"
        env = {**os.environ, "PYTHONPATH": str(ROOT / "examples" / "pc"), "PYTHONDONTWRITEBYTECODE": "1",
               "SENSOR_SOURCE": "scene"}
        process = subprocess.Popen([sys.executable, str(script)], env=env, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=heed_interrupts)
        self.addCleanup(process.kill)
        try:
            got = []
            for _ in range(20):
                got = sums("rtsp://127.0.0.1:8554/", "-rtsp_transport", "tcp", "-t", "1")
                if len(got) > 5:  # fewer, where the first pictures are just being made
                    break
                time.sleep(0.5)
        finally:
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=20)[1]
        self.assertGreater(len(got), 5, said)


if __name__ == "__main__":
    unittest.main()
