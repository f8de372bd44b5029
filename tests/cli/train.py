#!/usr/bin/env python3
"""The trainer command: both stages on a few generated pairs, stopping, resuming, logs, and what it refuses."""
import csv
import os
import shutil
import signal
import subprocess
import time

from harness import *

TINY = ["--velocity-width", "16", "--seismic-width", "16", "--codes", "32", "--latent", "4"]
DEVICE = ["--device", "cpu:1"]

result("twenty pairs as a shard", "generate", "--family", "all", "--count", "20", "--seed", "5", "--output", "data", "--codec",
       "--device", "cpu")
result("and others", "generate", "--family", "flatvel-a", "--count", "20", "--seed", "6", "--output", "more", "--codec", "--device", "cpu")


def train(text, stage, model, *words, data="data"):
    return result(text, "train", "--stage", stage, "--data", data, "--output", model, *words, *DEVICE)


def rows(path):
    with open(path) as f:
        return list(csv.DictReader(f))


a = train("six steps of the autoencoder", "autoencoder", "m", "--steps", "6", "--batch", "2", *TINY)
ok(a.get("steps") == 6 and a.get("samples") == 12 and a.get("device") == "cpu:1", "steps, samples and device are told", a)
log = rows("m/training/autoencoder.csv")
ok([int(r["step"]) for r in log] == [1, 2, 3, 4, 5, 6] and all(float(r["loss"]) > 0 for r in log), "a row a step", log)
held = rows("m/training/validation.csv")
ok(len(held) == 1 and float(held[0]["both.velocity_mae"]) > 0 and int(held[0]["pairs"]) == 2, "figures on held-out pairs", held)
ok(os.path.exists("m/stage1.safetensors"), "weights are published")
if "drawing" in cli("--version").stdout or os.path.exists("m/training/reconstructions-0000006.png"):
    ok(os.path.getsize("m/training/reconstructions-0000006.png") > 20000, "a contact sheet is drawn")

# Stopped by a time limit and resumed: the weights of an uninterrupted run, bit for bit.
train("six steps again", "autoencoder", "again", "--steps", "6", "--batch", "2", *TINY)
ok(open("again/stage1.safetensors", "rb").read()[-20000:] == open("m/stage1.safetensors", "rb").read()[-20000:],
   "the same run gives the same weights")
