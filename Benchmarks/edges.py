#!/usr/bin/env python3
"""What the edges cost: the CPU of a connection with each of them switched on, beside HAProxy and nginx doing the same.

For each row the proxies run side by side before the same four servers, one worker each, and get the same connections in turns: one
request each, read to its end. CPU is the proxy's own, as medians of the rounds; ratios are those of each proxy to itself without
anything (of SNI routing to itself with the same bytes, not looked at), and of Martlet to the others in the same row.

    python3 Benchmarks/edges.py [--rounds 9] [--connections 10000] [--only ROW,...] [--martlet .build/release/martlet]
"""

import argparse
import os
import random
import shutil
import statistics
import time

from access_log import STREAM, Collector
from children import free_port
from connections import Stage, cpu, turned, wait_for, write


def martlet(folder, port, servers, row):
    configuration = {
        "listeners": [{"bind": f"127.0.0.1:{port}", **row.get("listener", {})}], "workers": 1,
        "pools": [{"name": "main", "backends": [f"127.0.0.1:{server}" for server in servers], "health": {"type": "none"}, **row.get("pool", {})}],
        "admin": {"socket": f"{folder}/martlet.sock", "state": f"{folder}/martlet.state"}, "log": {"level": "error"}, **row.get("top", {})}
    return ["run", write(f"{folder}/martlet.json", configuration)]


def haproxy(folder, port, servers, row):
    lines = ["global", "  nbthread 1", "defaults", "  mode tcp", "  timeout connect 5s", "  timeout client 60s", "  timeout server 60s",
             "listen main", f"  bind 127.0.0.1:{port} {row.get('bind', '')}"] + row.get("lines", [])
    lines += [f"  server s{server} 127.0.0.1:{server} {row.get('server', '')}" for server in servers]
    return ["-db", "-f", write(f"{folder}/haproxy.cfg", "\n".join(lines + row.get("more", [])) + "\n")]


def nginx(folder, port, servers, row):
    upstream = " ".join(f"server 127.0.0.1:{server};" for server in servers)
    load = f"load_module {STREAM};" if os.path.exists(STREAM) else ""
    return ["-p", folder, "-c", write(f"{folder}/nginx.conf", f"""{load} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null;
{"user root;" if os.geteuid() == 0 else ""} events {{ worker_connections 4096; }}
stream {{ upstream main {{ {upstream} }} {row.get('stream', '')} server {{ listen 127.0.0.1:{port} {row.get('listen', '')}; proxy_pass {row.get('pass', 'main')}; {row.get('directives', '')} }} }}
""")]


def blocked(folder):
    """A list of 100,000 addresses that no client has, in the forms of all: the files for Martlet and HAProxy, and for nginx."""
    numbers = random.Random(7)
    listed = {f"{numbers.randrange(128, 224)}.{numbers.randrange(256)}.{numbers.randrange(256)}.{numbers.randrange(256)}" for _ in range(100_000)}
    return (write(f"{folder}/blocked.txt", "".join(f"{address}\n" for address in listed)),
            write(f"{folder}/blocked.conf", "".join(f"{address} nobody;\n" for address in listed)))


NOBODY = "upstream nobody { server 127.0.0.1:1; }"
FROM = {"proxy": {"from": ["127.0.0.0/8"]}}
FIELDS = "$time_iso8601 $remote_addr:$remote_port $upstream_addr $status $bytes_sent $bytes_received $session_time $upstream_connect_time"


