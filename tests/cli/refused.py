#!/usr/bin/env python3
"""sample: what a network or the solver refuses is the fault of that sample alone. Maps that the solver refuses (a model
whose maps may be too fast for the time step) and a run that leaves the finite numbers, through `sample` into a
population and `rank`; the other samples are what they are without them."""
import csv
import json
import os
import subprocess

import numpy as np

from harness import *

MAKE_MODEL = os.environ["WD_MAKE_MODEL"]
os.mkdir("models")
subprocess.run([MAKE_MODEL, "models/swift", "1", "small", "swift"], check=True)
subprocess.run([MAKE_MODEL, "models/coarse", "1", "small", "coarse"], check=True)
M = ["--model", "models/swift", "--device", "cpu:1"]
keeps = "unknown command" not in cli("rank", "--help").stderr
LIMIT = 5980  # m/s, about: v dt / dx of 0.598 with absorbing cells


def read(folder, name):
    return np.load(f"{folder}/{name}.npy")


def rows(folder):
    with open(f"{folder}/residuals.csv", encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


# ---- without scores nothing is refused: all pairs are drawn
result("all, unscored", "sample", *M, "--seeds", "4-9", "--steps", "4", "-o", "all")
v = read("all", "velocity").max(axis=(1, 2, 3))
fast = [s for s, x in zip(range(4, 10), v) if x > LIMIT]
ok(fast == [7], "one of the maps is beyond what the solver takes", v)

# ---- a refusal and a NaN among others
start = read("all", "latents_steps")[:, 0].copy()
start[2] = 3e38  # seed 6: finite, and more than the denoiser can take
np.save("start.npy", start)
SCORE = ["--steps", "4", "--score", "every=2", "--mode", "exact"]
a = result("scored", "sample", *M, "--seeds", "4-9", *SCORE, "--latents", "start.npy", "-o", "some")
why = {f["seed"]: f for f in a["faults"]["samples"]}
ok(a["samples"] == 6 and sorted(why) == [6, 7] and a["faults"]["refused"] == 1 and a["faults"]["not_finite"] == 1, "two of six are not whole", a)
ok(why[7]["by"] == "solver" and "unstable: v dt / dx" in why[7]["why"] and why[6]["by"] == "network" and "not finite" in why[6]["why"],
   "the solver's reason, and the network's", why)
ok(a["final"]["reflection_residual"]["pairs"] == 4 and a["final"]["reflection_residual"]["median"] > 0, "medians are of the four others", a["final"])
ok(json.load(open("some/recipe.json", encoding="utf-8"))["faults"] == a["faults"], "the recipe tells the same")
ok(a["peak_memory_mib"] > 0 and a["scored_pairs"] == sum(q["relative_l2"] != "nan" and (q["step"], q["kind"]) != ("4", "x0") for q in rows("some")),
   "as many pairs are counted as scored as have a score", a["scored_pairs"])
good = [0, 1, 4, 5]
alone = result("the others alone", "sample", *M, "--seeds", "4,5,8,9", *SCORE, "-o", "others")
ok("faults" not in alone and "faults" not in json.load(open("others/recipe.json", encoding="utf-8")), "which have no fault", alone)
ok(all(read("some", n)[good].tobytes() == read("others", n).tobytes() for n in ("velocity", "seismic", "latents", "latents_steps")),
   "are the same to the last bit as in company")
ok([q for q in rows("some") if q["seed"] not in "67"] == rows("others"), "and score the same")
r = {s: [q for q in rows("some") if q["seed"] == s] for s in "67"}
ok(len(r["6"]) == len(r["7"]) == 6 and all(q["relative_l2"] == "nan" for q in r["6"])
   and r["7"][-1]["relative_l2"] == "nan" and [q["timestep"] for q in r["6"]] == [q["timestep"] for q in rows("others")[:6]],
   "rows of those two are there, undefined where nothing could be scored", r)
x, z = read("some", "velocity"), read("some", "latents_steps")
ok(np.isnan(x[2]).all() and np.isnan(z[2, 1:]).all() and np.array_equal(z[2, 0], start[2]), "the lost one is its start, and NaN from there on")
ok(x[3].tobytes() == read("all", "velocity")[3].tobytes() and np.isfinite(z[3]).all(), "the refused one is a whole pair: only its score is missing")
t = cli("sample", *M, "--seeds", "4-9", *SCORE, "--latents", "start.npy", "-o", "again")
ok(t.returncode == 0 and "2 of 6 samples are not whole: 1 refused by the solver, 1 not finite" in t.stdout and "seed 7: " in t.stdout
   and "seed 6: " in t.stdout, "the summary says how many and why", described(t))
ok(open("some/residuals.csv", "rb").read() == open("again/residuals.csv", "rb").read(), "the same again")

# ---- with a branch that the lost one never reaches, its levels are told all the same
np.save("first.npy", start[[2, 0]])
b = result("branched", "sample", *M, "--seeds", "6,4", "--steps", "4", "--score", "every=3", "--latents", "first.npy", "--branch", "at=2,steps=4",
           "-o", "branched")
q = rows("branched")
ok(len(q) == 12 and q[-1]["relative_l2"] not in ("", "nan")
   and [(p["step"], p["timestep"], p["log_snr"]) for p in q[:6]] == [(p["step"], p["timestep"], p["log_snr"]) for p in q[6:]]
   and all(p["relative_l2"] == "nan" for p in q[:6]) and q[5]["timestep"] == "-1", "the first seed lost before the branch, the second whole", q)

# ---- nothing at all could be scored: only then it is an error, and the folder says why of each
e = expect(3, "no map is taken", "sample", "--model", "models/coarse", "--device", "cpu:1", "--seeds", "0-2", "--steps", "2", "--score", "every=2",
           "-o", "none", error="none of 3 samples could be scored")
ok("unstable" in e.stderr and e.stdout == "", "with the reason, and no table", described(e))
f = json.load(open("none/recipe.json", encoding="utf-8"))["faults"]
ok(f["refused"] == 3 and [s["seed"] for s in f["samples"]] == [0, 1, 2] and read("none", "velocity").shape[0] == 3, "the folder is whole", f)
np.save("lost.npy", start[2:3])
expect(3, "nothing could be drawn", "sample", *M, "--seeds", "6", "--steps", "4", "--latents", "lost.npy", "-o", "lost",
       error="nothing could be drawn: seed 6")
d = result("drawn with one lost", "sample", *M, "--seeds", "4-9", "--steps", "4", "--latents", "start.npy", "-o", "drawn")
ok(d["faults"]["not_finite"] == 1 and d["faults"]["refused"] == 0 and "final" not in d, "without scores the solver refuses nothing", d)

# ---- the population
if not keeps:
    skip("a build without GLib keeps no populations")
    done()
p = result("rank", "rank", "some")
flags = {q["seed"]: {f["flag"]: f["numbers"] for f in q["flags"]} for q in p["ranked"]}
ok(p["samples"] == 6 and len(p["ranked"]) == 6 and [q["seed"] for q in p["ranked"]][-2:] == [6, 7], "all six are ranked, those without a figure last", p)
ok("unstable" in flags[7] and "over the limit" in flags[7]["unstable"] and "nan" not in flags[7], "the refused one is flagged unstable, with its numbers", flags[7])
ok("nan" in flags[6] and "not finite" in flags[6]["nan"] and "unstable" not in flags[6], "the lost one is flagged, with the network's words", flags[6])
ok(not any(k in flags[s] for s in (4, 5, 8, 9) for k in ("nan", "unstable")), "and none of the others", flags)
ok(p["flags"]["nan"] == 1 and p["flags"]["unstable"] == 1 and p["spread"]["median"] is not None, "they are counted", p["flags"])
w = {q["seed"]: q["figures"] for q in p["ranked"]}
ok(abs(w[7]["v_max"] - v[3]) < 0.01 and w[7]["cfl"] > w[7]["cfl_limit"] and w[7]["relative_l2"] is None and w[6]["v_max"] is None,
   "of the refused map what can be told without the solver", w)
result("csv", "rank", "some", "--worst", "0", "--csv", "rank.csv")
with open("rank.csv", encoding="utf-8", newline="") as f:
    table = {int(q["seed"]): q for q in csv.DictReader(f)}
ok("unstable" in table[7]["fault"] and "not finite" in table[6]["fault"] and table[4]["fault"] == "", "the reasons are in the CSV", table)
k = result("by flag", "rank", "some", "--filter", "flag = unstable or flag = nan", "--worst", "0", "--save", "faulty.wdpop")
g = result("saved", "rank", "faulty.wdpop")
ok(sorted(q["seed"] for q in g["ranked"]) == [6, 7] and {q["seed"]: {f["flag"]: f["numbers"] for f in q["flags"]} for q in g["ranked"]}[6] == flags[6],
   "they go through a file of their own", g)
n = result("of nothing", "rank", "none")
ok(n["flags"]["unstable"] == 3 and n["spread"]["median"] is None, "where nothing was scored each sample still says why", n)
if "--sheet" in cli("rank", "--help").stdout and cli("render", "--help").returncode == 0:
    result("a sheet", "rank", "some", "--worst", "0", "--sheet", "sheet.png")
    expect(1, "a sheet of nothing", "rank", "some", "--filter", "flag = nan", "--sheet", "no.png", error="no map of any")
    ok(open("sheet.png", "rb").read(8) == b"\x89PNG\r\n\x1a\n", "a sheet has a place for them too")
done()
