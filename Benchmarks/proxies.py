"""The proxies, each configured for the same job as its documentation recommends, and the backends behind them.

The job: TCP mode, one listener, two backends by round robin, one worker, no access log, no health checks.
"""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from children import BenchmarkError, free_port
from links import RATES, Link
from measure import peak_resident, resident
from workloads import ask

SESSIONS = 9_500  # What every proxy is configured to hold, above the 9,000 of the largest workload.
FILE_NAME, FILE_SIZE = "100MB.bin", 100_000_000


@dataclass(frozen=True)
class Proxy:
    """One row of the tables. `command` writes the configuration and says how to start the proxy."""

    name: str
    title: str
    program: str | None
    command: Callable | None
    works: tuple


def _write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def _martlet(workers):
    def command(paths, directory, port, backends):
        configuration = {
            "workers": workers,
            "listeners": [{"name": "bench", "bind": f"127.0.0.1:{port}", "pool": "bench"}],
            "pools": [{"name": "bench", "strategy": "round-robin",
                       "backends": ["%s:%d" % backend for backend in backends], "health": {"type": "none"}}],
            "log": {"level": "warning"}}
        return [paths["martlet"], "run", "--config", _write(directory, "martlet.json", json.dumps(configuration))]
    return command


def _haproxy(splice=""):
    # Pipes take two descriptors more for each session.
    def command(paths, directory, port, backends):
        servers = "\n".join(f"    server b{index} {host}:{number}" for index, (host, number) in enumerate(backends))
        return [paths["haproxy"], "-db", "-f", _write(directory, "haproxy.cfg", f"""
global
    nbthread 1
    maxconn {4_000 if splice else SESSIONS}
defaults
    mode tcp
    {splice}
    timeout connect 2s
    timeout client 1h
    timeout server 1h
listen bench
    bind 127.0.0.1:{port}
    balance roundrobin
{servers}
""")]
    return command


def _nginx(paths, directory, port, backends):
    servers = " ".join("server %s:%d;" % backend for backend in backends)
    return [paths["nginx"], "-e", "stderr", "-p", directory, "-c", _write(directory, "nginx-stream.conf", f"""
load_module {paths["stream_module"]};
daemon off; pid nginx-stream.pid; error_log stderr crit; {"user root;" if os.geteuid() == 0 else ""}
worker_processes 1;
events {{ worker_connections {2 * SESSIONS + 100}; }}
stream {{
  upstream bench {{ {servers} }}
  server {{ listen 127.0.0.1:{port} backlog=4096; proxy_pass bench; proxy_connect_timeout 2s; proxy_timeout 1h; }}
}}
""")]


def _envoy(paths, directory, port, backends):
    # After "What are best practices for benchmarking Envoy?" in its documentation.
    def address(number, host="127.0.0.1"):
        return {"socket_address": {"address": host, "port_value": number}}
    tcp_proxy = {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                 "stat_prefix": "bench", "cluster": "bench"}
    endpoints = [{"endpoint": {"address": address(number, host)}} for host, number in backends]
    limits = {"max_connections": 1_000_000_000, "max_pending_requests": 1_000_000_000}  # "Disable circuit breaking."
    configuration = {"stats_config": {"stats_matcher": {"reject_all": True}}, "static_resources": {
        "listeners": [{"name": "bench", "address": address(port), "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.tcp_proxy", "typed_config": tcp_proxy}]}]}],
        "clusters": [{"name": "bench", "type": "STATIC", "connect_timeout": "2s", "lb_policy": "ROUND_ROBIN",
                      "circuit_breakers": {"thresholds": [limits]},
                      "load_assignment": {"cluster_name": "bench", "endpoints": [{"lb_endpoints": endpoints}]}}]}}
    return [paths["envoy"], "-c", _write(directory, "envoy.json", json.dumps(configuration)), "--concurrency", "1",
            "--log-level", "error", "--disable-hot-restart"]


LINKS = {f"{way}{flows}-{rate}": (way, flows, rate) for rate in RATES for way in ("down", "up") for flows in (1, 8)}
GROWTH = {"grow-backends1": 1, "grow-backends1000": 1_000, "grow-sessions10": 10, "grow-sessions9000": 9_000}
QUIET = {"quiet0": 0, "quiet5000": 5_000}
_BULK = ("bulk1", "bulk8")
_LOAD = ("request", "churn", *_BULK, "ping", "connect")
_ALL = (*_LOAD, *LINKS, *QUIET, *GROWTH, "idle", "syscalls")
PROXIES = [
    Proxy("direct", "direct", None, None, (*_LOAD, *LINKS)),
    Proxy("martlet", "Martlet", "martlet", _martlet(1), _ALL),
    Proxy("martlet-2", "Martlet, 2 workers", "martlet", _martlet(2), ("request", "churn", *_BULK)),
    Proxy("haproxy", "HAProxy", "haproxy", _haproxy(), _ALL),
    Proxy("haproxy-auto", "HAProxy, splice-auto", "haproxy", _haproxy("option splice-auto"), _BULK),
    Proxy("haproxy-splice", "HAProxy, splice forced", "haproxy",
          _haproxy("option splice-request\n    option splice-response"), (*_BULK, *LINKS)),
    Proxy("nginx", "nginx stream", "nginx", _nginx, _ALL),
    Proxy("envoy", "Envoy", "envoy", _envoy, _ALL),
]


