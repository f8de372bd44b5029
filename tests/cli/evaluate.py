#!/usr/bin/env python3
"""evaluate: the promised keys, figures that agree with each other and with what sample and residual say of the same
seeds; without stage 2; nothing half-written."""
import csv
import json
import os
import signal
import subprocess

from harness import *

MAKE_MODEL = os.environ["WD_MAKE_MODEL"]
subprocess.run([MAKE_MODEL, "small", "1", "small"], check=True)
subprocess.run([MAKE_MODEL, "half", "1", "one", "small"], check=True)
FEW = ["--device", "cpu:1", "--count", "20", "--steps", "3", "--trajectories", "4", "--floor-maps", "1", "--training-maps",
       "100", "--refined", "1"]

r = result("evaluate", "evaluate", "--model", "small", "--output", "out", "--figure", *FEW)
on_disk = json.load(open("out/evaluation.json", encoding="utf-8"))
ok(on_disk == r or {k: v for k, v in on_disk.items()}.keys() == r.keys(), "evaluation.json says what --json says")
PICTURES = ["convergence.png", "gathers.png", "generated.png", "neighbours.png", "pairs.png", "reflections.png", "sheet.png", "validity.png"]
drawn = sorted(f for f in os.listdir("out") if f.endswith(".png"))
ok(drawn in (PICTURES, []), "the figures", drawn)
if drawn:
    i = result("info of a figure", "info", "out/validity.png")
    ok("evaluate" in json.dumps(i), "a figure carries its recipe", i)


def spread(v, *path):
    for key in path:
        v = v[key]
    return set(v) >= {"median", "p05", "p95"} and v["p05"] <= v["median"] <= v["p95"]


def promised(part, where):
    """The keys that others read, with numbers in them."""
    missing = []
    try:
        numbers = [part["codec"]["relative_l2"], part["epsilon"], part["codebook"]["used_fraction"]]
        for given in ("both", "seismic_only", "velocity_only"):
            s = part["stage1"][given]
            numbers += [s[k] for k in ("velocity_mae", "velocity_ssim", "seismic_relative_l2", "seismic_log_norm_mse")]
            missing += [] if spread(s, "reflection_residual") and spread(s, "reconstruction_reflection") else [given]
        missing += [k for k in ("reflection_residual", "residual_relative_l2", "residual_log_norm_mse")
                    if not spread(part["generated"], k)]
        numbers += [part["within_epsilon"][p] for p in ("real", "generated", "gaussian", "random_codes")]
        numbers += [part["within"][e][p] for e in ("0.1", "0.3", "0.5") for p in ("real", "generated", "gaussian", "random_codes")]
        missing += [n for n in numbers if not isinstance(n, (int, float))]
    except (KeyError, TypeError) as e:
        missing.append(repr(e))
    ok(not missing, f"{where}: the promised keys", missing)


promised(r, "all families")
FIGURES = ("residual_mae", "residual_correlation", "residual_coherence", "residual_envelope_misfit")
SLOW = ("mean_abs_lag", "interior_residual")
for where, part, keys in (("real pairs", r["stage1"]["both"], FIGURES + SLOW), ("generated", r["generated"], FIGURES + SLOW),
                          ("noise", r["populations"]["gaussian"], FIGURES + SLOW), ("random codes", r["populations"]["random_codes"], FIGURES),
                          ("the floor", r["discretization_floor"], FIGURES + SLOW), ("a step", r["convergence"]["x0"][0], FIGURES)):
    ok(all(spread(part, key) for key in keys), f"{where}: median, 5 and 95 % of every figure", {k: part.get(k) for k in keys})
ok(all(0 <= r["stage1"]["both"]["residual_coherence"][p] <= 1 for p in ("p05", "median", "p95")), "coherence from 0 to 1")
FAMILIES = ["curvefault-a", "curvefault-b", "curvevel-a", "curvevel-b", "flatfault-a", "flatfault-b", "flatvel-a", "flatvel-b",
            "style-a", "style-b"]
ok(sorted(r["families"]) == FAMILIES, "ten families", list(r["families"]))
for name in FAMILIES:
    promised(r["families"][name], name)
ok((r["device"], r["mode"], r["precision"], r["count"], r["model"]["name"]) == ("cpu:1", "exact", "float32", 20, "small")
   and r["model"]["identity"], "device, mode, precision and model", r["model"])
for key in ("velocity_mae", "velocity_ssim", "seismic_relative_l2", "seismic_log_norm_mse"):
    mean = np.mean([f["stage1"]["seismic_only"][key] for f in r["families"].values()])
    ok(abs(mean - r["stage1"]["seismic_only"][key]) < 1e-6 * abs(mean), f"{key} is the mean of the families' (two maps each)")
