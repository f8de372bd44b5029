#!/usr/bin/env python3
"""--dry-run: what it says is what the real run then does (files, sizes, counts, device, model); it writes nothing; what is
wrong is the same error with the same exit code."""
import json
import os
import shutil
import subprocess

from harness import *

subprocess.run([os.environ["WD_MAKE_MODEL"], "tiny", "1"], check=True)
M = ["--model", "tiny", "--device", "cpu:1"]


def state():
    return {f: os.stat(f).st_mtime_ns for f in listing()}


def check(text, folder, *words):
    """Dry, then real; returns the plan."""
    before = state()
    there = os.path.exists(folder)
    t = cli(*words, "--dry-run", "--quiet")
    p = result(text + ", dry", *words, "--dry-run")
    ok(state() == before and os.path.exists(folder) == there, f"{text}: nothing is written", listing())
    ok(p.get("dry_run") is True and p["command"] == words[0] and (words[0] == "movie" or p["device_name"].startswith("cpu")),
       f"{text}: the plan is of this command, and names the device", p)
    ok(t.returncode == 0 and "nothing is written" in t.stdout and "time " in t.stdout, f"{text}: said to people too", described(t))
    r = result(text + ", in earnest", *words)
    made = sorted(f for f in listing() if before.get(f) != os.stat(f).st_mtime_ns)
    planned = {os.path.normpath(f["path"]): f for f in p["files"]}
    ok(set(made) == set(planned), f"{text}: the files that were told are those that are written", f"{sorted(set(made) ^ set(planned))}")
    for name, f in planned.items():
        if f["bytes"] is None or not os.path.exists(name):
            continue
        size = os.path.getsize(name)
        good = abs(size - f["bytes"]) < 0.2 * size + 20000 if f["about"] else size == f["bytes"]
        ok(good, f"{text}: {name} has the size that was told", (size, f))
    return p, r


p, r = check("sample", "run", "sample", *M, "--seeds", "0-2", "--steps", "3", "--score", "every=3", "--mode", "live", "--estimates", "-o", "run")
ok(p["counts"] == {"pairs": 3, "steps": 3, "scored_steps": 2} and p["mode"] == "live" and p["model_identity"] == r["model"] and p["seconds"] is None
   and all(f["replaces"] is False for f in p["files"]) and len([f for f in p["files"] if f["bytes"]]) == 5,
   "counts, mode, model; no rate was measured", p)
p, r = check("sample again", "run", "sample", *M, "--seeds", "7", "--steps", "3", "-o", "run/deeper/still")
p = result("over the old one", "sample", *M, "--seeds", "0-1", "-o", "run", "--dry-run")
ok(all(f["replaces"] is True for f in p["files"]), "what would be replaced is told", p)
cost = {"model": {"identity": r["model"]}, "device_name": r["device_name"], "cost": {"denoising_step_ms": 10, "decode_ms": 100, "simulation_ms": 1000}}
json.dump(cost, open("tiny/evaluation.json", "w"))
args = ["sample", *M, "--seeds", "0-9", "--steps", "4", "-o", "x", "--dry-run"]
ok(abs(result("with costs", *args)["seconds"] - 10 * (0.04 + 0.1)) < 1e-9, "a time by what was measured here: 10 x (4 x 10 ms + 100 ms)")
ok(abs(result("scored", *args, "--score", "every=4")["seconds"] - 10 * (0.04 + 0.3 + 3)) < 1e-9, "and with scores at two steps, three pairs of them")
ok(result("live", *args, "--score", "every=4", "--mode", "live")["seconds"] is None, "not of another mode")
json.dump(dict(cost, device_name="another machine"), open("tiny/evaluation.json", "w"))
ok(result("elsewhere", *args)["seconds"] is None, "and not by what was measured elsewhere")
os.remove("tiny/evaluation.json")

p, r = check("generate", "data", "generate", "--family", "all", "--count", "3", "--seed", "1", "--output", "data", "--device", "cpu:2")
ok(p["counts"] == {"maps": 3, "there": 0} and p["mode"] == "exact" and len(p["files"]) == 3, "three maps in two files, and dataset.json", p)
p = result("again", "generate", "--family", "all", "--count", "3", "--seed", "1", "--output", "data", "--dry-run")
ok(p["counts"] == {"maps": 3, "there": 3} and len(p["files"]) == 1, "what is there already is not made again", p)
check("generate as OpenFWI", "openfwi", "generate", "--family", "flatfault-a", "--count", "2", "--seed", "1", "--output", "openfwi", "--openfwi-layout",
      "--device", "cpu:2")