def make_file(directory):
    """The file that the bulk workloads download."""
    block = os.urandom(1_000_000)
    with open(os.path.join(directory, FILE_NAME), "wb") as file:
        for _ in range(FILE_SIZE // len(block)):
            file.write(block)


def start_backend(children, paths, link=None):
    """One nginx process that answers `/` with two bytes and serves the file by sendfile. Returns it and its address."""
    directory, port, host = children.directory, free_port(), link.address if link else "127.0.0.1"
    configuration = _write(directory, f"backend-{port}.conf", f"""
daemon off; master_process off; pid backend-{port}.pid; error_log stderr crit;
events {{ worker_connections {SESSIONS}; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_timeout 1h; keepalive_requests 1000000000;
  client_body_temp_path {directory}; proxy_temp_path {directory}; fastcgi_temp_path {directory};
  uwsgi_temp_path {directory}; scgi_temp_path {directory};
  server {{
    listen {host if link else "*"}:{port} backlog=4096; root {directory};
    location = / {{ return 200 "ok"; }}
    location = /{FILE_NAME} {{ }}
  }}
}}
""")
    prefix = link.prefix if link else []
    process = children.start([*prefix, paths["nginx"], "-e", "stderr", "-p", directory, "-c", configuration])
    children.wait_for_port(process, port, host)
    return process, (host, port)


def start_sink(children, paths, link):
    """An iperf3 server at the other end of a link. Returns it and its address."""
    port = free_port()
    process = children.start([*link.prefix, paths["iperf3"], "-s", "-B", link.address, "-p", str(port)])
    children.wait_for_port(process, port, link.address)
    return process, (link.address, port)


class Setup:
    """Two fresh backends and a proxy in front of them, for the time of one measurement.

    Everything is started anew each time: no proxy carries the memory, or the machine the sockets, of an earlier one.
    """

    def __init__(self, proxy, children, paths, work):
        self.proxy, self._children, self._paths = proxy, children, paths
        self._way, _, rate = LINKS.get(work, (None, None, None))
        self._backends = GROWTH[work] if work.startswith("grow-backends") else 0
        self._link = Link(RATES[rate]) if rate else None
        self._processes = []
        self.pid = None
        self.facts = {}

    def __enter__(self):
        try:
            if self._link:
                self._link.__enter__()
            # What iperf3's connections say to each other belongs to one server.
            start, count = (start_sink, 1) if self._way == "up" else (start_backend, 2)
            backends = [start(self._children, self._paths, self._link) for _ in range(count)]
            self._processes = [process for process, _ in backends]
            addresses = [address for _, address in backends]
            if self._backends:
                # One server answers at all addresses of 127.0.0.0/8.
                port = addresses[0][1]
                addresses = [(f"127.0.{index // 250}.{index % 250 + 1}", port) for index in range(self._backends)]
            if self.proxy.command is None:
                self.address = addresses[0]
            else:
                self._start_proxy(addresses)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start_proxy(self, backends):
        port = free_port()
        self.address = ("127.0.0.1", port)
        argv = self.proxy.command(self._paths, self._children.directory, port, backends)
        process = self._children.start(argv)
        start = time.perf_counter()
        self._processes.append(process)
        self._children.wait_for_port(process, port)
        self.facts["acceptSeconds"] = time.perf_counter() - start
        if self._way != "up" and ask(self.address) != b"ok":
            raise BenchmarkError(f"{self.proxy.title} does not pass on the backend's answer")
        self.facts["answerSeconds"] = time.perf_counter() - start
        time.sleep(0.1)  # What still goes on after the first answer belongs to the start.
        self.facts["restingKiB"] = resident(process.pid)
        self.pid = process.pid

    def __exit__(self, *_):
        try:
            if self.pid is not None:
                self.facts["peakKiB"] = peak_resident(self.pid)
        except (OSError, KeyError):  # The process is gone, or waits for its end to be noticed.
            raise BenchmarkError(f"{self.proxy.title} ended by itself:\n"
                                 + self._children.output(self._processes[-1])) from None
        finally:
            for process in reversed(self._processes):
                self._children.end(process)
            if self._link:
                self._link.__exit__()