ok(r["stage1"]["both"]["reflection_residual"]["p95"] == r["epsilon"] == on_disk["stage1"]["both"]["reflection_residual"]["p95"]
   or abs(on_disk["epsilon"] / r["epsilon"] - 1) < 1e-6, "epsilon is the 95th percentile")
curve = r["validity"]
for name in ("real", "generated", "gaussian", "random_codes"):
    ok(len(curve[name]) == len(curve["epsilon"]) and all(a <= b for a, b in zip(curve[name], curve[name][1:])),
       f"the validity curve of {name} rises")
ok(r["discretization_floor"]["reflection_residual"]["median"] > 0 and r["mirror"]["pairs"] == 10
   and r["generation"]["frechet"]["velocity"]["generated"] > 0 and 0 < r["generation"]["diversity"]["ratio"]
   and r["generation"]["nearest_training_map"]["training_maps"] == 100 and r["cost"]["denoising_step_ms"] > 0
   and r["cost"]["peak_memory_bytes"] > 1e6, "floor, mirror, distances, cost")

ok(r["refinement"]["latents"] == 1 and len(r["refinement"]["steps"]) == 21 and r["refinement"]["before"] > 0
   and r["refinement"]["after"] == r["refinement"]["steps"][20]["reflection_residual"]["median"], "refinement, step by step")

# What sample and its scores say of the same seeds.
result("the same seeds by sample", "sample", "--model", "small", "--device", "cpu:1", "--seeds", "0-19", "--family", "all",
       "--steps", "3", "--score", "every=1", "-o", "run")
with open("run/residuals.csv", encoding="utf-8", newline="") as f:
    rows = list(csv.DictReader(f))
for key, column in (("reflection_residual", "reflection_residual"), ("residual_relative_l2", "relative_l2"),
                    ("residual_log_norm_mse", "log_norm_mse")):
    last = [float(x[column]) for x in rows if x["kind"] == "x0" and int(x["step"]) == 3]
    median = np.median(last)
    ok(len(last) == 20 and abs(r["generated"][key]["median"] / median - 1) < 1e-6, f"{key} as sample --score has it: {median:.6g}",
       r["generated"][key])
for kind in ("x0", "xt"):
    for k, row in enumerate(r["convergence"][kind]):
        of = [float(x["reflection_residual"]) for x in rows if x["kind"] == kind and int(x["step"]) == k and int(x["seed"]) < 4]
        ok(len(of) == 4 and abs(row["reflection_residual"]["median"] / np.median(of) - 1) < 1e-6,
           f"{kind} at step {k} as sample --score has it", (row["reflection_residual"], of))
ok([row["timestep"] for row in r["convergence"]["x0"]] == [int(x["timestep"]) for x in rows if x["kind"] == "x0" and x["seed"] == "0"],
   "and the same timesteps")

h = result("a model without stage 2", "evaluate", "--model", "half", "--output", "half_out", *FEW)
ok(h["generated"] == {"reflection_residual": None, "residual_relative_l2": None, "residual_log_norm_mse": None}
   and h["within_epsilon"]["generated"] is None and h["convergence"] is None and h["cost"]["denoising_step_ms"] is None
   and h["epsilon"] == r["epsilon"] and h["stage1"] == r["stage1"],
   "what is generated is null, the rest as with it", h["generated"])

r = cli("evaluate", "--model", "half", "--output", "table", "--count", "10", *FEW[:2], "--floor-maps", "1", "--training-maps", "10")
ok(r.returncode == 0 and all(word in r.stdout for word in ("velocity MAE", "reflection residual", "epsilon", "style-b", "cost")),
   "the table for people", described(r))
expect(2, "a folder without a model", "evaluate", "--model", "nowhere", "--output", "x", error="nowhere")
expect(1, "too few pairs", "evaluate", "--model", "small", "--output", "x", "--count", "9", error="--count")
ok(not os.path.exists("x"), "and no folder is made for nothing")

# Ctrl-C
p = subprocess.Popen([CLI, "evaluate", "--model", "small", "--output", "stopped", "--device", "cpu:1", "--progress", "json"],
                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
for line in p.stderr:
    if '"event":"progress"' in line:
        break
p.send_signal(signal.SIGINT)
out, err = p.communicate(timeout=120)
ok(p.returncode == 130 and os.listdir("stopped") == [], "Ctrl-C: exit 130, no file", (p.returncode, err, os.listdir("stopped")))
done()