check("shards", "shards", "generate", "--family", "all", "--count", "24", "--seed", "1", "--output", "shards", "--codec", "--device", "cpu:2")
p, r = check("redraw", "drawn", "redraw", *M, "--count", "2", "--steps", "2", "-o", "drawn")
ok(p["counts"] == {"pairs": 2, "there": 0, "steps": 2}, "pairs and steps", p)
p, r = check("train", "model", "train", "--stage", "autoencoder", "--data", "shards", "--output", "model", "--steps", "1", "--device", "cpu:2",
             "--from", "tiny", "--weights", "f32")
ok(p["counts"]["steps"] == 1 and p["counts"]["pairs"] and p["counts"]["weights"] > 1000, "weights, pairs, steps", p)
check("train the denoiser", "both", "train", "--stage", "diffusion", "--data", "shards", "--output", "both", "--steps", "1", "--device", "cpu:2", "--from",
      "tiny", "--batch", "2")
check("train on what is drawn", "better", "train", "--stage", "gathers", "--data", "drawn", "--output", "better", "--steps", "1", "--device", "cpu:2",
      "--from", "tiny", "--batch", "1")
p = result("limited", "train", "--stage", "autoencoder", "--data", "shards", "--output", "model2", "--time-limit", "77", "--dry-run", "--device", "cpu:2")
ok(p["seconds"] == 77, "a limit of time is the time", p)
check("evaluate", "evaluation", "evaluate", *M, "--count", "10", "--trajectories", "2", "--steps", "2", "--floor-maps", "1", "--training-maps", "10",
      "--refined", "0", "-o", "evaluation")

if "movie" in cli("--help").stdout:
    np.save("v.npy", velocity(2))
    movie = ["movie", "v.npy", "--speed", "4000", "--dpi", "40"]
    p, r = check("movie", "frames", *movie, "-o", "frames")
    ok(p["counts"] == {"frames": 4} and r["frames"] == 4, "as many frames", p)
    if shutil.which("ffmpeg"):
        check("video", "wave.webm", *movie, "-o", "wave.webm")
    expect(1, "a movie to nowhere", *movie, "-o", "x.avi", "--dry-run", error="x.avi")
    expect(2, "a movie into no folder", *movie, "-o", "no/where", "--dry-run", error="no folder")

# ---- what is wrong
open("file", "w").close()
np.save("nan.npy", np.full((1, 4, 18, 18), np.nan, np.float32))
for words, also in ((["sample", "--model", "nowhere", "--seeds", "0", "-o", "x"], "nowhere"), (["sample", *M, "--seeds", "3-1", "-o", "x"], "3-1"),
                    (["sample", *M, "--seeds", "0", "--steps", "1001", "-o", "x"], "1001"), (["sample", *M, "--seeds", "0", "-o", "file/x"], "file"),
                    (["sample", *M, "--seeds", "0", "--latents", "nan.npy", "-o", "x"], "not finite"),
                    (["generate", "--family", "all", "--count", "2", "--seed", "1", "--output", "data"], "throw maps away"),
                    (["generate", "--family", "all", "--count", "9", "--seed", "2", "--output", "data"], "was begun with seed"),
                    (["generate", "--family", "all", "--count", "9", "--seed", "2", "--output", "file"], "not a folder"),
                    (["redraw", "--model", "nowhere", "--count", "1", "-o", "x"], "nowhere"),
                    (["redraw", *M, "--count", "1", "--pairs", "nowhere", "-o", "x"], "nowhere"),
                    (["evaluate", *M, "--count", "10", "-o", "file"], "not a folder"),
                    (["train", "--stage", "autoencoder", "--data", "nowhere", "--output", "x", "--steps", "1"], "nowhere"),
                    (["train", "--stage", "autoencoder", "--data", "shards", "--output", "model", "--steps", "1"], "holds a run"),
                    (["train", "--stage", "gathers", "--data", "shards", "--output", "x", "--steps", "1"], "--from")):
    before = state()
    dry = cli(*words, "--dry-run")
    ok(dry.returncode in (1, 2) and also in dry.stderr and state() == before and not os.path.exists("x"), "refused: " + " ".join(words), described(dry))
    real = cli(*words)
    ok(real.returncode == dry.returncode and real.stderr.splitlines()[-1] == dry.stderr.splitlines()[-1], "as the real run refuses it",
       described(real) + described(dry))
    shutil.rmtree("x", ignore_errors=True)
done()
