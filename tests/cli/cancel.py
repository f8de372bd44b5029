#!/usr/bin/env python3
"""Ctrl-C in the middle of each long command: exit 130 within a moment, no output, nothing half-made, and what stood
there before still stands. SIGTERM and SIGHUP likewise. A stopped generate goes on where it was."""
import json
import os
import signal
import subprocess
import time

from harness import *

# Long enough that none of it is done before the signal, with a first report of progress soon: many shots of a
# small map, one thread, plain loops.
np.save("v.npy", velocity(2, 60, 60))
np.save("s.npy", np.zeros((2, 100, 1000, 60), np.float32))
LARGE = ["--device", "reference", "--absorb", "20", "--shots", "100"]
SLOW = ["--device", "cpu", "--count", "2000"]


def interrupt(text, words, number=signal.SIGINT, wait_for='"event":"progress"'):
    """Sends the signal once the command has said that it is at work."""
    before = listing()
    p = subprocess.Popen([CLI, *words, "--progress", "json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, env=environment)
    seen = ""
    for line in p.stderr:
        seen += line
        if wait_for in line:
            break
    alive = p.poll() is None
    partial = [f for f in listing() if f not in before]
    p.send_signal(number)
    start = time.monotonic()
    out, err = p.communicate(timeout=120)
    waited = time.monotonic() - start
    after = [f for f in listing() if f not in before and not f.endswith("dataset.json")]
    ok(alive and p.returncode == 130, f"{text}: exit 130 ({1e3 * waited:.0f} ms after the signal)",
       f"exit {p.returncode}, alive {alive}\n{seen}{err}\n{out}")
    ok(after == [], f"{text}: leaves no file (while at work: {len(partial)})", after)
    ok(waited < 30, f"{text}: soon")


interrupt("simulate", ["simulate", "--velocity", "v.npy", "--output", "out.npy", *LARGE])
interrupt("simulate, SIGTERM", ["simulate", "--velocity", "v.npy", "--output", "out.npy", *LARGE], signal.SIGTERM)
interrupt("simulate, SIGHUP", ["simulate", "--velocity", "v.npy", "--output", "out.npy", *LARGE], signal.SIGHUP)
interrupt("simulate on cpu", ["simulate", "--velocity", "v.npy", "--output", "out.npy", "--device", "cpu:2", "--samples",
                              "40000", "--shots", "200"])
interrupt("gradient", ["gradient", "--velocity", "v.npy", "--observed", "s.npy", "--output", "out.npy", *LARGE],
          wait_for="exact mode")
interrupt("generate", ["generate", "--family", "all", "--seed", "1", "--output", "data", *SLOW])
interrupt("generate, OpenFWI layout", ["generate", "--family", "flatfault-a", "--seed", "1", "--output",
                                       "data2", "--openfwi-layout", *SLOW])
interrupt("bench", ["bench", "--rows", "60", "--columns", "60", *LARGE], wait_for="on reference")

# Over a trained model: long recordings of a small one, or plain loops.
subprocess.run([os.environ["WD_MAKE_MODEL"], "model"], check=True)
np.save("latents.npy", np.random.default_rng(1).standard_normal((60, 4, 18, 18), np.float32))
# zeros that take no room on the disk; encoding 60 took half a second on a quick machine, no longer than the first report
np.lib.format.open_memmap("gathers.npy", mode="w+", dtype=np.float32, shape=(600, 5, 1000, 70))
M = ["--model", "model", "--device", "reference"]
interrupt("sample", ["sample", "--model", "model", "--device", "cpu:1", "--seeds", "0-49", "--steps", "1000", "-o", "run"])
interrupt("sample, while it scores", ["sample", *M, "--seeds", "0-9", "--steps", "1", "--score", "every=1", "-o", "run"],
          wait_for="exact mode")
interrupt("decode", ["decode", *M, "--latents", "latents.npy", "-o", "run"])
interrupt("encode", ["encode", *M, "--seismic", "gathers.npy", "-o", "run"])
interrupt("interpolate", ["interpolate", *M, "--anchors", "latents.npy", "--frames", "100", "-o", "run"])
interrupt("residual", ["residual", "--velocity", "v.npy", "--seismic", "s.npy", "-o", "out.csv", "--device", "reference",
                       "--absorb", "20", "--sources", "1,0..59 1,0..39"])

with open("kept.npy", "w") as f:
    f.write("precious")
interrupt("simulate over an old file", ["simulate", "--velocity", "v.npy", "--output", "kept.npy", *LARGE])
ok(open("kept.npy").read() == "precious", "the old file stands as it was")

# The same generate command goes on: the second run makes what the first would have made.
FORM = ["generate", "--family", "style-b", "--count", "2", "--seed", "7", "--device", "cpu"]
interrupt("generate on cpu", ["generate", "--family", "style-b", "--count", "2000", "--seed", "7", "--device", "cpu",
                              "--output", "part"])
result("generate, new", *FORM, "--output", "whole")
again = result("generate, there already", *FORM, "--output", "whole")
ok(again.get("made") == 0 and again.get("maps") == 2, "a second run makes nothing", again)
os.remove("whole/seismic-00000.npy")
again = result("generate, one file lost", *FORM, "--output", "whole")
ok(again.get("made") == 2, "a lost file is made again", again)
os.truncate("whole/velocity-00000.npy", 1000)
again = result("generate, one file broken", *FORM, "--output", "whole")
ok(again.get("made") == 2 and np.load("whole/velocity-00000.npy").shape == (2, 1, 70, 70), "a broken file is made again", again)
done()
