"""A small RTSP client and a small server that takes streams, both by hand, for tests: they can do what players never would."""
import hashlib
import socket
import struct
import threading


def digest(kind, *parts):
    return hashlib.new(kind, ":".join(parts).encode()).hexdigest()


def rtcp_types(compound):
    """Types of the packets in a compound packet (RFC 3550, 6.1)."""
    types = []
    while len(compound) >= 4:
        types.append(compound[1])
        compound = compound[4 + 4 * struct.unpack(">H", compound[2:4])[0]:]
    return types


class Client:
    """One connection. request() returns (status, headers, body); interleaved packets are kept in .media."""

    def __init__(self, port, host="127.0.0.1", timeout=5):
        self.socket = socket.create_connection((host, port), timeout)
        self.url = "rtsp://%s:%d/live" % ("[%s]" % host if ":" in host else host, port)
        self.cseq, self.session, self.data, self.media = 0, None, b"", []
        self.auth = None
        self.peer_closed = False

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def fill(self):
        try:
            more = self.socket.recv(65536)
        except socket.timeout:
            raise TimeoutError("no answer") from None
        except OSError:
            more = b""
        if not more:
            self.peer_closed = True
            raise ConnectionError("closed")
        self.data += more

    def need(self, n):
        while len(self.data) < n:
            self.fill()

    def take_packet(self):
        self.need(4)
        _, channel, size = struct.unpack(">BBH", self.data[:4])
        self.need(4 + size)
        self.media.append((channel, self.data[4:4 + size]))
        self.data = self.data[4 + size:]

    def hear_out(self):
        """Takes packets up to and with the good-bye (RTCP BYE)."""
        while not (self.media and self.media[-1][0] == 1 and 203 in rtcp_types(self.media[-1][1])):
            self.take_packet()

    def response(self):
        while True:
            self.need(1)
            if self.data[:1] == b"$":
                self.take_packet()
                continue
            while b"\r\n\r\n" not in self.data:
                self.fill()
            head, self.data = self.data.split(b"\r\n\r\n", 1)
            lines = head.decode().split("\r\n")
            headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
            named = {name.lower(): value for name, value in headers}
            size = int(named.get("content-length", 0))
            self.need(size)
            body, self.data = self.data[:size], self.data[size:]
            named["all"] = headers
            return int(lines[0].split()[1]), named, body

    def text(self, method, url=None, headers=()):
        self.cseq += 1
        lines = ["%s %s RTSP/1.0" % (method, url or self.url), "CSeq: %d" % self.cseq]
        if self.session:
            lines.append("Session: " + self.session)
        if self.auth:
            lines.append(self.auth(method, url or self.url))
        return ("\r\n".join(lines + list(headers)) + "\r\n\r\n").encode()

    def request(self, method, url=None, headers=()):
        self.send(self.text(method, url, headers))
        answer = self.response()
        if answer[0] == 200 and method == "SETUP":
            self.session = answer[1]["session"].split(";")[0]
        return answer

    def setup(self, transport="RTP/AVP/TCP;unicast;interleaved=0-1"):
        return self.request("SETUP", self.url + "/trackID=0", ["Transport: " + transport])

    def play(self):
        status = self.setup()[0]
        return self.request("PLAY")[0] if status == 200 else status

    def use_password(self, user, password, challenges, kind="sha256", count=1):
        """Answers the challenge of that kind among (name, value) headers from now on."""
        for name, value in challenges:
            if name.lower() != "www-authenticate":
                continue
            facts = dict(part.strip().split("=", 1) for part in value.split(" ", 1)[1].split(","))
            facts = {key: text.strip('"') for key, text in facts.items()}
            if facts.get("algorithm", "MD5").replace("-", "").lower() != kind:
                continue
            counter = [count - 1]

            def answer(method, url, facts=facts):
                a1 = digest(kind, user, facts["realm"], password)
                a2 = digest(kind, method, url)
                line = 'Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s"' % (
                    user, facts["realm"], facts["nonce"], url)
                if "qop" not in facts:
                    return line + ', response="%s"' % digest(kind, a1, facts["nonce"], a2)
                counter[0] += 1
                nc = "%08x" % counter[0]
                response = digest(kind, a1, facts["nonce"], nc, "abc", "auth", a2)
                return line + ', response="%s", algorithm=SHA-256, qop=auth, nc=%s, cnonce="abc"' % (response, nc)

            self.auth = answer
            return True
        return False


