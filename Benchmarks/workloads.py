"""The workloads: what the clients do, how much of it was done, and with what latency.

request  64 keep-alive connections, answers of two bytes              wrk       unit: one request
churn    64 at a time: connect, one request, close                    wrk       unit: one connection
bulk1    100 MB files one after another, each over its own connection below     unit: one GB (10^9 bytes)
bulk8    the same, eight at a time
down…    the same over a link with a rate (links.py): down1-4g is one flow at 4 Gbit/s
up…      the other way                                                iperf3
ping     one request each millisecond over one connection             latency.c unit: one request
connect  the same, each over a new connection
quiet…   nothing at all, with so many silent sessions                 below     unit: one second
grow…    churn with so many backends, requests on so many sessions    wrk
idle     connections that did one request and then stay silent        below     unit: one session
"""

import json
import os
import resource
import socket
import struct
import threading
import time

from children import BenchmarkError

CONNECTIONS = 64
_REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
_LAST_REQUEST = b"GET /%s HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n"
_WRK_REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  print(string.format('{"units":%d,"seconds":%f,"p50":%f,"p99":%f,"errors":%d}', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def raise_descriptor_limit(needed):
    """This process holds the clients' ends, and its children inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise BenchmarkError(f"{needed} descriptors per process are needed and the limit is {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connect(address):
    """A blocking connection to a host and port whose reads and writes give up after 10 s."""
    client = socket.create_connection(address, timeout=10)
    client.settimeout(None)  # SO_RCVTIMEO instead: Python's own timeout costs a poll(2) per call.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 10, 0))
    return client


def ask(address):
    """The body of the answer to one request over a connection of its own, read to the end of stream."""
    with connect(address) as client:
        client.sendall(_LAST_REQUEST % b"")
        answer = b""
        while part := client.recv(4096):
            answer += part
    return answer.partition(b"\r\n\r\n")[2]


def wrk(children, paths, address, seconds, extra=(), connections=CONNECTIONS):
    """Drives requests for `seconds`. Latencies are in ms, from the request's first byte to the answer's last."""
    script = os.path.join(children.directory, "report.lua")
    if not os.path.exists(script):
        with open(script, "w") as file:
            file.write(_WRK_REPORT)
    output = children.run([paths["wrk"], "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, *extra,
                           "http://%s:%d/" % address], timeout=seconds + 20)
    return json.loads(output.strip().splitlines()[-1])


def requests(connections):
    """Requests over so many connections."""
    def run(children, paths, address, seconds):
        return wrk(children, paths, address, seconds, connections=connections)
    return run


def churn(children, paths, address, seconds):
    """Every answer ends its connection, so every request needs a new one."""
    return wrk(children, paths, address, seconds, ("-H", "Connection: close"))


def latency(kind):
    """One request each millisecond: `ping` over one connection, `connect` each over a new one."""
    def run(children, paths, address, seconds):
        output = children.run([paths["latency"], address[0], str(address[1]), kind, str(seconds)], timeout=seconds + 20)
        return json.loads(output)
    return run


def _download(address, name, size, sink):
    """One file, thrown away inside the kernel: MSG_TRUNC on TCP discards without copying (tcp(7)),
    so that the client takes as little as possible of the CPU that the proxies are measured on."""
    with connect(address) as client:
        client.sendall(_LAST_REQUEST % name.encode())
        head = b""
        while b"\r\n\r\n" not in head:
            if not (part := client.recv(512)):
                raise BenchmarkError("a download ended before its first byte")
            head += part
        status, received = head.split(None, 2)[1], len(head.partition(b"\r\n\r\n")[2])
        while count := client.recv_into(sink, len(sink), socket.MSG_TRUNC):
            received += count
    if status != b"200" or received != size:
        raise BenchmarkError(f"a download of {size} bytes gave status {status.decode()} and {received} bytes")


def bulk(flows, name, size):
    """Downloads by `flows` threads; each finishes the file it is at when the time is over."""
    def run(_children, _paths, address, seconds):
        files, failures, start = [0] * flows, [], time.perf_counter()

        def download(flow):
            sink = bytearray(1 << 20)
            try:
                while time.perf_counter() - start < seconds:
                    _download(address, name, size, sink)
                    files[flow] += 1
            except (OSError, BenchmarkError) as error:
                failures.append(error)
        threads = [threading.Thread(target=download, args=(flow,), daemon=True) for flow in range(flows)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise BenchmarkError(f"{len(failures)} of {flows} flows failed, the first with: {failures[0]}")
        return {"units": sum(files) * size / 1e9, "seconds": time.perf_counter() - start, "errors": 0}
    return run


def upload(flows):
    """iperf3 sends as fast as it can by `flows` connections at once, besides the one that it talks over."""
    def run(children, paths, address, seconds):
        output = children.run([paths["iperf3"], "-c", address[0], "-p", str(address[1]), "-t", str(max(1, round(seconds))),
                               "-P", str(flows), "-J"], timeout=seconds + 20)
        received = json.loads(output)["end"]["sum_received"]
        return {"units": received["bytes"] / 1e9, "seconds": received["seconds"], "errors": 0}
    return run


class Sessions:
    """Connections that stay open, each with at least one request answered through it."""

    def __init__(self, address, count):
        self._clients = []
        try:
            for _ in range(count):
                self._clients.append(connect(address))
                self._clients[-1].sendall(_REQUEST)
            self._receive()
        except OSError as error:
            self.close()
            raise BenchmarkError(f"only {len(self._clients)} of {count} sessions: {error}") from None

    def _receive(self):
        for client in self._clients:
            if not client.recv(4096).endswith(b"ok"):
                raise ConnectionError("a session was closed, or its answer is not the backend's")

    def exchange(self):
        """One more request over each session at once."""
        for client in self._clients:
            client.sendall(_REQUEST)
        self._receive()

    def close(self):
        for client in self._clients:
            client.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connect_ask_close(address, count):
    """`count` connections at once, one request each, closed after the backend's end of stream."""
    clients = [connect(address) for _ in range(count)]
    for client in clients:
        client.sendall(_LAST_REQUEST % b"")
    for client in clients:
        while client.recv(4096):
            pass
        client.close()
