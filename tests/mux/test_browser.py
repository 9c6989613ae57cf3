#!/usr/bin/env python3
"""The HLS output in a browser: headless Chromium plays the segments with Media Source Extensions to the end, then seeks; what it
shows there (a screenshot) is compared with the picture that FFmpeg decodes. With --keep FILE.png the screenshot stays.
Ends with "N passed, N failed"."""
import base64
import functools
import http.server
import json
import math
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from mux import *  # noqa: E402,F403

WIDTH, HEIGHT, FRAMES = 320, 192, 120
AT = 2.517  # between two pictures: number 75 is shown


class Handler(http.server.SimpleHTTPRequestHandler):
    reports = queue.Queue()
    extensions_map = {".m3u8": "application/vnd.apple.mpegurl", ".mp4": "video/mp4", ".m4s": "video/iso.segment",
                      ".html": "text/html"}

    def do_POST(self):
        self.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *words):
        pass


def serve(folder):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if has(name):
            return name
    return None


def picture(name, *options):
    """The picture's samples, RGB."""
    done = run("ffmpeg", "-v", "error", "-i", name, *options, "-frames:v", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    return done.stdout


def psnr(a, b):
    error = sum((x - y) ** 2 for x, y in zip(a, b)) / max(1, len(a))
    return 99 if error == 0 else 10 * math.log10(255 * 255 / error)


class Chromium:
    """Headless Chromium, spoken to over a pair of pipes (its descriptors 3 and 4): JSON messages that end with a zero byte."""

    def __init__(self, profile):
        to_read, self.to = os.pipe()
        self.source, from_write = os.pipe()

        def place():
            one, two = os.dup(to_read), os.dup(from_write)
            os.dup2(one, 3)
            os.dup2(two, 4)

        self.process = subprocess.Popen(
            [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--mute-audio", "--no-first-run", "--hide-scrollbars",
             "--autoplay-policy=no-user-gesture-required", f"--user-data-dir={profile}", f"--window-size={WIDTH + 200},{HEIGHT + 200}",
             "--remote-debugging-pipe", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False, preexec_fn=place)
        os.close(to_read)
        os.close(from_write)
        self.count, self.buffer = 0, b""

    def call(self, method, session=None, **params):
        self.count += 1
        message = {"id": self.count, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.buffer:
                piece = os.read(self.source, 1 << 16)
                if not piece:
                    raise RuntimeError("the browser is gone")
                self.buffer += piece
            answer, _, self.buffer = self.buffer.partition(b"\0")
            answer = json.loads(answer)
            if answer.get("id") == self.count:
                return answer.get("result", {})

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.source)


def play(folder, screenshot):
    """Opens the page; returns what it reports, and takes the screenshot then."""
    server = serve(folder)
    with tempfile.TemporaryDirectory(prefix="avocet-profile-", ignore_cleanup_errors=True) as profile:
        chromium = Chromium(profile)
        try:
            page = chromium.call("Target.createTarget", url=f"http://127.0.0.1:{server.server_port}/player.html?list=stream.m3u8&at={AT}")
            session = chromium.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
            report = Handler.reports.get(timeout=60)
            time.sleep(0.5)  # the picture after the seek is painted
            shot = chromium.call("Page.captureScreenshot", session, format="png",
                                 clip={"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1})
            with open(screenshot, "wb") as to:
                to.write(base64.b64decode(shot["data"]))
        except (queue.Empty, RuntimeError) as trouble:
            report = {"error": f"the browser does not answer: {trouble!r}"}
        finally:
            chromium.close()
    server.shutdown()
    return report


def main():
    need_program()
    if not browser() or not has("ffmpeg"):
        skip("HLS in a browser: chromium or ffmpeg is not installed")
        sys.exit(T.finish())
    with tempfile.TemporaryDirectory(prefix="avocet-browser-") as folder:
        avocet("encode", "testsrc", *FAST, "--size", f"{WIDTH}x{HEIGHT}", "--frames", FRAMES, "--bframes", "3", "--crf", "18", "--hls",
               folder, "--hls-segment", "1")
        with open(os.path.join(ROOT, "tests", "mux", "player.html")) as page, open(os.path.join(folder, "player.html"), "w") as to:
            to.write(page.read())
        screenshot = os.path.join(folder, "screen.png")
        if "--keep" in sys.argv:
            screenshot = os.path.abspath(sys.argv[sys.argv.index("--keep") + 1])
        told = play(folder, screenshot)
        if not T.check("error" not in told, told.get("error")):
            sys.exit(T.finish())
        length = FRAMES / 30
        T.check(len(told["buffered"]) == 1 and abs(told["buffered"][0][0]) < 0.001 and abs(told["buffered"][0][1] - length) < 0.05,
                f"buffered {told['buffered']}, not one range from 0 to {length}")
        T.check(abs(told["duration"] - length) < 0.05, f"duration {told['duration']}")
        T.check((told["width"], told["height"]) == (WIDTH, HEIGHT), f"{told['width']}x{told['height']}")
        T.check(told["frames"] >= FRAMES - 2, f"{told['frames']} pictures shown of {FRAMES}")
        T.check(abs(told["at"] - AT) < 0.001, f"stopped at {told['at']}")
        shown = picture(screenshot, "-vf", f"crop={WIDTH}:{HEIGHT}:0:0") if os.path.exists(screenshot) else b""
        if T.check(len(shown) == WIDTH * HEIGHT * 3, f"a screenshot of {len(shown)} bytes"):
            want = picture(os.path.join(folder, "stream.m3u8"), "-vf", "select=eq(n\\,75),scale=out_range=full")
            other = picture(os.path.join(folder, "stream.m3u8"), "-vf", "select=eq(n\\,60),scale=out_range=full")
            good, bad = psnr(shown, want), psnr(shown, other)
            print(f"screenshot against picture 75: {good:.1f} dB, against picture 60: {bad:.1f} dB; {told['frames']} pictures shown, "
                  f"{told['dropped']} dropped")
            T.check(good > 30 and good > bad + 3, f"the screenshot shows something else: {good:.1f} dB, {bad:.1f} dB")
    sys.exit(T.finish())


main()
