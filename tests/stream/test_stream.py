#!/usr/bin/env python3
"""RTSP: players receive every picture, by TCP and UDP, IPv4 and IPv6; passwords; limits; clients that stall, lie and attack;
pushing to another server; the command line."""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from rtsp import Client, Depacketiser, RecordServer

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tally import AVOCET, QUICK, T, check, skip  # noqa: E402
SERVE = os.path.join(os.path.dirname(os.path.abspath(AVOCET)), "rtsp_serve")
METHODS = ("OPTIONS", "DESCRIBE", "SETUP", "PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE",
           "RECORD", "REDIRECT", "NONSENSE")

folder = None


# ---- streams and servers ----

def encode(name, *options):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        subprocess.run([AVOCET, "encode", "testsrc", "--quiet", *options, "-o", path], check=True)
    return path


def small():
    """Low rate: several units share packets."""
    return encode("small.264", "--size", "320x240", "--frames", "50", "--keyint", "10", "--preset", "veryfast")


def large():
    """High rate, several slices: large units in fragments."""
    return encode("large.264", "--size", "640x360", "--frames", "50", "--keyint", "25", "--qp", "12", "--slices", "3",
                  "--aud", "--preset", "ultrafast")


def film():
    """B pictures."""
    return encode("film.264", "--size", "320x240", "--frames", "50", "--keyint", "25", "--bframes", "3", "--preset", "fast")


def pictures_of(source, *options, seconds=40):
    """MD5s of the pictures that FFmpeg decodes."""
    run = subprocess.run(["ffmpeg", "-v", "error", *options, "-i", source, "-fps_mode", "passthrough", "-f", "framemd5",
                          "-"], capture_output=True, text=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL)
    return [line.split(",")[-1].strip() for line in run.stdout.splitlines() if line and line[0] != "#"]


def by(transport):
    """FFmpeg's options. Datagrams wait in a queue that the system keeps, where a busy player needs room."""
    return ["-rtsp_transport", transport] + (["-buffer_size", "4000000"] if transport == "udp" else [])


def attempts(transport):
    """A busy machine may lose datagrams in the player's own queue: those who receive them may try again."""
    return range(3 if transport == "udp" else 1)


