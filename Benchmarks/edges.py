#!/usr/bin/env python3
"""What the edges cost: the CPU of a connection with each of them switched on, beside HAProxy and nginx doing the same.

For each row the proxies run side by side before the same four servers, one worker each, and get the same connections in turns: one
request each, read to its end. CPU is the proxy's own, as medians of the rounds; ratios are those of each proxy to itself without
anything, and of Martlet to the others in the same row.

    python3 Benchmarks/edges.py [--rounds 9] [--connections 10000] [--only ROW,...] [--martlet .build/release/martlet]
"""

import argparse
import json
import os
import shutil
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
    """Nanoseconds on a processor, over all threads and children (proc(5), schedstat)."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            total += int(file.read().split()[0])
        with open(f"/proc/{pid}/task/{thread}/children") as file:
            total += sum(cpu(child) for child in file.read().split())
    return total


def martlet(folder, port, servers, row):
    configuration = {
        "listeners": [{"bind": f"127.0.0.1:{port}", **row.get("listener", {})}], "workers": 1,
        "pools": [{"name": "main", "backends": [f"127.0.0.1:{server}" for server in servers], "health": {"type": "none"}, **row.get("pool", {})}],
        "admin": {"socket": f"{folder}/martlet.sock", "state": f"{folder}/martlet.state"}, "log": {"level": "error"}}
    with open(f"{folder}/martlet.json", "w") as file:
        json.dump(configuration, file)
    return ["run", f"{folder}/martlet.json"]


def haproxy(folder, port, servers, row):
    lines = ["global", "  nbthread 1", "defaults", "  mode tcp", "  timeout connect 5s", "  timeout client 60s", "  timeout server 60s",
             "listen main", f"  bind 127.0.0.1:{port} {row.get('bind', '')}"]
    lines += [f"  server s{server} 127.0.0.1:{server} {row.get('server', '')}" for server in servers]
    with open(f"{folder}/haproxy.cfg", "w") as file:
        file.write("\n".join(lines) + "\n")
    return ["-db", "-f", f"{folder}/haproxy.cfg"]


def nginx(folder, port, servers, row):
    upstream = " ".join(f"server 127.0.0.1:{server};" for server in servers)
    modules = "/usr/lib/nginx/modules/ngx_stream_module.so"
    with open(f"{folder}/nginx.conf", "w") as file:
        file.write(f"{'load_module ' + modules + ';' if os.path.exists(modules) else ''} daemon off; worker_processes 1; pid {folder}/nginx.pid; "
                   f"error_log /dev/null; events {{ worker_connections 4096; }} stream {{ upstream main {{ {upstream} }} "
                   f"server {{ listen 127.0.0.1:{port} {row.get('listen', '')}; proxy_pass main; {row.get('directives', '')} }} }}")
    return ["-c", f"{folder}/nginx.conf", "-p", folder]


FROM = {"proxy": {"from": ["127.0.0.0/8"]}}
ROWS = {
    "plain": {"martlet": {}, "haproxy": {}, "nginx": {}},
    "PROXY out": {"martlet": {"pool": {"sendProxy": "v2"}}, "haproxy": {"server": "send-proxy-v2"}, "nginx": {"directives": "proxy_protocol on;"}},
    "PROXY in": {"told": True, "martlet": {"listener": FROM}, "haproxy": {"bind": "accept-proxy"}, "nginx": {"listen": "proxy_protocol"}},
    "PROXY in+out": {"told": True, "martlet": {"listener": FROM, "pool": {"sendProxy": "v2"}},
                     "haproxy": {"bind": "accept-proxy", "server": "send-proxy-v2"},
                     "nginx": {"listen": "proxy_protocol", "directives": "proxy_protocol on;"}},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--martlet", default=".build/release/martlet")
    options = parser.parse_args()
    programs = {"martlet": options.martlet, "haproxy": shutil.which("haproxy"), "nginx": shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")}
    top = tempfile.mkdtemp()
    tool = f"{top}/clients"
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients.c")
    subprocess.run(["cc", "-O2", "-o", tool, source], check=True)
    children = []

    def start(*words):
        child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        children.append(child)
        return child

    def ask(how, port, count, seed):
        answer = subprocess.run([tool, how, str(port), str(count), "1000", str(seed)], check=True, capture_output=True, text=True)
        if answer.stdout.strip() != "0":
            raise SystemExit(f"{answer.stdout.strip()} connections failed")

    try:
        servers = [free_port() for _ in range(4)]
        for port in servers:
            start(tool, "serve", str(port)).stdout.readline()
        # All rows run at the same time, so that a slow minute meets all of them.
        running = {}
        for name in options.only.split(","):
            row = ROWS[name]
            for proxy, make in [("martlet", martlet), ("haproxy", haproxy), ("nginx", nginx)]:
                if not programs[proxy] or proxy not in row:
                    continue
                folder, port = f"{top}/{name.replace(' ', '-')}-{proxy}", free_port()
                os.mkdir(folder)
                child = start(programs[proxy], *make(folder, port, servers, row[proxy]))
                running[name, proxy] = (child.pid, port, "tell" if row.get("told") else "ask")
        time.sleep(1.5)
        spent = {key: [] for key in running}
        for pid, port, how in running.values():
            ask(how, port, 1000, 1)
        for round_number in range(options.rounds):
            keys = list(running)
            for key in keys[round_number % len(keys):] + keys[:round_number % len(keys)]:
                pid, port, how = running[key]
                before = cpu(pid)
                ask(how, port, options.connections, round_number)
                spent[key].append((cpu(pid) - before) / options.connections / 1000)
        print("| with | " + " | ".join(f"{proxy}, µs | to itself" for proxy in programs) + " | to HAProxy | to nginx |")
        print("|---|" + "---:|" * (2 * len(programs) + 2))

        def ratio(one, other):
            if one not in spent or other not in spent:
                return "–"
            return f"{statistics.median(a / b for a, b in zip(spent[one], spent[other])):.2f}"
        for name in options.only.split(","):
            cells = []
            for proxy in programs:
                key = (name, proxy)
                cells += [f"{statistics.median(spent[key]):.1f}" if key in spent else "–", ratio(key, ("plain", proxy))]
            print(f"| {name} | " + " | ".join(cells) + f" | {ratio((name, 'martlet'), (name, 'haproxy'))} | {ratio((name, 'martlet'), (name, 'nginx'))} |")
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait()


if __name__ == "__main__":
    main()