class Depacketiser:
    """RTP packets to access units with start codes; .faults counts what RFC 3550 and 6184 forbid."""

    def __init__(self):
        self.units, self.pictures, self.fragment = [], [], None
        self.sequence, self.faults, self.time = None, 0, None

    def add(self, packet):
        flags, kind, sequence, time, _ = struct.unpack(">BBHII", packet[:12])
        payload = packet[12:]
        if flags != 0x80 or kind & 127 != 96 or (self.sequence is not None and sequence != (self.sequence + 1) & 0xffff):
            self.faults += 1
        if self.units and time != self.time:
            self.faults += 1
        self.sequence, self.time = sequence, time
        unit = payload[0] & 31
        if unit == 28:
            if payload[1] & 0x80:
                self.fragment = bytes([payload[0] & 0xe0 | payload[1] & 31])
            self.fragment += payload[2:]
            if payload[1] & 0x40:
                self.units.append(self.fragment)
                self.fragment = None
        elif unit == 24:
            at = 1
            while at < len(payload):
                size, = struct.unpack(">H", payload[at:at + 2])
                self.units.append(payload[at + 2:at + 2 + size])
                at += 2 + size
        else:
            self.units.append(payload)
        if kind & 128:
            self.pictures.append(self.units)
            self.units = []


class RecordServer(threading.Thread):
    """Takes one ANNOUNCE/RECORD by TCP; asks for a password if one is given. .depacketiser holds what came."""

    def __init__(self, user=None, password=None, kind="sha256"):
        super().__init__(daemon=True)
        self.user, self.password, self.kind = user, password, kind
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.methods, self.sdp, self.bye, self.refused = [], "", False, 0
        self.depacketiser = Depacketiser()

    def is_allowed(self, method, headers):
        if not self.user:
            return True
        value = headers.get("authorization", "")
        if not value.startswith("Digest "):
            return False
        facts = dict(part.strip().split("=", 1) for part in value[7:].split(","))
        facts = {key: text.strip('"') for key, text in facts.items()}
        a1 = digest(self.kind, self.user, "room", self.password)
        a2 = digest(self.kind, method, facts["uri"])
        wanted = digest(self.kind, a1, "n0nce", facts["nc"], facts["cnonce"], "auth", a2)
        return facts["username"] == self.user and facts["response"] == wanted

    def answer(self, connection, method, headers):
        self.methods.append(method)
        lines = ["RTSP/1.0 200 OK", "CSeq: " + headers["cseq"]]
        if not self.is_allowed(method, headers):
            self.refused += 1
            lines[0] = "RTSP/1.0 401 Unauthorized"
            lines.append('WWW-Authenticate: Basic realm="room"')
            lines.append('WWW-Authenticate: Digest realm="room", nonce="n0nce", qop="auth", algorithm=%s' %
                         {"sha256": "SHA-256", "md5": "MD5"}[self.kind])
        elif method == "SETUP":
            lines += ["Session: 4711;timeout=2", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record"]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def run(self):
        connection, _ = self.listener.accept()
        data = b""
        with connection:
            while True:
                while data[:1] == b"$" and len(data) >= 4 and len(data) >= 4 + struct.unpack(">H", data[2:4])[0]:
                    size, = struct.unpack(">H", data[2:4])
                    if data[1] == 0:
                        self.depacketiser.add(data[4:4 + size])
                    elif b"\x81\xcb" in data[4:4 + size]:
                        self.bye = True
                    data = data[4 + size:]
                if data and data[:1] != b"$" and b"\r\n\r\n" in data:
                    head, rest = data.split(b"\r\n\r\n", 1)
                    lines = head.decode().split("\r\n")
                    headers = {n.strip().lower(): v.strip() for n, v in (line.split(":", 1) for line in lines[1:])}
                    size = int(headers.get("content-length", 0))
                    if len(rest) >= size:
                        if size:
                            self.sdp = rest[:size].decode()
                        data = rest[size:]
                        self.answer(connection, lines[0].split()[0], headers)
                        continue
                more = connection.recv(65536)
                if not more:
                    return
                data += more
