"""What the command-line tests share: a scratch folder, running the program, TAP."""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

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


def png(path, rows=None):
    """Size, the first rows' pixels as (rows, w, 3) and the text chunks of a PNG of this program (8-bit RGB)."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, text, raw = 8, {}, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0]
        if kind == b"IHDR":
            w, h = struct.unpack(">II", body[:8])
        if kind == b"IDAT":
            raw += body
        if kind == b"iTXt":
            key, rest = body.split(b"\0", 1)
            packed, rest = rest[0], rest[2:].split(b"\0", 2)[2]
            text[key.decode()] = (zlib.decompress(rest) if packed else rest).decode()
        at += 12 + length
    lines = np.frombuffer(zlib.decompress(raw), np.uint8).reshape(h, 1 + 3 * w)
    rows = h if rows is None else rows
    out = np.zeros((rows, 3 * w), np.uint8)
    up = np.zeros(3 * w, np.uint8)
    for y in range(rows):
        kind, line = lines[y, 0], lines[y, 1:]
        if kind == 0:
            out[y] = line
        elif kind == 1:
            out[y] = np.cumsum(line.reshape(w, 3), axis=0, dtype=np.uint8).ravel()
        elif kind == 2:
            out[y] = line + up
        else:  # each depends on the one to its left
            above, own = up.tolist(), line.tolist()
            for x in range(3 * w):
                a, b, c = (own[x - 3], above[x], above[x - 3]) if x >= 3 else (0, above[x], 0)
                if kind == 3:
                    guess = (a + b) >> 1
                else:
                    p = a + b - c
                    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
                    guess = a if pa <= pb and pa <= pc else b if pb <= pc else c
                own[x] = (own[x] + guess) & 255
            out[y] = own
        up = out[y]
    return (w, h), out.reshape(rows, w, 3).astype(np.int64), text
