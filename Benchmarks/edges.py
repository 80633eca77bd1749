#!/usr/bin/env python3
"""What the edges cost: the CPU of a connection with each of them switched on, beside HAProxy and nginx doing the same.

For each row the proxies run side by side before the same four servers, one worker each, and get the same connections in turns: one
request each, read to its end. CPU is the proxy's own, as medians of the rounds; ratios are those of each proxy to itself without
anything (of SNI routing to itself with the same bytes, not looked at), and of Martlet to the others in the same row.

    python3 Benchmarks/edges.py [--rounds 9] [--connections 10000] [--only ROW,...] [--martlet .build/release/martlet]
"""

import argparse
import os
import shutil
import statistics

from children import free_port
from connections import Stage, cpu, turned, wait_for, write


def martlet(folder, port, servers, row):
    configuration = {
        "listeners": [{"bind": f"127.0.0.1:{port}", **row.get("listener", {})}], "workers": 1,
        "pools": [{"name": "main", "backends": [f"127.0.0.1:{server}" for server in servers], "health": {"type": "none"}, **row.get("pool", {})}],
        "admin": {"socket": f"{folder}/martlet.sock", "state": f"{folder}/martlet.state"}, "log": {"level": "error"}}
    return ["run", write(f"{folder}/martlet.json", configuration)]


def haproxy(folder, port, servers, row):
    lines = ["global", "  nbthread 1", "defaults", "  mode tcp", "  timeout connect 5s", "  timeout client 60s", "  timeout server 60s",
             "listen main", f"  bind 127.0.0.1:{port} {row.get('bind', '')}"] + row.get("lines", [])
    lines += [f"  server s{server} 127.0.0.1:{server} {row.get('server', '')}" for server in servers]
    return ["-db", "-f", write(f"{folder}/haproxy.cfg", "\n".join(lines + row.get("more", [])) + "\n")]


def nginx(folder, port, servers, row):
    upstream = " ".join(f"server 127.0.0.1:{server};" for server in servers)
    modules = "/usr/lib/nginx/modules/ngx_stream_module.so"
    load = f"load_module {modules};" if os.path.exists(modules) else ""
    return ["-p", folder, "-c", write(f"{folder}/nginx.conf", f"""{load} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
events {{ worker_connections 4096; }}
stream {{ upstream main {{ {upstream} }} {row.get('stream', '')} server {{ listen 127.0.0.1:{port} {row.get('listen', '')}; proxy_pass {row.get('pass', 'main')}; {row.get('directives', '')} }} }}
""")]


FROM = {"proxy": {"from": ["127.0.0.0/8"]}}
ROWS = {
    "plain": {"martlet": {}, "haproxy": {}, "nginx": {}},
    "PROXY out": {"martlet": {"pool": {"sendProxy": "v2"}}, "haproxy": {"server": "send-proxy-v2"}, "nginx": {"directives": "proxy_protocol on;"}},
    "PROXY in": {"how": "tell", "martlet": {"listener": FROM}, "haproxy": {"bind": "accept-proxy"}, "nginx": {"listen": "proxy_protocol"}},
    "PROXY in+out": {"how": "tell", "martlet": {"listener": FROM, "pool": {"sendProxy": "v2"}},
                     "haproxy": {"bind": "accept-proxy", "server": "send-proxy-v2"},
                     "nginx": {"listen": "proxy_protocol", "directives": "proxy_protocol on;"}},
    "a TLS hello": {"how": "greet", "martlet": {}, "haproxy": {}, "nginx": {}},
    # Who asks for another name goes nowhere.
    "SNI routing": {"how": "greet", "beside": "a TLS hello",
                    "martlet": {"listener": {"routes": [{"sni": ["*.db.example", "db.example"], "pool": "main"}]}},
                    "haproxy": {"lines": ["  tcp-request inspect-delay 5s", "  tcp-request content accept if { req.ssl_hello_type 1 }",
                                          "  use_backend nobody unless { req.ssl_sni -m end .db.example } || { req.ssl_sni db.example }"],
                                "more": ["backend nobody"]},
                    "nginx": {"stream": "map $ssl_preread_server_name $where { hostnames; .db.example main; default nobody; } upstream nobody { server 127.0.0.1:1; }",
                              "pass": "$where", "directives": "ssl_preread on;"}},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--only", default=",".join(ROWS))
    parser.add_argument("--martlet", default=".build/release/martlet")
    options = parser.parse_args()
    programs = {"martlet": options.martlet, "haproxy": shutil.which("haproxy"), "nginx": shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")}
    stage = Stage()
    try:
        # All rows run at the same time, so that a slow minute meets all of them.
        running = {}
        for name in options.only.split(","):
            row = ROWS[name]
            for proxy, make in [("martlet", martlet), ("haproxy", haproxy), ("nginx", nginx)]:
                if not programs[proxy] or proxy not in row:
                    continue
                folder, port = f"{stage.folder}/{name.replace(' ', '-')}-{proxy}", free_port()
                os.mkdir(folder)
                child = stage.start(programs[proxy], *make(folder, port, stage.servers, row[proxy]))
                running[name, proxy] = (child.pid, port, row.get("how", "ask"))
        spent = {key: [] for key in running}
        for pid, port, how in running.values():
            # Who waits for a header from this client ends it.
            wait_for(port)
            stage.connect(port, 1000, 1, how=how)
        for round_number in range(options.rounds):
            for key in turned(list(running), round_number):
                pid, port, how = running[key]
                before = cpu(pid)
                stage.connect(port, options.connections, round_number, how=how)
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
                cells += [f"{statistics.median(spent[key]):.1f}" if key in spent else "–", ratio(key, (ROWS[name].get("beside", "plain"), proxy))]
            print(f"| {name} | " + " | ".join(cells) + f" | {ratio((name, 'martlet'), (name, 'haproxy'))} | {ratio((name, 'martlet'), (name, 'nginx'))} |")
    finally:
        stage.end()


if __name__ == "__main__":
    main()
