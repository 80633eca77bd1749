#!/usr/bin/env python3
"""What it costs to send clients back to the backend that they had: the CPU of a connection with and without "stick".

Two proxies run side by side before the same four servers, one worker each. All of ADDRESSES clients are made known to the one that
remembers them; then both get the same connections from random ones of them, in turns.

    python3 Benchmarks/stick.py [--rounds 9] [--connections 20000] [--addresses 100000] [--martlet .build/release/martlet]
"""

import argparse
import json
import statistics
import subprocess
import time

from children import free_port
from connections import Stage, cpu, wait_for, write


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=20_000)
    parser.add_argument("--addresses", type=int, default=100_000)
    parser.add_argument("--martlet", default=".build/release/martlet")
    options = parser.parse_args()
    stage = Stage()

    def ask(port, count, seed):
        stage.connect(port, count, seed, addresses=options.addresses)

    try:
        folder = stage.folder
        proxies = {}
        for name in ["without", "with"]:
            port = free_port()
            configuration = {
                "listen": f"127.0.0.1:{port}", "workers": 1, "backends": stage.backends,
                "health": {"type": "none"}, "admin": {"socket": f"{folder}/{name}.sock", "state": f"{folder}/{name}.state"},
                "log": {"level": "error"}}
            if name == "with":
                configuration["stick"] = {"size": options.addresses}
            proxies[name] = (stage.start(options.martlet, "run", write(f"{folder}/{name}.json", configuration)).pid, port)
            wait_for(port)
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
        stage.end()


if __name__ == "__main__":
    main()
