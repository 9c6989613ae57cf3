#!/usr/bin/env python3
"""avocet play in a real X server without a screen (Xvfb): keys and mouse by xdotool, screenshots compared with the
pictures that avocet inspect makes.

Needs Xvfb, xdotool and xwd (Debian: xvfb xdotool x11-apps) and a build with SDL2; else what cannot run is skipped.
The program under test is named by the environment variable AVOCET (default build/avocet).
"""
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))
from tally import AVOCET, T, check  # noqa: E402
from test_inspect import read_png  # noqa: E402

WIDTH, HEIGHT, FRAMES = 160, 96, 90  # shown at twice the size
SCREEN = 900, 600



class Server:
    """An X server on a free display."""

    def __enter__(self):
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(write_end), "-screen", "0", "%dx%dx24" % SCREEN,
                                         "-noreset"],
                                        pass_fds=[write_end], stderr=subprocess.DEVNULL)
        os.close(write_end)
        with os.fdopen(read_end) as f:
            number = f.readline().strip()
        # Sanitizer builds: SDL and the X libraries keep memory of their own to the end, which is not ours to free.
        asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "detect_leaks=0"]))
        self.env = dict(os.environ, DISPLAY=":" + number, SDL_VIDEODRIVER="x11", SDL_RENDER_DRIVER="software",
                        ASAN_OPTIONS=asan)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Player:
    def __init__(self, server, *words, stdin=subprocess.DEVNULL):
        self.env = server.env
        self.process = subprocess.Popen([AVOCET, "play", *map(str, words)], env=self.env, stdin=stdin,
                                        stderr=subprocess.PIPE)
        self.window = None
        end = time.monotonic() + 30
        while not self.window and time.monotonic() < end and self.process.poll() is None:
            self.window = self.tool("search", "--onlyvisible", "--name", " - avocet$").strip()
            time.sleep(0.05)

    def tool(self, *words):
        return subprocess.run(["xdotool", *map(str, words)], env=self.env, capture_output=True, timeout=30,
                              check=False).stdout.decode()

    def keys(self, *names):
        self.tool("key", "--delay", 60, *names)

    def title(self):
        return self.tool("getwindowname", self.window).strip()

    def number(self):
        found = re.search(r" - (\d+)", self.title())
        return int(found.group(1)) if found else -1

    def wait_title(self, text, what):
        end = time.monotonic() + 20
        while time.monotonic() < end and not re.search(text, self.title()):
            time.sleep(0.05)
        title = self.title()
        check(re.search(text, title), "%s: \"%s\" is not in the title \"%s\"" % (what, text, title))
        time.sleep(0.25)  # the title comes before the picture

    def screenshot(self):
        """Width, height and rows of RGB bytes."""
        data = subprocess.run(["xwd", "-silent", "-id", self.window], env=self.env, capture_output=True, timeout=30,
                              check=True).stdout
        head = struct.unpack(">25I", data[:100])
        width, height, line = head[4], head[5], head[12]
        at = head[0] + 12 * head[19]
        rows = []
        for y in range(height):
            row = data[at + y * line:at + y * line + 4 * width]
            rgb = bytearray(3 * width)
            rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
            rows.append(rgb)
        return width, height, rows

    def quit(self):
        self.keys("q")
        try:
            status = self.process.wait(20)
            check(status == 0, "exit status %d: %s" % (status, self.process.stderr.read()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            check(False, "the player does not end on q")


def reference(folder, coded, number, overlay):
    """The picture that the player should show, from avocet inspect."""
    path = os.path.join(folder, "reference.png")
    subprocess.run([AVOCET, "inspect", coded, "--overlay", overlay, "--scale", "2", "--seek", str(number), "--frames",
                    "1", "-o", path], check=True, timeout=60)
    return read_png(path)


def difference(seen, wanted):
    """Mean difference of samples; infinite if the sizes are not the same."""
    if seen[:2] != wanted[:2]:
        return float("inf")
    total = sum(sum(abs(a - b) for a, b in zip(x, y)) for x, y in zip(seen[2], wanted[2]))
    return total / (3.0 * wanted[0] * wanted[1])


def wait_until(holds):
    """Until it does; a busy machine may take its time."""
    end = time.monotonic() + 15
    while not (good := holds()) and time.monotonic() < end:
        time.sleep(0.25)
    return good


def compare(player, folder, coded, number, overlay, most=0.0):
    """Screen against inspect; `most` is for pictures that are scaled on the way."""
    wanted, found = reference(folder, coded, number, overlay), []

    def is_same():
        found.append(difference(player.screenshot(), wanted))
        return found[-1] <= most
    check(wait_until(is_same), "picture %d with \"%s\" differs by %.2f on average" % (number, overlay, found[-1]))


def test_steps(server, folder, coded):
    p = Player(server, coded, "--pause", "--start", 40, "--overlay", "mb,mv")
    p.wait_title(r" - 40/89 .*paused", "start")
    p.tool("mousemove", 5, 5)
    time.sleep(3)  # until the bar has gone
    compare(p, folder, coded, 40, "mb,mv")
    p.keys("period")
    p.wait_title(r" - 41/89", "step")
    compare(p, folder, coded, 41, "mb,mv")
    p.keys(*["comma"] * 5)
    p.wait_title(r" - 36/89", "five steps back")
    compare(p, folder, coded, 36, "mb,mv")
    p.keys("Home")
    p.wait_title(r" - 0/89", "Home")
    p.keys("End")
    p.wait_title(r" - 89/89", "End")
    compare(p, folder, coded, 89, "mb,mv")
    p.keys("comma")
    p.wait_title(r" - 88/89", "step back from the end")
    p.keys("Home", "Right")
    p.wait_title(r" - 89/89", "five seconds ahead")
    p.keys("Left")
    p.wait_title(r" - 0/89", "five seconds back")
    p.quit()


def test_overlays(server, folder, coded):
    p = Player(server, coded, "--pause", "--start", 21)
    p.wait_title(r" - 21/89", "start")
    p.tool("mousemove", 5, 5)
    time.sleep(3)
    compare(p, folder, coded, 21, "", 4.0)
    for key, name in (("m", "mb"), ("p", "part"), ("v", "mv"), ("r", "ref"), ("k", "qp"), ("b", "bits"),
                      ("d", "residual"), ("e", "prediction"), ("n", "unfiltered")):
        p.keys(key)
        time.sleep(0.5)
        compare(p, folder, coded, 21, name)
        p.keys(key)
    p.keys("v", "k", "0")
    time.sleep(0.5)
    compare(p, folder, coded, 21, "", 4.0)
    before = p.screenshot()
    p.keys("h")
    check(wait_until(lambda: p.screenshot() != before), "h shows no help")
    p.keys("h", "s")

    def has_sizes():
        rows = p.screenshot()[2]
        colours = {bytes(rows[60][i:i + 3]) for i in range(0, 3 * 320, 3)}
        return sum(rows[5]) < 0.6 * sum(before[2][5]) and sum(rows[185]) > 0.9 * sum(before[2][185]) and len(colours) > 3
    check(wait_until(has_sizes), "s shows no bar of sizes above")
    p.quit()


def test_mouse_and_size(server, coded):
    p = Player(server, coded, "--pause")
    p.wait_title(r" - 0/89", "start")
    p.tool("mousemove", "--window", p.window, 160, 185)
    time.sleep(0.3)
    p.tool("click", 1)
    p.wait_title(r" - 4[45]/89", "click in the middle of the bar")
    p.tool("mousemove", "--window", p.window, 10, 185, "mousedown", 1)
    p.tool("mousemove", "--window", p.window, 310, 185, "mouseup", 1)
    p.wait_title(r" - 89/89", "drag to the end of the bar")
    p.tool("mousemove", 5, 5)
    p.tool("windowsize", "--sync", p.window, 600, 192)
    time.sleep(3)

    def has_borders():  # 320x192 in the middle, black beside
        width, height, rows = p.screenshot()
        return (width, height) == (600, 192) and all(
            not any(rows[y][:3 * 139]) and not any(rows[y][3 * 461:]) and any(rows[y][3 * 141:3 * 200]) for y in (5, 100, 185))
    check(wait_until(has_borders), "no picture in the middle of a window of %dx%d with black beside it" % p.screenshot()[:2])
    p.quit()


def test_time(server, coded):
    start = time.monotonic()
    p = Player(server, coded, "--exit")
    check(p.process.wait(30) == 0, "exit status")
    taken = time.monotonic() - start
    check(2.7 < taken < 15, "90 pictures at 30 per second take %.2f s" % taken)
    p = Player(server, coded)
    p.wait_title(r" - [1-9]", "playing")
    p.keys("space")
    p.wait_title("paused", "pause")
    first = p.number()
    time.sleep(0.6)
    check(p.number() == first, "pictures go on while paused")
    p.keys("l", "bracketright", "bracketright", "space")
    p.wait_title("loop", "loop")
    time.sleep(2)
    check("paused" not in p.title(), "it does not go round: %s" % p.title())
    p.quit()


def test_pipe(server):
    encoder = subprocess.Popen([AVOCET, "encode", "testsrc", "--size", "160x96", "--frames", "45", "--bframes", "0",
                                "-o", "-", "--quiet"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    p = Player(server, "-", stdin=encoder.stdout)
    encoder.stdout.close()
    p.wait_title(r" - 44/44 .*paused", "end of the pipe")
    p.keys("comma", "comma")
    p.wait_title(r" - 42/44", "steps back in a pipe")
    p.quit()
    encoder.wait()


def test_pipe_mp4(server, folder, coded):
    """MP4 through a pipe: in fragments while it is being encoded, and with one index at its end."""
    encoder = subprocess.Popen([AVOCET, "encode", "testsrc", "--size", "160x96", "--frames", "45", "--fragment", "0.3",
                                "-o", "-", "--quiet"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    p = Player(server, "-", stdin=encoder.stdout)
    encoder.stdout.close()
    p.wait_title(r" - 44/44 .*paused", "end of the pipe of fragments")
    p.keys("comma")
    p.wait_title(r" - 43/44", "a step back in it")
    p.quit()
    encoder.wait()
    with open(coded, "rb") as f:
        whole = f.read()
    feeder = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p = None
    try:
        feeder.stdin.write(whole)
        feeder.stdin.close()
        p = Player(server, "-", "--overlay", "mb,mv", stdin=feeder.stdout)
        p.wait_title(r" - 89/89 .*paused", "end of the pipe of a whole file")
        p.tool("mousemove", 5, 5)
        time.sleep(3)
        compare(p, folder, coded, 89, "mb,mv")
    finally:
        feeder.stdout.close()
        if p:
            p.quit()
        feeder.wait()


def test_fullscreen(server, coded):
    """The whole screen, the picture as large as fits, and back; from the start too."""
    p = Player(server, coded, "--pause", "--start", 10)
    p.wait_title(r" - 10/89", "start")
    p.tool("mousemove", 5, 5)
    small = p.screenshot()[:2]
    p.keys("f")
    check_fullscreen(p, "f")
    p.keys("Right")
    p.wait_title(r" - 89/89", "a jump in full screen")
    p.keys("f")
    check(wait_until(lambda: p.screenshot()[:2] == small == (2 * WIDTH, 2 * HEIGHT)), "back from full screen: %dx%d" % p.screenshot()[:2])
    p.quit()
    p = Player(server, coded, "--pause", "--fullscreen")
    p.wait_title(r" - 0/89", "start in full screen")
    p.tool("mousemove", 5, 5)
    check_fullscreen(p, "--fullscreen")
    p.quit()


def check_fullscreen(p, what):
    """The picture as wide as the screen, which is taller: black above and below, once the bar has gone."""
    border = (SCREEN[1] - SCREEN[0] * HEIGHT // WIDTH) // 2
    check(wait_until(lambda: p.screenshot()[:2] == SCREEN), "%s: size of the window %dx%d" % (what, *p.screenshot()[:2]))

    def fills():
        rows = p.screenshot()[2]
        return (not any(rows[border // 2]) and not any(rows[-border // 2]) and any(rows[border + 4][:60])
                and any(rows[-border - 5][-60:]))
    check(wait_until(fills), "%s: no picture as wide as the screen with black above and below" % what)


def test_wrong(folder):
    text = os.path.join(folder, "no.264")
    with open(text, "wb") as f:
        f.write(b"no video\n" * 99)
    for words, code in ((["x"], 1), ([], 2), ([text], 1), ([text, text], 2), (["--nonsense", text], 2),
                        (["--start", "x", text], 2), (["--overlay", "x", text], 2)):
        r = subprocess.run([AVOCET, "play", *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                           check=False)
        check(r.returncode == code and r.stderr.startswith(b"avocet: "), "%s: %d %s" % (words, r.returncode, r.stderr))


def test_no_screen(coded):
    """Where there is no X server: an error, no player that nobody sees."""
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    run = subprocess.run([AVOCET, "play", "--exit", coded], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                         check=False)
    if not os.path.exists("/dev/dri"):  # on which SDL plays without a server
        check(run.returncode == 1 and b"cannot open a window" in run.stderr, "no screen: %d %s" % (run.returncode, run.stderr))


def missing():
    probe = subprocess.run([AVOCET, "play", "/"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if b"SDL2" in probe.stderr:
        return "SDL2 in the build"
    for program in "Xvfb", "xdotool", "xwd":
        if not shutil.which(program):
            return program
    return None


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_wrong(folder)
        lacks = missing()
        if lacks:
            print("SKIPPED the player in a window, for want of %s" % lacks)
        else:
            coded = os.path.join(folder, "c.mp4")
            subprocess.run([AVOCET, "encode", "testsrc", "--size", "%dx%d" % (WIDTH, HEIGHT), "--frames", str(FRAMES),
                            "--keyint", "30", "-o", coded, "--quiet"], check=True, timeout=120)
            test_no_screen(coded)
            with Server() as server:
                test_steps(server, folder, coded)
                test_overlays(server, folder, coded)
                test_mouse_and_size(server, coded)
                test_time(server, coded)
                test_pipe(server)
                test_pipe_mp4(server, folder, coded)
                test_fullscreen(server, coded)
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