class Server:
    """tests/tools/rtsp_serve.c with a file."""

    def __init__(self, path, **options):
        words = ["%s=%s" % item for item in options.items()]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([SERVE, path, *words], stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        self.port = int(line.split()[1]) if line.startswith("port") else 0
        self.said = line

    def url(self, host="127.0.0.1", user=""):
        return "rtsp://%s%s:%d/live" % (user, host, self.port)

    def wait(self, seconds=60):
        """Ends when the file does; the numbers that were printed."""
        try:
            self.said += self.process.communicate(timeout=seconds)[0]
        except subprocess.TimeoutExpired:
            self.kill()
            return {}
        return {name: float(value) for name, value in re.findall(r"(\w+) ([\d.]+)", self.said)}

    def log(self):
        self.errors.seek(0)
        return self.errors.read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process.poll() is None:
            self.kill()
        check(self.process.returncode in (0, -9), "server ended with %s: %s" % (self.process.returncode, self.log()[-2000:]))
        self.errors.close()
        self.process.stdout.close()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
            s.bind(("::1", 0))
        return True
    except OSError:
        return False


# ---- players ----

def test_ffmpeg():
    cases = [(small, "tcp", "127.0.0.1"), (large, "tcp", "127.0.0.1"), (small, "udp", "127.0.0.1"),
             (large, "udp", "127.0.0.1"), (film, "tcp", "127.0.0.1")]
    if has_ipv6():
        cases += [(film, "udp", "[::1]"), (film, "tcp", "[::1]")]
    else:
        skip("IPv6: this machine has none")
    if QUICK:
        cases = [cases[1], cases[3]]
    for source, transport, host in cases:
        path = source()
        wanted = pictures_of(path)
        for _ in attempts(transport):
            with Server(path, fps=50) as server:
                got = pictures_of(server.url(host), *by(transport))
                numbers = server.wait()
            if got == wanted:
                break
        check(got == wanted and len(wanted) == 50, "%s by %s from %s: %d of %d pictures, %s" %
              (os.path.basename(path), transport, host, len(got), len(wanted), "same" if got == wanted else "different"))
        check(numbers.get("skipped") == 0, "skipped: %s" % numbers)


def test_without_headers():
    """The server learns the parameter sets from the stream only: clients find them in front of each keyframe."""
    path = small()
    with Server(path, fps=50, headers=0) as server:
        got = pictures_of(server.url(), "-rtsp_transport", "tcp")
    check(got == pictures_of(path), "%d pictures" % len(got))


def gstreamer_has(*elements):
    return shutil.which("gst-inspect-1.0") and all(
        subprocess.run(["gst-inspect-1.0", element], capture_output=True, check=False).returncode == 0
        for element in elements)


def received_by_gstreamer(path, transport):
    out = os.path.join(folder, "gst-%s.yuv" % transport)
    with Server(path, fps=25) as server:
        pipeline = ["gst-launch-1.0", "-q", "rtspsrc", "location=" + server.url(), "protocols=" + transport,
                    "udp-buffer-size=4000000", "!", "rtph264depay", "!", "avdec_h264", "!", "video/x-raw,format=I420", "!",
                    "filesink", "location=" + out]
        run = subprocess.run(pipeline, capture_output=True, timeout=60, check=False)
    with open(out, "rb") as f:
        return run, f.read()


def test_gstreamer():
    if not gstreamer_has("rtspsrc", "rtph264depay", "rtpjitterbuffer", "avdec_h264"):
        skip("GStreamer's rtspsrc, rtph264depay or avdec_h264 is not installed")
        return
    path = large()
    want = os.path.join(folder, "want.yuv")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", path, "-pix_fmt", "yuv420p", "-f", "rawvideo", want], check=True)
    with open(want, "rb") as f:
        wanted = f.read()
    for transport in ("tcp",) if QUICK else ("tcp", "udp"):
        for _ in attempts(transport):
            run, got = received_by_gstreamer(path, transport)
            if run.returncode == 0 and got == wanted:
                break
        check(run.returncode == 0 and b"Could not" not in run.stderr, "%s: the end is no fault: %s" % (transport, run.stderr))
        check(got == wanted, "%s: %d of %d pictures" % (transport, len(got) // (640 * 360 * 3 // 2), 50))


def test_vlc():
    """30 seconds as VLC receives them. Needs a VLC with the plugin live555; AVOCET_VLC names it if not cvlc."""
    vlc = os.environ.get("AVOCET_VLC", "cvlc")
    if not shutil.which(vlc) or "live555" not in subprocess.run([vlc, "--list"], capture_output=True, text=True,
                                                               stdin=subprocess.DEVNULL, check=False).stdout:
        skip("VLC is not installed, or has no RTSP (its plugin live555)")
        return
    options = ["--size", "640x360", "--frames", "800", "--fps", "25", "--keyint", "50", "--crf", "20"]
    for path in encode("vlc.264", *options), encode("vlc-live.264", *options, "--slices", "3", "--tune", "zerolatency"):
        wanted = pictures_of(path)[:750] # what is on its way when the stream ends VLC throws away
        for transport in "tcp", "udp":
            out = os.path.join(folder, "vlc.ts")
            with Server(path, fps=25) as server, open(out, "wb") as f:
                subprocess.run([vlc, "--quiet", "--no-audio", *(["--rtsp-tcp"] if transport == "tcp" else []), server.url(),
                                "--sout", "#std{access=file,mux=ts,dst=-}", "--play-and-exit", "vlc://quit"], stdout=f,
                               stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=90, check=False)
            got = pictures_of(out)
            check(got[:750] == wanted, "%s by %s: %d pictures" % (os.path.basename(path), transport, len(got)))


def write_capture(path, packets):
    """RTP packets as a pcap file of UDP datagrams (raw IPv4)."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for n, packet in enumerate(packets):
            udp = struct.pack(">HHHH", 5004, 5004, 8 + len(packet), 0) + packet
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), n & 0xffff, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
            f.write(struct.pack("<IIII", n // 1000, n % 1000 * 1000, len(ip + udp), len(ip + udp)) + ip + udp)


def test_dissector():
    """Wireshark's dissectors of RTP and H.264 find nothing wrong in any packet."""
    if not shutil.which("tshark"):
        skip("tshark is not installed")
        return
    capture = os.path.join(folder, "packets.pcap")
    for path in small(), large(), film():
        with Server(path, fps=100) as server:
            client = Client(server.port)
            client.play()
            client.hear_out()
            client.request("TEARDOWN")
            client.close()
        packets = [packet for channel, packet in client.media if channel == 0]
        write_capture(capture, packets)
        words = ["tshark", "-r", capture, "-d", "udp.port==5004,rtp", "-d", "rtp.pt==96,h264"]
        def told(*more):
            return subprocess.run(words + list(more), capture_output=True, text=True, timeout=60, check=False).stdout
        seen = told("-Y", "h264", "-T", "fields", "-e", "h264.nal_unit_hdr").splitlines()
        check(len(seen) == len(packets) > 50 and all(seen), "%d of %d packets are H.264" % (len(seen), len(packets)))
        # "Not decoded yet": what it says of all slice data.
        faults = [line for line in told("-Y", "_ws.expert", "-T", "fields", "-E", "aggregator=|", "-e", "_ws.expert.message").splitlines()
                  if set(line.split("|")) != {"[Not decoded yet]"}]
        check(not faults and not told("-Y", "_ws.malformed"), "%s: %s" % (os.path.basename(path), faults[:3]))
        streams = told("-q", "-z", "rtp,streams")
        check(re.search(r"h264\s+%d\s+0 \(0\.0%%\)" % len(packets), streams), streams)


def received_by_three(path):
    """"a" by TCP and "b" by UDP from the start, "late" by TCP."""
    got = {}
    with Server(path, fps=30, clients=2) as server:
        def receive(name, transport, after):
            time.sleep(after)
            got[name] = pictures_of(server.url(), *by(transport))
        threads = [threading.Thread(target=receive, args=a) for a in (("a", "tcp", 0), ("b", "udp", 0))]
        for t in threads:
            t.start()
        while "plays" not in server.log():
            time.sleep(0.05)
        late = threading.Thread(target=receive, args=("late", "tcp", 1.5))
        late.start()
        for t in threads + [late]:
            t.join()
    return got


def test_two_join_at_once_and_one_later():
    path = encode("long.264", "--size", "320x240", "--frames", "240", "--keyint", "15", "--scenecut", "0", "--preset",
                  "ultrafast")
    wanted = pictures_of(path)
    for _ in attempts("udp"):
        got = received_by_three(path)
        if got["b"] == wanted:
            break
    check(got["a"] == wanted and got["b"] == wanted, "%d and %d of 240" % (len(got["a"]), len(got["b"])))
    n = len(got["late"])
    check(n % 15 == 0 and 0 < n < 240 and got["late"] == wanted[240 - n:], "the late one has %d" % n)


# ---- the protocol by hand ----

def test_methods():
    with Server(small(), fps=25) as server:
        client = Client(server.port)
        status, headers, _ = client.request("OPTIONS", "*")
        check(status == 200 and "PLAY" in headers["public"], "OPTIONS")
        status, headers, body = client.request("DESCRIBE")
        check(status == 200 and headers["content-type"] == "application/sdp" and b"sprop-parameter-sets=" in body, "DESCRIBE")
        check(headers["content-base"].endswith("/live/"), "Content-Base")
        check(client.request("DESCRIBE", client.url.replace("live", "other"))[0] == 404, "another path")
        check(client.request("PLAY")[0] in (454, 455), "PLAY before SETUP")
        check(client.request("SETUP", headers=["Transport: RTP/AVP;multicast;port=5000-5001"])[0] == 461, "multicast")
        check(client.request("ANNOUNCE")[0] == 405, "ANNOUNCE")
        check(client.request("NONSENSE")[0] == 501, "NONSENSE")
        check(client.request("OPTIONS", headers=["Require: magic"])[0] == 551, "Require")
        status, headers, _ = client.setup("RTP/AVP/TCP;unicast;interleaved=4-5")
        check(status == 200 and "interleaved=4-5" in headers["transport"] and "timeout=" in headers["session"], "SETUP")
        check(client.request("GET_PARAMETER")[0] == 200, "GET_PARAMETER")
        good, client.session = client.session, "0123456789abcdef"
        check(client.request("PLAY")[0] == 454, "PLAY of another session")
        client.session = good
        status, headers, _ = client.request("PLAY")
        check(status == 200 and "seq=" in headers["rtp-info"], "PLAY")
        parts = Depacketiser()
        while len(parts.pictures) < 12:
            client.take_packet()
            channel, packet = client.media.pop()
            if channel == 4:
                parts.add(packet)
            else:
                check(channel == 5 and packet[1] == 200, "a sender report")
        check(parts.faults == 0 and parts.pictures[0][0][0] & 31 == 7, "starts with an SPS, %d faults" % parts.faults)
        check(int(re.search(r"seq=(\d+)", headers["rtp-info"]).group(1)) + len(client.media) >= 0, "sequence")
        check(client.request("SETUP", client.url + "/trackID=0", ["Transport: RTP/AVP/TCP;interleaved=0-1"])[0] == 455,
              "SETUP while playing")
        check(client.request("PAUSE")[0] == 200, "PAUSE")
        client.media.clear()
        check(client.request("OPTIONS")[0] == 200 and not client.media, "silence after PAUSE")
        check(client.request("PLAY")[0] == 200, "PLAY again")
        check(client.request("TEARDOWN")[0] == 200, "TEARDOWN")
        check(client.request("PLAY")[0] == 454, "PLAY after TEARDOWN")
        client.close()


def test_hostile():
    """Nothing of this crashes or blocks the server, and none of it gets media."""
    long_line = b"A" * 3000
    requests = [
        b"\r\n\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"OPTIONS\r\n\r\n",
        b"OPTIONS rtsp://x RTSP/1.0\r\n\r\n", b"OPTIONS rtsp://x RTSP/9.9\r\nCSeq: 1\r\n\r\n",
        b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: -1\r\n\r\n", b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 99999999999999999999\r\n\r\n",
        b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq 1\r\n\r\n", b"OPTIONS rtsp://x RTSP/1.0\r\n: 1\r\n\r\n",
        b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n",
        b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 99999999999\r\n\r\n",
        b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\rX: y\r\n\r\n", b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\n" + b"X: y\r\n" * 100 + b"\r\n",
        b"OPTIONS " + long_line + b" RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\nX: " + long_line * 3,
        b"DESCRIBE rtsp://x/" + b"../" * 200 + b"live RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"DESCRIBE rtsp://x/live\"\r\n RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"DESCRIBE rtsp:// RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"DESCRIBE rtsp://@:/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"DESCRIBE rtsp://[::1/live RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"SETUP rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        b"SETUP rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;client_port=0-1\r\n\r\n",
        b"SETUP rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP;unicast;client_port=70000-70001\r\n\r\n",
        b"SETUP rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=300-301\r\n\r\n",
        b"SETUP rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;interleaved=1-1\r\n\r\n",
        b"SETUP rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\nTransport: ;;;,,,===\r\n\r\n",
        b"PLAY rtsp://x/live RTSP/1.0\r\nCSeq: 1\r\nSession: \r\n\r\n", b"TEARDOWN * RTSP/1.0\r\nCSeq: 1\r\nSession: x;;\r\n\r\n",
        b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n" * 5, b"$\x00\xff\xff" + b"z" * 100, b"$\x00\x00\x00$\x01\x00\x04\x80\xc9\x00\xff",
    ]
    with Server(small(), fps=25, request_ms=1500) as server:
        for request in requests:
            client = Client(server.port, timeout=0.3)
            media = b""
            try:
                client.send(request)
                client.send(client.text("OPTIONS"))
                while True:
                    client.fill()
            except (TimeoutError, OSError):
                media = client.data
            check(b"$" not in media.split(b"\r\n\r\n")[-1], "media after %r" % request[:60])
            client.close()
        check(server.process.poll() is None, "the server lives")
        got = pictures_of(server.url(), "-rtsp_transport", "tcp")
        check(got == pictures_of(small()), "and serves")


def test_bytes_one_by_one():
    with Server(small(), fps=25) as server:
        client = Client(server.port)
        for byte in client.text("DESCRIBE"):
            client.send(bytes([byte]))
        check(client.response()[0] == 200, "DESCRIBE in single bytes")
        client.send(client.text("OPTIONS") * 20)
        check(all(client.response()[0] == 200 for _ in range(20)), "twenty at once")
        client.close()


# ---- passwords ----

def has_passwords():
    """Was the library built with hashes? Without, a server with users is refused."""
    with subprocess.Popen([SERVE, small(), "user=me", "password=x"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True) as process:
        line = process.stdout.readline()
        process.kill()
    check(line.startswith("port") or "mbedTLS" in line, line)
    return line.startswith("port")


def test_passwords():
    with Server(small(), fps=25, user="me", password="secret: x", nonce_ms=2500) as server:
        for method in METHODS:
            client = Client(server.port)
            status, headers, body = client.request(method, headers=["Transport: RTP/AVP/TCP;interleaved=0-1"])
            check(status == 401 and not body and "session" not in headers, "%s without password: %d" % (method, status))
            client.session = "0123456789abcdef"
            check(client.request(method)[0] == 401, "%s with a session" % method)
            check(not client.media, "%s: media" % method)
            client.close()
        for kind in ("sha256", "md5"):
            client = Client(server.port)
            challenges = client.request("DESCRIBE")[1]["all"]
            client.use_password("me", "wrong", challenges, kind)
            check(client.request("DESCRIBE")[0] == 401, "wrong password, " + kind)
            check(client.play() == 401, "PLAY with wrong password")
            challenges = client.request("DESCRIBE")[1]["all"]
            client.use_password("you", "secret: x", challenges, kind)
            check(client.request("DESCRIBE")[0] == 401, "wrong user, " + kind)
            challenges = client.request("DESCRIBE")[1]["all"]
            client.use_password("me", "secret: x", challenges, kind)
            check(client.request("DESCRIBE")[0] == 200, "right password, " + kind)
            check(client.setup()[0] == 200, "SETUP, " + kind)
            check(client.request("OPTIONS")[0] == 200, "OPTIONS, " + kind)
            client.close()
        test_nonces(server)
        client = Client(server.port)
        for i in range(12):
            try:
                client.use_password("me", "guess%d" % i, client.request("DESCRIBE")[1]["all"])
            except ConnectionError:
                break
        check(client.peer_closed and i >= 9, "guessing ends after %d" % i)
        client.close()
    check(pictures_with_password() == pictures_of(small()), "FFmpeg with a password")


def test_nonces(server):
    first, second = Client(server.port), Client(server.port)
    challenges = first.request("DESCRIBE")[1]["all"]
    others = second.request("DESCRIBE")[1]["all"]
    check(challenges != others, "each connection has a nonce of its own")
    second.use_password("me", "secret: x", challenges)
    status, headers, _ = second.request("DESCRIBE")
    check(status == 401 and "stale=true" in headers["www-authenticate"], "a nonce of another connection")
    first.use_password("me", "secret: x", challenges)
    request = first.text("DESCRIBE")
    first.send(request)
    check(first.response()[0] == 200, "fresh")
    first.send(request)
    status, headers, _ = first.response()
    check(status == 401 and "stale=true" in headers["www-authenticate"], "the same request again")
    first.use_password("me", "secret: x", headers["all"])
    check(first.request("DESCRIBE")[0] == 200, "with the new nonce")
    time.sleep(2.7)
    status, headers, _ = first.request("DESCRIBE")
    check(status == 401 and "stale=true" in headers["www-authenticate"], "an old nonce")
    first.close()
    second.close()


def pictures_with_password():
    with Server(small(), fps=25, user="me", password="secret") as server:
        return pictures_of(server.url(user="me:secret@"), "-rtsp_transport", "tcp")


def test_sha256_only():
    with Server(small(), user="me", password="secret", md5=0) as server:
        client = Client(server.port)
        challenges = client.request("OPTIONS")[1]["all"]
        check(not client.use_password("me", "secret", challenges, "md5"), "no challenge for MD5")
        client.use_password("me", "secret", challenges, "sha256")
        check(client.request("OPTIONS")[0] == 200, "SHA-256")
        client.close()


# ---- limits ----

def test_limits():
    with Server(small(), max_clients=3, request_ms=1500, timeout_ms=2500) as server:
        silent = Client(server.port)
        start = time.time()
        try:
            silent.fill()
        except (ConnectionError, TimeoutError):
            pass
        check(silent.peer_closed and time.time() - start < 5, "a silent client is dropped")
        slow = Client(server.port)
        slow.send(b"OPTIONS rtsp://x RTSP/1.0\r\nCS")
        try:
            slow.fill()
        except (ConnectionError, TimeoutError):
            pass
        check(slow.peer_closed, "an unfinished request is dropped")
        held = [Client(server.port) for _ in range(3)]
        check(all(c.setup()[0] == 200 for c in held), "three clients")
        extra = Client(server.port)
        try:
            status = extra.request("OPTIONS")[0]
        except (ConnectionError, OSError):
            status = 0
        check(status in (503, 0), "a fourth: %d" % status)
        time.sleep(3.2)
        held[0].send(b"")
        try:
            held[0].fill()
        except (ConnectionError, TimeoutError):
            pass
        check(held[0].peer_closed, "a session without a sign of life ends")
        for client in held + [extra, slow, silent]:
            client.close()


def test_large_request():
    with Server(small()) as server:
        client = Client(server.port)
        client.send(b"OPTIONS rtsp://x RTSP/1.0\r\nCSeq: 1\r\nX: " + b"y" * 5000)
        check(client.response()[0] == 413, "413")
        client.close()


def test_stalled_client():
    """One player that never reads, and one that does: the second misses nothing, send never waits, the first is dropped."""
    path = encode("heavy.264", "--size", "640x360", "--frames", "100", "--keyint", "20", "--qp", "6", "--preset", "ultrafast")
    # Times in which a busy machine has woken up a player that does read.
    with Server(path, fps=25, clients=2, stall_ms=2500, max_delay_ms=5000, ring=1 << 24) as server:
        lazy = Client(server.port)
        lazy.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        check(lazy.play() == 200, "PLAY")
        got = pictures_of(server.url(), "-rtsp_transport", "tcp")
        numbers = server.wait()
        lazy.close()
        check(got == pictures_of(path), "%d of 100 pictures" % len(got))
        check(numbers.get("dropped") == 1, "the one that does not read is dropped: %s" % numbers)
        # Who waited for that player would wait until it is dropped: stall_ms. A busy machine takes some of its own.
        check(numbers.get("worst_ms", 1000) < 1000, "send took %s ms" % numbers.get("worst_ms"))


def test_slow_client():
    """A player that reads too slowly gets whole pictures, with gaps that end at keyframes."""
    path = encode("heavy.264", "--size", "640x360", "--frames", "100", "--keyint", "20", "--qp", "6", "--preset", "ultrafast")
    # A ring that holds the whole stream: nobody is overtaken within a picture, which shows in the sequence numbers.
    with Server(path, fps=25, max_delay_ms=300, ring=1 << 24) as server:
        slow = Client(server.port)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        slow.play()
        parts = Depacketiser()
        try:
            while True:
                slow.take_packet()
                channel, packet = slow.media.pop()
                if channel == 0:
                    parts.add(packet)
                time.sleep(0.0025)
        except (ConnectionError, TimeoutError):
            pass
        slow.close()
        numbers = server.wait()
    check(numbers.get("skipped", 0) > 0, "pictures were left out: %s" % numbers)
    # The last picture may be cut off: a server that closes waits some seconds for its clients, no longer.
    check(parts.faults == 0, "%d faults in what came" % parts.faults)
    out = os.path.join(folder, "slow.264")
    with open(out, "wb") as f:
        f.write(b"".join(b"\0\0\0\1" + unit for picture in parts.pictures for unit in picture))
    got, wanted = pictures_of(out), pictures_of(path)
    check(0 < len(got) < 100 and set(got) <= set(wanted), "%d pictures came, all intact" % len(got))


def test_leaving_rudely():
    """Clients that vanish in the middle of everything."""
    path = large()
    with Server(path, fps=25, clients=21) as server:
        for i in range(20):
            client = Client(server.port)
            if i % 3 == 0:
                client.send(client.text("SETUP")[:30])
            elif i % 3 == 1:
                client.play()
            else:
                client.play()
                client.send(b"$\x01\x00\x20abc")
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        for _ in range(7):
            Client(server.port).play()
        got = pictures_of(server.url(), "-rtsp_transport", "tcp")
        check(got == pictures_of(path)[-len(got):] and got, "%d pictures" % len(got))


# ---- the end ----

def answered_late(path, seconds):
    """A player that hears the good-bye, pauses, and leaves that much later: how late it was, and the server's numbers."""
    with Server(path, fps=50) as server:
        client = Client(server.port, timeout=20)
        client.play()
        client.hear_out()
        heard = time.monotonic()
        try:
            answered = client.request("PAUSE")[0] == 200
            time.sleep(seconds)
            answered &= client.request("TEARDOWN")[0] == 200
        except (ConnectionError, TimeoutError):
            answered = False
        late = time.monotonic() - heard
        client.close()
        return late, answered, server.wait()


def test_late_farewell():
    """A server that closes waits for players to answer its good-bye, and no longer than they take."""
    for seconds in 0, 3:
        for _ in range(5):  # a machine so busy that it adds another second says nothing
            late, answered, numbers = answered_late(small(), seconds)
            if late < seconds + 1 and numbers.get("closed_ms", 0) < 1000 * seconds + 1500:
                break
        check(answered, "a player that answers after %.1f s" % late)
        check(-500 < numbers.get("closed_ms", 0) - 1000 * seconds < 1500, "answered after %.1f s: %s" % (late, numbers))


def test_no_farewell():
    """Clients that never answer, by TCP and UDP, or never read: they do not hold the server for longer than it says, 5 s."""
    path = encode("heavy.264", "--size", "640x360", "--frames", "100", "--keyint", "20", "--qp", "6", "--preset", "ultrafast")
    with Server(path, fps=100, clients=4, ring=1 << 24) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        port = datagrams.getsockname()[1]
        idle, deaf, far, mute = [Client(server.port, timeout=20) for _ in range(4)]
        check(idle.setup()[0] == 200, "a session that plays nothing")
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        check(far.setup("RTP/AVP;unicast;client_port=%d-%d" % (port, port + 1))[0] == 200, "SETUP by UDP")
        check(far.request("PLAY")[0] == deaf.play() == mute.play() == 200, "PLAY")
        other = Client(server.port)
        check(other.play() == 200, "the last one plays")
        other.close()
        mute.hear_out()
        numbers = server.wait()
        check(4000 < numbers.get("closed_ms", 0) < 6500, "nobody answered: %s" % numbers)
        try:
            mute.fill()
        except (ConnectionError, TimeoutError):
            pass
        check(mute.peer_closed, "the connection is ended")
        for client in idle, deaf, far, mute:
            client.close()


# ---- pushing ----

def units_of(path):
    with open(path, "rb") as f:
        parts = re.split(b"\0\0\0?\1", f.read())
    return [part.rstrip(b"\0") for part in parts[1:]]


def test_push():
    cases = [("", None), ("me:sec%3aret@", "sha256"), ("me:sec%3aret@", "md5")]
    for user, kind in cases if has_passwords() else cases[:1]:
        server = RecordServer("me" if kind else None, "sec:ret", kind or "sha256")
        server.start()
        command = [AVOCET, "stream", "testsrc", "--size", "320x240", "--fps", "50", "--frames", "120", "--quiet",
                   "--push", "rtsp://%s127.0.0.1:%d/in" % (user, server.port)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        server.join(5)
        parts = server.depacketiser
        check(run.returncode == 0, run.stderr)
        check(len(parts.pictures) == 120 and parts.faults == 0, "%d pictures, %d faults" % (len(parts.pictures), parts.faults))
        check("sprop-parameter-sets=" in server.sdp and server.bye, "description, good-bye")
        check([m for m in server.methods if m in ("ANNOUNCE", "SETUP", "RECORD", "TEARDOWN")][-4:] ==
              ["ANNOUNCE", "SETUP", "RECORD", "TEARDOWN"] and "OPTIONS" in server.methods[-2:-1], server.methods)
        check(server.refused == (1 if kind else 0), "asked %d times for the password" % server.refused)


def test_push_to_ffmpeg():
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    out = os.path.join(folder, "pushed.264")
    taker = subprocess.Popen(["ffmpeg", "-v", "error", "-y", "-rtsp_flags", "listen", "-i", "rtsp://127.0.0.1:%d/x" % port,
                              "-c", "copy", "-f", "h264", out], stdin=subprocess.DEVNULL)
    options = ["testsrc", "--size", "320x240", "--fps", "50", "--frames", "100", "--qp", "20", "--quiet"]
    for _ in range(50):
        run = subprocess.run([AVOCET, "stream", *options, "--push", "rtsp://127.0.0.1:%d/x" % port], capture_output=True,
                             text=True, timeout=60, check=False)
        if run.returncode == 0 or "nobody listens" not in run.stderr:
            break
        time.sleep(0.1)
    taker.wait(20)
    check(run.returncode == 0 and len(pictures_of(out)) == 100, "%s: %d pictures" % (run.stderr, len(pictures_of(out))))


def test_push_refusals():
    server = RecordServer("me", "other")
    server.start()
    base = [AVOCET, "stream", "testsrc", "--frames", "5", "--quiet", "--push"]
    cases = [("rtsp://127.0.0.1:%d/in" % server.port, "a user and a password"), ("rtsp://127.0.0.1:1/x", "nobody listens"),
             ("rtsp://nowhere.invalid/x", "no host"), ("http://x", "must be rtsp://")]
    for url, words in cases:
        run = subprocess.run(base + [url], capture_output=True, text=True, timeout=30, check=False)
        check(run.returncode in (1, 2) and words in run.stderr, "%s: %d %s" % (url, run.returncode, run.stderr))
    check("secret" not in subprocess.run(base + ["rtsp://me:secret@127.0.0.1:1/x"], capture_output=True, text=True,
                                         check=False).stderr, "the password is told")


# ---- the command line ----

def start_stream(*options):
    process = subprocess.Popen([AVOCET, "stream", *options, "--listen", "rtsp://127.0.0.1:0/cam"], stderr=subprocess.PIPE,
                               text=True)
    line = process.stderr.readline()
    return process, int(re.search(r"port (\d+)", line).group(1))


def test_command():
    process, port = start_stream("testsrc", "--size", "320x240", "--fps", "30")
    start = time.time()
    run = subprocess.run(["ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", "rtsp://127.0.0.1:%d/cam" % port,
                          "-frames:v", "45", "-f", "null", "-"], capture_output=True, text=True, timeout=30, check=False,
                         stdin=subprocess.DEVNULL)
    took = time.time() - start
    check(run.returncode == 0 and 1.2 < took < 15, "45 pictures in %.1f s: %s" % (took, run.stderr))
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=10)[1]
    check(process.returncode == 0, "Ctrl-C ends it well: %d %s" % (process.returncode, said))


def test_command_loops():
    source = os.path.join(folder, "short.y4m")
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25", "-frames:v", "10",
                    "-pix_fmt", "yuv420p", source], check=True)
    process, port = start_stream(source, "--loop", "--frames", "125")
    got = pictures_of("rtsp://127.0.0.1:%d/cam" % port, "-rtsp_transport", "tcp")
    process.communicate(timeout=20)
    check(process.returncode == 0 and 15 < len(got) <= 125, "%d pictures" % len(got))


def test_wrong_usage():
    cases = [(["testsrc"], "where to?"), (["testsrc", "--listen", "http://x"], "rtsp://"),
             (["testsrc", "--listen", "rtsp://:99999/x"], "port"), (["testsrc", "--listen", "rtsp://:1/", "--user", "me"], "NAME:PASSWORD"),
             (["testsrc", "--push", "rtsp://x", "--listen", "rtsp://y"], "two outputs"),
             (["testsrc", "--push", "rtsp://x/y", "--user", "a:b"], "belong to --listen")]
    for words, told in cases:
        run = subprocess.run([AVOCET, "stream", *words], capture_output=True, text=True, timeout=20, check=False)
        check(run.returncode == 2 and told in run.stderr, "%s: %d %s" % (words, run.returncode, run.stderr))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = "rtsp://127.0.0.1:%d/x" % taken.getsockname()[1]
        run = subprocess.run([AVOCET, "stream", "testsrc", "--listen", url], capture_output=True, text=True, timeout=20,
                             check=False)
        check(run.returncode == 1 and "in use" in run.stderr, run.stderr)
    for command in ("stream", "record"):
        run = subprocess.run([AVOCET, command, "--help"], capture_output=True, text=True, check=False)
        check(run.returncode == 0 and "usage: avocet " + command in run.stdout, "help of " + command)


def main():
    global folder
    with tempfile.TemporaryDirectory(prefix="avocet-stream-") as folder:
        test_ffmpeg()
        test_without_headers()
        test_gstreamer()
        test_dissector()
        test_methods()
        test_hostile()
        test_bytes_one_by_one()
        test_limits()
        test_large_request()
        test_stalled_client()
        test_slow_client()
        test_leaving_rudely()
        test_late_farewell()
        test_no_farewell()
        test_push()
        test_push_to_ffmpeg()
        test_push_refusals()
        test_command()
        test_command_loops()
        test_wrong_usage()
        if not QUICK:
            test_two_join_at_once_and_one_later()
            test_vlc()
        if has_passwords():
            test_passwords()
            test_sha256_only()
        else:
            skip("passwords: built without mbedTLS")
    return T.finish()


if __name__ == "__main__":
    sys.exit(main())
