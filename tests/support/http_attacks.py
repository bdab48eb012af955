"""Attacks on the port of a service, each of which goes on until it is told to stop."""

import gzip
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

HOST = "Host: 127.0.0.1\r\n"
GET = f"GET /health HTTP/1.1\r\n{HOST}"
POST = f"POST /tasks HTTP/1.1\r\n{HOST}"

Attack = Callable[[int, threading.Event], None]


@contextmanager
def running(attack: Attack, port: int) -> Iterator[None]:
    """Let an attack run in a process of its own, as long as the context is open."""
    command = [sys.executable, "-m", "tests.support.http_attacks", attack.__name__, str(port)]
    attacker = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        yield
    finally:
        attacker.communicate()


def main() -> None:
    """Attack until the end of the input."""
    stop = threading.Event()
    attack = {each.__name__: each for each in (*ON_THE_API, rings)}[sys.argv[1]]
    thread = threading.Thread(target=attack, args=(int(sys.argv[2]), stop))
    thread.start()
    sys.stdin.read()
    stop.set()
    thread.join()


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10)


def send_all(port: int, parts: Iterator[bytes], stop: threading.Event) -> bytes:
    """Send parts over one connection until it is closed, and return the answer."""
    with suppress(OSError), connect(port) as connection:
        with suppress(OSError):
            for part in parts:
                if stop.is_set():
                    break
                connection.sendall(part)
        connection.settimeout(5)
        return connection.recv(65_536)
    return b""


def endless_headers(port: int, stop: threading.Event) -> None:
    """Send 100 MB of headers over each of many connections, one after the other."""
    while not stop.is_set():
        send_all(port, headers(b"a:b\r\n" * 12_000), stop)


def endless_header(port: int, stop: threading.Event) -> None:
    """Send one header of 100 MB."""
    while not stop.is_set():
        send_all(port, headers(b"a: " + b"b" * 60_000, b"b" * 60_000), stop)


def headers(first: bytes, part: bytes = b"") -> Iterator[bytes]:
    yield GET.encode() + first
    for _ in range((100 << 20) // len(part or first)):
        yield part or first


def endless_trailers(port: int, stop: threading.Event) -> None:
    """Send a chunked body with trailers, and chunk extensions, without end."""
    begin = f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode()
    for tail in (b"0\r\n" + b"a:b\r\n" * 12_000, b"5;" + b"a=b;" * 12_000):
        send_all(port, iter([begin, *[tail] * 1000]), stop)


def hold(port: int, stop: threading.Event, count: int, begin: bytes, more: bytes) -> None:
    """Open connections, and send a little over each of them again and again; replace the closed."""
    held: list[socket.socket] = []
    while not stop.is_set():
        while len(held) < count and not stop.is_set():
            with suppress(OSError):
                connection = connect(port)
                connection.sendall(begin)
                held.append(connection)
        if stop.wait(0.5):
            break
        held = [each for each in held if sends(each, more)]
    for each in held:
        each.close()


def sends(connection: socket.socket, data: bytes) -> bool:
    """Send data, and return False if the connection is closed."""
    with suppress(OSError):
        connection.setblocking(False)
        if data:
            connection.send(data)
        with suppress(BlockingIOError):
            return connection.recv(1, socket.MSG_PEEK) != b""
        return True
    connection.close()
    return False


def idle_connections(port: int, stop: threading.Event) -> None:
    """Hold connections that send nothing."""
    hold(port, stop, 1000, b"", b"")


def slow_headers(port: int, stop: threading.Event) -> None:
    """Hold connections that send a header now and then (Slowloris)."""
    hold(port, stop, 1000, GET.encode(), b"X-a: b\r\n")


def slow_bodies(port: int, stop: threading.Event) -> None:
    """Hold connections that send a byte of a body now and then."""
    hold(port, stop, 1000, f"{POST}Content-Length: 1000000\r\n\r\n".encode(), b"{")


def slow_readers(port: int, stop: threading.Event) -> None:
    """Hold connections that ask for a large document many times and read nothing."""
    request = f"GET /openapi.json HTTP/1.1\r\n{HOST}\r\n".encode()
    hold(port, stop, 200, request * 200, b"")


def pipelined_requests(port: int, stop: threading.Event) -> None:
    """Hold connections full of small requests, and read no response."""
    hold(port, stop, 100, f"{GET}\r\n".encode() * 3000, f"{GET}\r\n".encode() * 100)


def post(body: bytes, more: str = "", path: str = "/tasks") -> bytes:
    """Return a whole request."""
    head = f"POST {path} HTTP/1.1\r\n{HOST}Content-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def json_keys(port: int, stop: threading.Event) -> None:
    """Send 700,000 keys of JSON in a small compressed body, again and again."""
    keys = {f"k{n}": 0 for n in range(700_000)}
    repeat(port, stop, {"circuit": "qubit q;", "parameters": keys})


def json_values(port: int, stop: threading.Event) -> None:
    """Send millions of empty objects in a small compressed body, again and again."""
    repeat(port, stop, {"circuit": "qubit q;", "metadata": {"x": [{}] * 3_000_000}})


def json_depth(port: int, stop: threading.Event) -> None:
    """Send JSON of lists in lists, as deep as a body can be."""
    body = b'{"circuit": ' + b"[" * 5_000_000 + b"]" * 5_000_000 + b"}"
    repeat_body(port, stop, body)


def repeat(port: int, stop: threading.Event, value: object) -> None:
    repeat_body(port, stop, json.dumps(value, separators=(",", ":")).encode())


def repeat_body(port: int, stop: threading.Event, body: bytes) -> None:
    request = post(gzip.compress(body, 1), "Content-Encoding: gzip\r\n")
    while not stop.is_set():
        send_all(port, iter([request]), stop)


def large_bodies(port: int, stop: threading.Event) -> None:
    """Send bodies of almost 10 MiB over 100 connections at once, of which the end never comes."""
    body = b'{"circuit": "' + b" " * (10 * 2**20 - 100)
    request = post(body + b"  ")[:-2]

    def send_again_and_again() -> None:
        while not stop.is_set():
            send_all(port, iter([request]), stop)

    with ThreadPoolExecutor(100) as pool:
        for _ in range(100):
            pool.submit(send_again_and_again)


def rings(port: int, stop: threading.Event) -> None:
    """Ring the worker without end."""
    ring = post(b'{"task_id": "x"}', path="/execute") * 100
    while not stop.is_set():
        with suppress(OSError), connect(port) as connection:
            while not stop.is_set():
                connection.sendall(ring)
                connection.recv(1 << 20)


ON_THE_API: tuple[Attack, ...] = (
    endless_headers,
    endless_header,
    endless_trailers,
    idle_connections,
    slow_headers,
    slow_bodies,
    slow_readers,
    pipelined_requests,
    json_keys,
    json_values,
    json_depth,
    large_bodies,
)

if __name__ == "__main__":
    main()