p = subprocess.Popen([CLI, "train", "--stage", "autoencoder", "--data", "data", "--output", "long", "--steps", "1000000", "--batch",
                      "2", *TINY, *DEVICE, "--sheet-every", "0"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                     env=environment)
for _ in range(300):
    time.sleep(0.2)
    if os.path.exists("long/training/autoencoder.csv") and len(open("long/training/autoencoder.csv").readlines()) > 20:
        break
p.send_signal(signal.SIGINT)
out, err = p.communicate(timeout=60)
ok(p.returncode == 130 and "--resume goes on" in err, "SIGINT ends it with 130 and tells how to go on", err[-400:])
ok(os.path.exists("long/training/autoencoder.state") and not os.path.exists("long/stage1.safetensors"),
   "with its state, and nothing published")
before = rows("long/training/autoencoder.csv")
more = result("resumed", "train", "--stage", "autoencoder", "--data", "data", "--output", "long", "--steps", "1000000", "--batch", "2",
              *TINY, *DEVICE, "--sheet-every", "0", "--resume", "--time-limit", "1")
after = rows("long/training/autoencoder.csv")
ok([int(r["step"]) for r in after] == list(range(1, len(after) + 1)) and len(after) >= len(before), "the log has every step once")

# The second stage, from the same folder, and in a new one.
b = train("five steps of the diffusion", "diffusion", "m", "--steps", "5", "--batch", "4", "--denoiser-width", "16")
ok(b.get("stage") == "diffusion" and os.path.exists("m/stage2.safetensors"), "weights of both stages are there", b)
ok(len(rows("m/training/diffusion.csv")) == 5, "a log of its own")
train("more of it from there, into a new folder, in pieces", "diffusion", "m2", "--steps", "2", "--batch", "4", "--from", "m",
      "--pieces", "--weights", "f32")
ok(os.path.exists("m2/stage1.safetensors") and os.path.exists("m2/stage2.safetensors"), "a whole model")
os.mkdir("m4")
shutil.copy("again/stage1.safetensors", "m4")
borrowed = train("a denoiser of another model's autoencoder", "diffusion", "m4", "--steps", "1", "--batch", "4", "--rate", "1e-8",
                 "--weights", "f32", "--denoiser-from", "m2")
ok(abs(os.path.getsize("m4/stage2.safetensors") - sum(os.path.getsize(f"m2/{f}") for f in os.listdir("m2") if f.startswith("stage2")))
   < 2000, "of its size")
expect(1, "a borrowed denoiser for an autoencoder", "train", "--data", "data", *DEVICE, "--stage", "autoencoder", "--output", "q",
       "--steps", "1", "--denoiser-from", "m2", error="denoiser-from")
expect(1, "other data without asking", "train", "--data", "more", *DEVICE, "--stage", "autoencoder", "--output", "m", "--steps", "6",
       "--batch", "2", *TINY, "--resume", error="started otherwise")
train("other data, asked for", "autoencoder", "m", "--steps", "6", "--batch", "2", "--resume", "--other-data", data="more")
train("the autoencoder, continued", "autoencoder", "m3", "--steps", "2", "--batch", "2", "--from", "m")

# Pairs that the model draws, and its decoder of gathers trained on them; the model before stays as it is.
drawn = result("pairs of samples", "redraw", "--model", "m2", "--count", "18", "--seed", "3", "--steps", "3", "--output", "drawn", *DEVICE)
ok(drawn.get("made") == 18 and drawn.get("mode") == "fast" and drawn.get("simulating_seconds") > 0, "drawn and simulated", drawn)
first = open("drawn/shard-00000.safetensors", "rb").read()
again = result("again", "redraw", "--model", "m2", "--count", "18", "--seed", "3", "--steps", "3", "--output", "drawn", *DEVICE)
ok(again.get("made") == 0 and open("drawn/shard-00000.safetensors", "rb").read() == first, "what is there is kept", again)
ok(b"drawer" in first[:4000] and b'"codes"' in first[:4000], "with codes, and what drew them")
own = result("pairs of data, with their own gathers", "redraw", "--model", "m2", "--pairs", "data", "--own-gathers", "--given", "both",
             "--count", "6", "--output", "own", *DEVICE)
ok(own.get("mode") == "own gathers" and own.get("simulating_seconds") < 0.5, "nothing is simulated for those", own)
result("pairs of data, drawn", "redraw", "--model", "m2", "--pairs", "data", "--count", "4", "--mode", "exact", "--output", "drawn2",
       *DEVICE)
kept = {f: open(f"m2/{f}", "rb").read() for f in os.listdir("m2") if f.endswith("safetensors")}
g = train("the decoder of gathers", "gathers", "m5", "--steps", "4", "--batch", "2", "--from", "m2", "--weights", "f32", data="drawn")
ok(g.get("stage") == "gathers" and g.get("samples") == 8, "is told of", g)
ok(len(rows("m5/training/gathers.csv")) == 4 and "total" in rows("m5/training/gathers.csv")[0], "a log of its own")
held = rows("m5/training/gathers-validation.csv")
ok(len(held) == 1 and int(held[0]["pairs"]) == 2 and float(held[0]["reflection"]) > 0, "figures on drawn pairs held out", held)
ok(os.path.exists("m5/stage2.safetensors") and kept == {f: open(f"m2/{f}", "rb").read() for f in kept}, "a whole model beside the old one")
result("which samples", "sample", "--model", "m5", "--seeds", "1", "--steps", "2", "--output", "sampled", *DEVICE)
expect(1, "gathers from nothing", "train", "--data", "drawn", *DEVICE, "--stage", "gathers", "--output", "q2", "--steps", "1", error="--from")
expect(1, "gathers on ordinary pairs", "train", "--data", "data", *DEVICE, "--stage", "gathers", "--from", "m2", "--output", "q3", "--steps",
       "1", error="no codes")
expect(1, "pairs of another model", "train", "--data", "drawn", *DEVICE, "--stage", "gathers", "--from", "m3", "--output", "q4", "--steps", "1",
       error="another model")
expect(1, "own gathers of samples", "redraw", "--model", "m2", "--own-gathers", "--count", "1", "--output", "q5", *DEVICE, error="--pairs")

# Refusals: one line each, and nothing lost.
there = open("m/stage1.safetensors", "rb").read()
BASE = ["train", "--data", "data", *DEVICE]
expect(1, "no end", *BASE, "--stage", "autoencoder", "--output", "x", error="how long")
expect(1, "weights are there", *BASE, "--stage", "autoencoder", "--output", "m", "--steps", "1", error="holds a run")
expect(1, "nothing to resume", *BASE, "--stage", "autoencoder", "--output", "y", "--steps", "1", "--resume", error="nothing to resume")
expect(1, "another batch on resuming", *BASE, "--stage", "autoencoder", "--output", "m", "--steps", "6", "--batch", "3", *TINY,
       "--resume", error="started otherwise")
expect(1, "sizes with --from", *BASE, "--stage", "autoencoder", "--output", "z", "--steps", "1", "--from", "m", "--latent", "4",
       error="sizes")
expect(2, "diffusion without an autoencoder", *BASE, "--stage", "diffusion", "--output", "none", "--steps", "1", error="stage1")
expect(2, "no data", "train", "--stage", "autoencoder", "--data", "nowhere", "--output", "w", "--steps", "1", *DEVICE, error="nowhere")
os.mkdir("bad")
shutil.copy("data/shard-00000.safetensors", "bad/shard-00000.safetensors")
with open("bad/shard-00000.safetensors", "r+b") as f:
    f.seek(-100, 2)
    f.write(b"\xff" * 8)
r = cli("train", "--stage", "autoencoder", "--data", "bad", "--output", "v", "--steps", "20", "--batch", "4", *TINY, *DEVICE)
ok(r.returncode == 2 and "shard-00000" in r.stderr, "a damaged shard is named", described(r))
ok(open("m/stage1.safetensors", "rb").read() == there, "the model stands as it was")
done()
