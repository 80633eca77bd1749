"""A link with a rate: the backend in a network namespace of its own, and a shaped pair of virtual interfaces between.

What goes from the backend to the proxy is shaped at the backend's end, what goes the other way at the proxy's end, each
by a token bucket (tc-tbf(8)). Between programs on one machine packets stay as large as the sender made them, up to
64 KiB, as they do on a real link whose card joins segments (GRO).
"""

import os
import subprocess

from children import BenchmarkError

RATES = {"1g": "1gbit", "4g": "4gbit", "free": None}
# A bucket of two of the largest packets: less would have the kernel cut them up.
_BUCKET = ["burst", "128kb", "latency", "20ms"]


def _run(*words):
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchmarkError(f"{' '.join(words)}: {getattr(error, 'stderr', None) or error}") from None


def is_possible():
    """Whether this user may make namespaces and shape what goes between them; if not, the reason."""
    if os.geteuid() != 0:
        return "links with a rate need root"
    try:
        with Link("1gbit"):
            return None
    except BenchmarkError as error:
        return str(error)


class Link:
    """A namespace at the other end of a link, for as long as this context lasts."""

    address = "198.18.77.2"  # Of the range for benchmarks (RFC 2544).
    _own = "198.18.77.1"

    def __init__(self, rate):
        self._rate = rate
        self._name = f"bench{os.getpid()}"
        self._here = f"mb{os.getpid()}"
        self.prefix = ["ip", "netns", "exec", self._name]

    def __enter__(self):
        here, there = self._here, "eth0"
        _run("ip", "netns", "add", self._name)
        try:
            _run("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", self._name)
            _run("ip", "addr", "add", f"{self._own}/30", "dev", here)
            _run("ip", "link", "set", here, "up")
            for words in (["addr", "add", f"{self.address}/30", "dev", there], ["link", "set", there, "up"],
                          ["link", "set", "lo", "up"]):
                _run("ip", "-n", self._name, *words)
            if self._rate:
                _run("tc", "qdisc", "add", "dev", here, "root", "tbf", "rate", self._rate, *_BUCKET)
                _run("tc", "-n", self._name, "qdisc", "add", "dev", there, "root", "tbf", "rate", self._rate, *_BUCKET)
        except BenchmarkError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The namespace's own interfaces would go with it, but only some time later.
        for words in (["link", "del", self._here], ["netns", "del", self._name]):
            subprocess.run(["ip", *words], capture_output=True, timeout=10)
