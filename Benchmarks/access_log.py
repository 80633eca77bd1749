#!/usr/bin/env python3
"""What an access log costs: the CPU of a connection with and without a line for each, also of HAProxy and nginx doing the same.

All proxies run side by side before the same four servers, one worker each; they get the same connections, in turns. Martlet and nginx write
to a file below --folder, HAProxy by UDP to a collector, which is its own way, and Martlet does that too. All CPU of a proxy counts, that of
Martlet's writer as well.

    python3 Benchmarks/access_log.py [--rounds 9] [--connections 20000] [--martlet .build/release/martlet] [--folder /tmp] [--instructions]

With --instructions Martlet is run by valgrind instead, which counts what is executed in user space, exactly and slowly.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import threading
import time

from children import free_port
from connections import Stage, cpu, turned, wait_for, write

# As Debian's libnginx-mod-stream has it.
STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"


class Collector:
    """Takes datagrams, and counts them."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.count = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.socket.recv(65536)
            self.count += 1


def martlet(program, folder, name, servers, log):
    port = free_port()
    configuration = {
        "listen": f"127.0.0.1:{port}", "workers": 1, "backends": [f"127.0.0.1:{server}" for server in servers],
        "health": {"type": "none"}, "admin": {"socket": f"{folder}/{name}.sock", "state": f"{folder}/{name}.state"},
        "log": {"level": "error"}}
    if log:
        configuration["accessLog"] = log
    return [program, "run", write(f"{folder}/{name}.json", configuration)], port


def haproxy(folder, name, servers, log):
    port = free_port()
    lines = "\n".join(f"  server b{number} 127.0.0.1:{server}" for number, server in enumerate(servers))
    logging = f"  log {log} local0\n  option tcplog\n" if log else ""
    return ["haproxy", "-db", "-q", "-f", write(f"{folder}/{name}.cfg", f"""global
  nbthread 1
  maxconn 4000
defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
listen bench
  bind 127.0.0.1:{port}
  balance roundrobin
{logging}{lines}
""")], port


def nginx(folder, name, servers, log):
    port = free_port()
    lines = " ".join(f"server 127.0.0.1:{server};" for server in servers)
    fields = "$time_iso8601 $remote_addr:$remote_port $upstream_addr $status $bytes_sent $bytes_received $session_time $upstream_connect_time"
    logging = f"log_format bench '{fields}'; access_log {log} bench buffer=64k flush=1s;" if log else "access_log off;"
    os.makedirs(f"{folder}/{name}", exist_ok=True)
    return ["nginx", "-e", "stderr", "-p", f"{folder}/{name}", "-c", write(f"{folder}/{name}.conf", f"""load_module {STREAM};
daemon off; pid nginx.pid;
error_log stderr crit; {"user root;" if os.geteuid() == 0 else ""} worker_processes 1;
events {{ worker_connections 8192; }}
stream {{ {logging}
  upstream bench {{ {lines} }}
  server {{ listen 127.0.0.1:{port} backlog=4096; proxy_pass bench; }}
}}
""")], port


def by_cpu(stage, options):
    folder, servers, collector = stage.folder, stage.servers, Collector()
    udp = f"127.0.0.1:{collector.port}"
    commands = {
        "martlet, none": martlet(options.martlet, folder, "none", servers, None),
        "martlet, json": martlet(options.martlet, folder, "json", servers, f"{folder}/json.log"),
        "martlet, text": martlet(options.martlet, folder, "text", servers, {"to": f"{folder}/text.log", "format": "text"}),
        "martlet, UDP": martlet(options.martlet, folder, "udp", servers, {"to": f"syslog:{udp}", "format": "text"}),
    }
    if shutil.which("haproxy"):
        commands["haproxy, none"] = haproxy(folder, "hnone", servers, None)
        commands["haproxy, UDP"] = haproxy(folder, "hudp", servers, udp)
    if shutil.which("nginx") and os.path.exists(STREAM):
        commands["nginx, none"] = nginx(folder, "nnone", servers, None)
        commands["nginx, file"] = nginx(folder, "nfile", servers, f"{folder}/nginx.log")
    found = {name: (stage.start(*words).pid, port) for name, (words, port) in commands.items()}
    for _, port in found.values():
        wait_for(port)
        stage.connect(port, options.connections, 1)
    spent = {name: [] for name in found}
    for round_number in range(options.rounds):
        for name in turned(list(found), round_number):
            pid, port = found[name]
            before = cpu(pid)
            stage.connect(port, options.connections, round_number)
            time.sleep(0.3)  # What is written a little later belongs to it.
            spent[name].append((cpu(pid) - before) / options.connections / 1000)
    print(f"{'':15} {'µs a connection':>16}   against none: median (least…greatest of the rounds)")
    for name, values in spent.items():
        base = spent[name.split(",")[0] + ", none"]
        ratios = [value / other for value, other in zip(values, base)]
        print(f"{name:15} {statistics.median(values):16.2f}   {statistics.median(ratios):.3f} ({min(ratios):.3f}…{max(ratios):.3f})")
    time.sleep(0.5)
    for name in ("json", "text"):
        with open(f"{folder}/{name}.log") as file:
            lines = file.readlines()
        print(f"martlet, {name}: {len(lines)} lines of {sum(map(len, lines)) / len(lines):.0f} bytes")


def by_instructions(stage, options):
    """Instructions a connection, from totals at the ends of two runs of another length."""
    plain = f"{stage.folder}/martlet"
    # What the compiler says of its work for a debugger is more than valgrind can read.
    subprocess.run(["objcopy", "--strip-debug", options.martlet, plain], check=True)
    counts = {}
    for name, log in [("none", None), ("json", f"{stage.folder}/json.log"), ("text", {"to": f"{stage.folder}/text.log", "format": "text"})]:
        totals = []
        for connections in (1_000, 1_000 + options.connections):
            words, port = martlet(plain, stage.folder, name, stage.servers, log)
            report = f"{stage.folder}/callgrind.{name}"
            child = stage.start("valgrind", "--tool=callgrind", f"--callgrind-out-file={report}", *words)
            wait_for(port)
            stage.connect(port, connections, 1)
            time.sleep(1)
            child.terminate()
            child.wait(120)
            with open(report) as file:
                totals.append(int(re.search(r"^(?:summary|totals): (\d+)", file.read(), re.M).group(1)))
        counts[name] = (totals[1] - totals[0]) / options.connections
    for name, count in counts.items():
        print(f"{name:5} {count:8.0f} instructions a connection, {count - counts['none']:+7.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=20_000)
    parser.add_argument("--martlet", default=".build/release/martlet")
    parser.add_argument("--folder", default=None)
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    stage = Stage(options.folder)
    try:
        (by_instructions if options.instructions else by_cpu)(stage, options)
    finally:
        stage.end()


if __name__ == "__main__":
    main()