def rows(folder, collector):
    """What is switched on in each row, in the words of each proxy; who is missing can't do it."""
    addresses, places = blocked(folder)
    udp = f"127.0.0.1:{collector}"
    return {
        "plain": {"martlet": {}, "haproxy": {}, "nginx": {}},
        "PROXY out": {"martlet": {"pool": {"sendProxy": "v2"}}, "haproxy": {"server": "send-proxy-v2"}, "nginx": {"directives": "proxy_protocol on;"}},
        "PROXY in": {"how": "tell", "martlet": {"listener": FROM}, "haproxy": {"bind": "accept-proxy"}, "nginx": {"listen": "proxy_protocol"}},
        "PROXY in+out": {"how": "tell", "martlet": {"listener": FROM, "pool": {"sendProxy": "v2"}},
                         "haproxy": {"bind": "accept-proxy", "server": "send-proxy-v2"},
                         "nginx": {"listen": "proxy_protocol", "directives": "proxy_protocol on;"}},
        "access log to a file": {"martlet": {"top": {"accessLog": f"{folder}/martlet.log"}},
                             "nginx": {"stream": f"log_format bench '{FIELDS}';",
                                       "directives": f"access_log {folder}/nginx.log bench buffer=64k flush=1s;"}},
        "access log by UDP": {"martlet": {"top": {"accessLog": {"to": f"syslog:{udp}", "format": "text"}}},
                            "haproxy": {"lines": [f"  log {udp} local0", "  option tcplog"]}},
        "a deny list of 100k": {"martlet": {"listener": {"deny": {"file": addresses}}},
                         "haproxy": {"lines": [f"  tcp-request connection reject if {{ src -f {addresses} }}"]},
                         "nginx": {"stream": f"geo $where {{ default main; include {places}; }} {NOBODY}", "pass": "$where"}},
        # That nobody reaches.
        "limits of each client": {"martlet": {"listener": {"limits": {"rate": "1000000/s", "perClient": {"sessions": 100_000, "rate": "1000000/s"}}}},
                                  "haproxy": {"lines": ["  stick-table type ip size 100k expire 60s store conn_cur,conn_rate(1s)",
                                                        "  tcp-request connection track-sc0 src",
                                                        "  tcp-request connection reject if { sc0_conn_cur gt 100000 } || { sc0_conn_rate gt 1000000 }"]},
                                  "nginx": {"stream": "limit_conn_zone $binary_remote_addr zone=each:10m;", "directives": "limit_conn each 60000;"}},
        "a TLS hello": {"how": "greet", "martlet": {}, "haproxy": {}, "nginx": {}},
        # Who asks for another name goes nowhere.
        "SNI routing": {"how": "greet", "beside": "a TLS hello",
                        "martlet": {"listener": {"routes": [{"sni": ["*.db.example", "db.example"], "pool": "main"}]}},
                        "haproxy": {"lines": ["  tcp-request inspect-delay 5s", "  tcp-request content accept if { req.ssl_hello_type 1 }",
                                              "  use_backend nobody unless { req.ssl_sni -m end .db.example } || { req.ssl_sni db.example }"],
                                    "more": ["backend nobody"]},
                        "nginx": {"stream": f"map $ssl_preread_server_name $where {{ hostnames; .db.example main; default nobody; }} {NOBODY}",
                                  "pass": "$where", "directives": "ssl_preread on;"}},
    }


MAKERS = {"martlet": martlet, "haproxy": haproxy, "nginx": nginx}


def measure(program, only=None, rounds=9, connections=10_000):
    """Microseconds of CPU a connection, of each round, by row and proxy; and the row beside which each row stands."""
    programs = {"martlet": program, "haproxy": shutil.which("haproxy"), "nginx": shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")}
    stage, collector = Stage(), Collector()
    try:
        # All rows run at the same time, so that a slow minute of the machine meets all of them.
        all_rows = rows(stage.folder, collector.port)
        running = {}
        for name in only or all_rows:
            row = all_rows[name]
            for proxy, make in MAKERS.items():
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
        for round_number in range(rounds):
            for key in turned(list(running), round_number):
                pid, port, how = running[key]
                before = cpu(pid)
                stage.connect(port, connections, round_number, how=how)
                if "log" in key[0]:
                    time.sleep(0.3)  # What is written a little later belongs to it.
                spent[key].append((cpu(pid) - before) / connections / 1000)
        return spent, {name: row.get("beside", "plain") for name, row in all_rows.items()}
    finally:
        stage.end()


def table(spent, beside):
    """What was measured, as a table of Markdown."""
    def ratio(one, other):
        if one not in spent or other not in spent:
            return "–"
        return f"{statistics.median(a / b for a, b in zip(spent[one], spent[other])):.2f}"
    lines = ["| with | " + " | ".join(f"{proxy}, µs | to itself" for proxy in MAKERS) + " | to HAProxy | to nginx |",
             "| --- |" + " ---: |" * (2 * len(MAKERS) + 2)]
    for name in dict.fromkeys(name for name, _ in spent):
        cells = []
        for proxy in MAKERS:
            key = (name, proxy)
            cells += [f"{statistics.median(spent[key]):.1f}" if key in spent else "–", ratio(key, (beside[name], proxy))]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {ratio((name, 'martlet'), (name, 'haproxy'))} | {ratio((name, 'martlet'), (name, 'nginx'))} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--only")
    parser.add_argument("--martlet", default=".build/release/martlet")
    options = parser.parse_args()
    print(table(*measure(options.martlet, options.only.split(",") if options.only else None, options.rounds, options.connections)), end="")


if __name__ == "__main__":
    main()
