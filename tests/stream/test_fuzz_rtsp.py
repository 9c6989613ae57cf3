#!/usr/bin/env python3
"""Damaged RTSP through parser, session, challenges and RTCP: no crash, no hang, no sanitizer report, nobody in without a
password. The corpus is written here, each entry damaged thousands of times by tests/fuzz/replay.c."""
import os
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AVOCET = os.environ.get("AVOCET", os.path.join(ROOT, "build", "avocet"))
REPLAY = os.path.join(os.path.dirname(os.path.abspath(AVOCET)), "replay_rtsp")
VARIANTS = 2000 if os.environ.get("AVOCET_EXTENT") == "quick" else 5000

SETUP = "SETUP rtsp://h:8554/live/trackID=0 RTSP/1.0\r\nCSeq: 3\r\nTransport: %s\r\n\r\n"
DIGEST = ('Authorization: Digest username="me", realm="room", nonce="00112233445566778899aabbccddeeff", '
          'uri="rtsp://h/live", response="00112233445566778899aabbccddeeff", algorithm=%s, qop=auth, nc=00000001, cnonce="x"')

CORPUS = {
    "play": "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nDESCRIBE rtsp://h:8554/live RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp"
            "\r\n\r\n" + SETUP % "RTP/AVP/TCP;unicast;interleaved=0-1" +
            "PLAY rtsp://h:8554/live/ RTSP/1.0\r\nCSeq: 4\r\nSession: 1122334455667788\r\nRange: npt=0.000-\r\n\r\n",
    "transports": SETUP % 'RTP/AVP;multicast;ttl=1,RTP/AVP;unicast;client_port=5000-5001;mode="PLAY",RTP/AVP/TCP' +
                  SETUP % "RTP/AVP/UDP;unicast;client_port=6000",
    "body": "SET_PARAMETER rtsp://h/live RTSP/1.0\nCSeq: 9\nContent-Length: 12\n\nbarparam: 1\n"
            "GET_PARAMETER rtsp://h/live RTSP/1.0\nCSeq: 10\n\n",
    "sha256": "DESCRIBE rtsp://h/live RTSP/1.0\r\nCSeq: 1\r\n" + DIGEST % "SHA-256" + "\r\n\r\n",
    "md5": "\r\n\r\nDESCRIBE rtsp://h/live RTSP/1.0\r\nCSeq: 1\r\n" + DIGEST % "MD5" + "\r\n\r\n",
    "address": "DESCRIBE rtsp://user:word@[fe80::1%25eth0]:8554/a/b/live/?x=y RTSP/1.0\r\nCSeq: 1\r\nRequire: a, b\r\n\r\n",
    "challenges": 'RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Basic realm="a, b"\r\nWWW-Authenticate: Digest '
                  'realm="x", nonce="y", opaque="z", qop="auth,auth-int", algorithm=SHA-256, stale=true\r\n'
                  'WWW-Authenticate: Digest realm="x", nonce="y"\r\n\r\n',
    "answer": "RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: 4711;timeout=30\r\nTransport: RTP/AVP;unicast;client_port=1-2;"
              "server_port=3-4\r\n\r\n",
    "rtcp": struct.pack(">BBHII", 0x81, 201, 7, 1, 7) + bytes(20) + struct.pack(">BBHII", 0x81, 206, 2, 1, 7) +
            struct.pack(">BBHI", 0x81, 203, 1, 1),
    "units": b"\0\0\0\1\x67\x42\xc0\x1e" + b"a" * 30 + b"\0\0\1\x68\xce\0\0\0\1\x65" + bytes(range(3, 256)) * 12 + b"\0\0\1\x06ab",
    "lengths": struct.pack(">I", 4) + b"\x67abc" + struct.pack(">I", 2) + b"\x68x" + struct.pack(">I", 3000) + b"\x65" * 3000,
}


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed, (name, data) in enumerate(CORPUS.items()):
            data = data if isinstance(data, bytes) else data.encode()
            for piece in (b"", b"\x00", b"\x04"):
                path = os.path.join(folder, name)
                with open(path, "wb") as f:
                    f.write(piece + data)
                run = subprocess.run([REPLAY, "--mutate", str(VARIANTS), "--seed", str(seed), path], capture_output=True,
                                     text=True, check=False)
                if run.returncode == 0:
                    passed += 1
                    continue
                failed += 1
                print("FAILED %s, seed %d: exit status %d\n%s" % (name, seed, run.returncode, run.stderr[-3000:]))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
