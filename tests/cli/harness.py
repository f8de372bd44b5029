"""What the command-line tests share: a scratch folder, running the program, TAP."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

CLI = os.path.abspath(sys.argv[1])
ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SHARED = os.environ.get("WD_SHARED_DATA", os.path.join(ROOT, "..", "shared", "data"))
SMALL = ["--device", "reference", "--samples", "120", "--absorb", "8", "--shots", "2"]

_count = 0
_failed = 0
scratch = tempfile.mkdtemp(prefix="wd-cli-")
os.chdir(scratch)

# No display, no locale surprises: what a compute node has.
environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")}
environment["LC_ALL"] = "C"


def ok(passed, text, detail=None):
    global _count, _failed
    _count += 1
    if not passed:
        _failed += 1
    print(f"{'ok' if passed else 'not ok'} {_count} - {text}")
    if not passed and detail is not None:
        for line in str(detail).splitlines()[:40]:
            print("# " + line)
    sys.stdout.flush()
    return passed


def skip(text):
    global _count
    _count += 1
    print(f"ok {_count} # SKIP {text}")


def done():
    shutil.rmtree(scratch, ignore_errors=True)
    print(f"1..{_count}")
    sys.exit(1 if _failed else 0)


def cli(*words, timeout=600, **options):
    return subprocess.run([CLI, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, env=environment, **options)


def described(r):
    return f"exit {r.returncode}\nstdout: {r.stdout}\nstderr: {r.stderr}"


def expect(code, text, *words, error=None, **options):
    """Runs and checks the exit code, and that the error text says `error`. Returns the finished process."""
    r = cli(*words, **options)
    good = r.returncode == code and (error is None or error in r.stderr)
    ok(good, f"{text}: exit {code}" + (f", says '{error}'" if error else ""), described(r))
    return r


def result(text, *words, **options):
    """Runs with --json --quiet, checks exit 0 and that stdout is one JSON value, and returns it."""
    r = cli(*words, "--json", "--quiet", **options)
    try:
        value = json.loads(r.stdout)
    except ValueError:
        value = None
    ok(r.returncode == 0 and value is not None, f"{text}: exit 0 and JSON", described(r))
    return value if value is not None else {}


def velocity(n=None, nz=24, nx=30):
    """A small layered map, or n of them that differ."""
    v = np.full((n or 1, 1, nz, nx), 2000, np.float32)
    for i in range(n or 1):
        v[i, :, nz // 2 + i:] = 3000
    return v if n else v[0, 0]


def listing():
    found = []
    for folder, _, files in os.walk("."):
        found += [os.path.relpath(os.path.join(folder, f), ".") for f in files]
    return sorted(found)
