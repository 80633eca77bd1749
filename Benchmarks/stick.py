#!/usr/bin/env python3
"""What it costs to send clients back to the backend that they had: the CPU of a connection with and without "stick".

Two proxies run side by side before the same four servers, one worker each. All of ADDRESSES clients are made known to the one that
remembers them; then both get the same connections from random ones of them, in turns.

    python3 Benchmarks/stick.py [--rounds 9] [--connections 20000] [--addresses 100000] [--martlet .build/release/martlet]
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu(pid):
    """Nanoseconds on a processor, over all threads (proc(5), schedstat)."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=20_000)
    parser.add_argument("--addresses", type=int, default=100_000)
    parser.add_argument("--martlet", default=".build/release/martlet")
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    tool = f"{folder}/clients"
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients.c")
    subprocess.run(["cc", "-O2", "-o", tool, source], check=True)
    children = []

    def start(*words):
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        children.append(child)
        return child

    def ask(port, count, seed):
        answer = subprocess.run(
            [tool, "ask", str(port), str(count), str(options.addresses), str(seed)], check=True, capture_output=True, text=True)
        if answer.stdout.strip() != "0":
            raise SystemExit(f"{answer.stdout.strip()} connections failed")

    try:
        servers = [free_port() for _ in range(4)]
        for port in servers:
            start(tool, "serve", str(port)).stdout.readline()
        proxies = {}
        for name in ["without", "with"]:
            port = free_port()
            configuration = {
                "listen": f"127.0.0.1:{port}", "workers": 1, "backends": [f"127.0.0.1:{server}" for server in servers],
                "health": {"type": "none"}, "admin": {"socket": f"{folder}/{name}.sock", "state": f"{folder}/{name}.state"},
                "log": {"level": "error"}}
            if name == "with":
                configuration["stick"] = {"size": options.addresses}
            with open(f"{folder}/{name}.json", "w") as file:
                json.dump(configuration, file)
            proxies[name] = (start(options.martlet, "run", f"{folder}/{name}.json").pid, port)
        time.sleep(1)
        # Drawn five times as often as there are any, all but one in 150 come.
        known = 5 * options.addresses
        while known > 0:
            ask(proxies["with"][1], min(known, options.connections), known)
            known -= options.connections
            time.sleep(0.2)
        for name, (_, port) in proxies.items():
            ask(port, options.connections, 1)
        spent = {name: [] for name in proxies}
        for round_number in range(options.rounds):
            for name in sorted(proxies, reverse=round_number % 2 == 0):
                pid, port = proxies[name]
                before = cpu(pid)
                ask(port, options.connections, round_number)
                spent[name].append((cpu(pid) - before) / options.connections / 1000)
        told = json.loads(subprocess.run(
            [options.martlet, "stick", "--json", "--socket", f"{folder}/with.sock"], check=True, capture_output=True, text=True).stdout)
        ratios = [with_ / without for with_, without in zip(spent["with"], spent["without"])]
        print(f"{told['figures']['entries']} clients known, {told['figures']['hits']} hits, {told['figures']['moves']} moves")
        for name in spent:
            print(f"{name:8} {statistics.median(spent[name]):6.2f} µs of CPU a connection (median of {options.rounds})")
        print(f"ratio    {statistics.median(ratios):6.3f} (median; {min(ratios):.3f}…{max(ratios):.3f})")
    finally:
        for child in children:
            child.kill()
            child.wait()


if __name__ == "__main__":
    main()
