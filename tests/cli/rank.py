#!/usr/bin/env python3
"""rank: order, filter, files and flags of what sample --score kept; the same figures as residuals.csv."""
import csv
import json
import os
import shlex
import shutil
import subprocess

import numpy as np

from harness import *

MAKE_MODEL = os.environ["WD_MAKE_MODEL"]
os.mkdir("models")
subprocess.run([MAKE_MODEL, "models/tiny", "1"], check=True)
M = ["--model", "models/tiny", "--device", "cpu:1"]

r = cli("rank", "--help")
if r.returncode != 0 and "unknown command" in r.stderr:
    skip("a build without GLib keeps no populations")
    done()

result("sample", "sample", *M, "--seeds", "0-3", "--family", "all", "--steps", "4", "--score", "every=2", "--mode", "live", "-o", "runs")
with open("runs/residuals.csv", encoding="utf-8", newline="") as f:
    last = {int(q["seed"]): q for q in csv.DictReader(f) if q["step"] == "4" and q["kind"] == "x0"}
a = result("rank", "rank", "runs")
ok(a["samples"] == 4 and a["mode"] == "live" and a["by"] == "reflection_residual" and len(a["ranked"]) == 4, "all four, by the leading figure", a)
order = [q["figures"]["reflection_residual"] for q in a["ranked"]]
ok(order == sorted(order, reverse=True), "worst first", order)
close = lambda x, y: abs(x - float(y)) <= 1e-6 * abs(float(y))
ok(all(close(q["figures"][k], last[q["seed"]][k]) for q in a["ranked"] for k in ("reflection_residual", "relative_l2", "log_norm_mse", "reflection_share")),
   "the figures of residuals.csv, to float32", a)
figures = a["ranked"][0]["figures"]
ok(all(figures[k] is not None for k in figures if k not in ("first_bad_step",)) and figures["v_max"] <= 4500 and 0 < figures["cfl"] < figures["cfl_limit"],
   "every figure is made, but for the band that four samples do not have", figures)
ok(all(set(f) == {"flag", "rule", "numbers"} and len(f["numbers"]) > 10 for q in a["ranked"] for f in q["flags"])
   and sum(a["flags"][k] for k in a["flags"]) >= 4, "a flag comes with its rule and numbers", a["flags"])
# The command is run, from another folder: the model is one's own, and no name finds it.
command = a["ranked"][0]["command"]
words = shlex.split(command)
os.mkdir("elsewhere")
again = subprocess.run([CLI] + words[1:], cwd="elsewhere", capture_output=True, text=True)
ok(words[0] == "wavediffusion-cli" and again.returncode == 0, "the command that is told makes the sample again", command + again.stderr)
seed = a["ranked"][0]["seed"]
anew = result("of that", "rank", f"elsewhere/seed-{seed}")
ok(len(anew["ranked"]) == 1 and anew["ranked"][0]["seed"] == seed and anew["ranked"][0]["family"] == a["ranked"][0]["family"]
   and all(anew["ranked"][0]["figures"][k] == v for k, v in figures.items()), "with the same figures to the last digit", anew)
whole, one = np.load("runs/latents.npy"), np.load(f"elsewhere/seed-{seed}/latents.npy")
ok(one.shape[0] == 1 and one[0].tobytes() == whole[seed].tobytes(), "and the same latent, to the last bit", [whole.shape, one.shape])

b = result("by another figure", "rank", "runs/samples.wdpop", "--by", "relL2", "--worst", "2", "--csv", "rank.csv")
l2 = [q["figures"]["relative_l2"] for q in b["ranked"]]
ok(len(l2) == 2 and l2[0] == max(q["figures"]["relative_l2"] for q in a["ranked"]), "two of them, by their short name, from the file itself", l2)
with open("rank.csv", encoding="utf-8", newline="") as f:
    table = list(csv.DictReader(f))
ok([int(q["seed"]) for q in table] == [q["seed"] for q in b["ranked"]] and set(b["ranked"][0]["figures"]) < set(table[0]) and table[0]["mode"] == "live",
   "the CSV has them in the same order, with every figure", table[:1])
