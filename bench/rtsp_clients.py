#!/usr/bin/env python3
"""Does the number of RTSP clients disturb the encoder? Streams a clip in real time to many clients, half by TCP, half by UDP,
and measures the time between two coded pictures, first without clients, then with them; and counts what clients miss.

    bench/rtsp_clients.py CLIP [--clients 50] [--seconds 60] [--avocet PROGRAM] [encoder options ...]
"""
import argparse
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "stream"))
from rtsp import Client  # noqa: E402


class Encoder:
    """avocet stream --verbose: one line per coded picture, whose arrival is noted."""

    def __init__(self, program, clip, options):
        self.process = subprocess.Popen([program, "stream", clip, "--loop", "--verbose", "--max-clients", "200",
                                         "--listen", "rtsp://127.0.0.1:0/live", *options], stderr=subprocess.PIPE,
                                        text=True)
        self.times, self.port = [], None
        while self.port is None:
            found = re.search(r"port (\d+)", self.process.stderr.readline())
            self.port = found and int(found.group(1))
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stderr:
            if not line.startswith("avocet:"):
                self.times.append(time.monotonic())

    def intervals(self, start, end):
        times = [t for t in self.times if start <= t <= end]
        return sorted((b - a) * 1000 for a, b in zip(times, times[1:]))


class Receiver:
    """Counts pictures and gaps in the sequence numbers."""

    def __init__(self, port, udp):
        self.client = Client(port)
        self.udp, self.pictures, self.missing, self.sequence, self.data = None, 0, 0, None, b""
        if udp:
            self.udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
            self.udp[0].bind(("127.0.0.1", 0))
            first = self.udp[0].getsockname()[1]
            self.udp[1].bind(("127.0.0.1", 0))
            second = self.udp[1].getsockname()[1]
            self.udp[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            answer = self.client.setup("RTP/AVP;unicast;client_port=%d-%d" % (first, second))
        else:
            answer = self.client.setup()
        assert answer[0] == 200 and self.client.request("PLAY")[0] == 200
        self.data = self.client.data

    def add(self, packet):
        _, kind, sequence = struct.unpack(">BBH", packet[:4])
        if self.sequence is not None:
            self.missing += (sequence - self.sequence - 1) & 0xffff
        self.sequence = sequence
        self.pictures += kind >> 7

    def read_tcp(self):
        self.data += self.client.socket.recv(1 << 18)
        at = 0
        while len(self.data) - at >= 4 and self.data[at:at + 1] == b"$":
            size, = struct.unpack(">H", self.data[at + 2:at + 4])
            if len(self.data) - at < 4 + size:
                break
            if self.data[at + 1] == 0:
                self.add(self.data[at + 4:at + 4 + size])
            at += 4 + size
        self.data = self.data[at:]

    def read_udp(self):
        self.add(self.udp[0].recv(2048))

    def watch(self, selector):
        source = self.udp[0] if self.udp else self.client.socket
        selector.register(source, selectors.EVENT_READ, self.read_udp if self.udp else self.read_tcp)


def receive(receivers, until):
    selector = selectors.DefaultSelector()
    for receiver in receivers:
        receiver.watch(selector)
    while time.monotonic() < until:
        for key, _ in selector.select(0.1):
            key.data()


def describe(name, intervals):
    n = len(intervals)
    mean = sum(intervals) / n
    spread = (sum((i - mean) ** 2 for i in intervals) / n) ** 0.5
    print("%-16s %6d pictures, interval mean %.2f ms, deviation %.2f, 99 %% below %.2f, longest %.2f" %
          (name, n, mean, spread, intervals[int(n * 0.99)], intervals[-1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--avocet", default=os.path.join(ROOT, "build", "avocet"))
    options, rest = parser.parse_known_args()
    encoder = Encoder(options.avocet, options.clip, rest)
    time.sleep(2)
    start = time.monotonic()
    time.sleep(min(15, options.seconds))
    describe("no client", encoder.intervals(start, time.monotonic()))
    receivers = [Receiver(encoder.port, i % 2) for i in range(options.clients)]
    start = time.monotonic()
    threads = [threading.Thread(target=receive, args=(receivers[i::2], start + options.seconds)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    describe("%d clients" % options.clients, encoder.intervals(start, time.monotonic()))
    pictures = [r.pictures for r in receivers]
    for name, group in (("TCP", receivers[0::2]), ("UDP", receivers[1::2])):
        print("%s: %d clients, %d missing packets" % (name, len(group), sum(r.missing for r in group)))
    print("pictures received: %d to %d" % (min(pictures), max(pictures)))
    encoder.process.terminate()
    encoder.process.wait()


if __name__ == "__main__":
    main()