k = result("saved", "rank", "runs", "--worst", "2", "--save", "two.wdpop")
two = result("two of them", "rank", "two.wdpop")
ok([q["seed"] for q in two["ranked"]] == [q["seed"] for q in k["ranked"]] and two["ranked"][0]["figures"] == a["ranked"][0]["figures"],
   "some of the samples as a population of their own", two)
only = result("scores only", "sample", *M, "--seeds", "0-3", "--family", "all", "--steps", "4", "--score", "every=2", "--mode", "live", "--scores-only",
              "-o", "only")
ok(sorted(os.listdir("only")) == ["recipe.json", "residuals.csv", "samples.wdpop"]
   and open("only/samples.wdpop", "rb").read() == open("runs/samples.wdpop", "rb").read(), "without the pairs, the same population", os.listdir("only"))
b2 = result("with the best", "rank", "runs", "--worst", "1", "--best", "1", "--save", "best.wdpop", "--drawn", "77")
ok(len(b2["ranked"]) == 4 and b2["ranked"][0]["seed"] == a["ranked"][0]["seed"], "the worst, then the best of each family", b2)
expect(1, "bands want more samples", "rank", "runs", "--bands", "runs", error="they want at least 10")
c = result("filtered", "rank", "runs", "--filter", "seed >= 1 and not family = curvevel-a", "--worst", "0")
ok(sorted(q["seed"] for q in c["ranked"]) == [1, 3] and c["taken"] == 2, "a filter takes what it says", c)
if r.stdout.count("--sheet") and cli("render", "--help").returncode == 0:
    result("a sheet", "rank", "runs", "--worst", "3", "--sheet", "worst.png")
    ok(open("worst.png", "rb").read(8) == b"\x89PNG\r\n\x1a\n" and b"wavediffusion:run" in open("worst.png", "rb").read(), "a PNG with the recipe inside")
else:
    skip("a build without cairo draws no sheet")
t = cli("rank", "runs", "--rules")
ok(t.returncode == 0 and "r_R" in t.stdout and "timing: r_R at least 0.2" in t.stdout and "flags:" in t.stdout, "text for people, with the rules", described(t))

# ---- what is wrong is said
expect(1, "no such figure", "rank", "runs", "--by", "beauty", error="no such figure")
expect(1, "a filter's error has its place", "rank", "runs", "--filter", "r_R > 1 and flog = x", error="at character 13")
expect(2, "a folder without samples", "rank", "models", error="samples.wdpop")
expect(2, "another file", "rank", "runs/velocity.npy", error="velocity.npy")
expect(1, "nothing to rank", "rank", error="POPULATION")
data = open("runs/samples.wdpop", "rb").read()
open("cut.wdpop", "wb").write(data[:-100])
expect(2, "a file that was cut", "rank", "cut.wdpop", error="cut.wdpop")

# ---- a run without scores does not leave old ones beside it
result("unscored", "sample", *M, "--seeds", "0", "--steps", "2", "-o", "runs")
ok(not os.path.exists("runs/samples.wdpop"), "samples that are not scored leave no population of others")

# ---- true pairs raise no flag
p = result("true pairs", "rank", "--test-pairs", "4", *M, "--mode", "fast")
ok(p["test_pairs"] == 4 and set(p["flags"]) == set(a["flags"]) - {"none"}, "flags of true pairs are counted", p)
ok(all(p["flags"][k] == 0 for k in ("nan", "unstable", "range", "polarity", "direct", "timing", "reflector")), "and their gathers and maps raise none", p)
# with noise that has nothing to do with them they are no longer out of the rules' reach, and raise none still
n = result("with noise", "rank", "--test-pairs", "4", *M, "--mode", "fast", "--noise", "0.3")
ok(n["noise"] == 0.3 and all(abs(x - 0.3) < 0.01 for x in n["reflection_residual"]), "noise of 0.3 of the reflections is an r_R of 0.3", n)
ok(all(n["flags"][k] == 0 for k in ("nan", "unstable", "range", "polarity", "direct", "timing")), "and no flag about something else", n)
d = result("decoded", "rank", "--test-pairs", "4", *M, "--mode", "fast", "--through", "stage1")
ok(d["through"] == "stage1" and d["reflection_residual"][0] > 0.3 and "flagged" in d, "through both decoders the pairs have the model's own errors", d)
expect(1, "noise wants pairs", "rank", "runs", "--noise", "0.3", error="--test-pairs")
done()
