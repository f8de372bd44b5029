#!/usr/bin/env python3
"""refine: residuals that fall, over a denominator that stands still; every latent kept; what it writes is what decode and
residual say of the refined latents."""
import csv
import json
import os
import signal
import subprocess

from harness import *

subprocess.run([os.environ["WD_MAKE_MODEL"], "small", "1", "small"], check=True)
M = ["--model", "small", "--device", "cpu:1"]
rng = np.random.default_rng(3)
z = rng.standard_normal((2, 4, 4, 4), np.float32)
np.save("z.npy", z)


def rows(folder):
    with open(f"{folder}/residuals.csv", encoding="utf-8", newline="") as f:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(f)]


for measure in ("reflection_residual", "relative_l2", "log_norm_mse"):
    r = result(f"refine {measure}", "refine", *M, "--latents", "z.npy", "--steps", "5", "--measure", measure, "-o", measure)
    table = rows(measure)
    ok([(int(x["latent"]), int(x["step"])) for x in table] == [(i, k) for i in range(2) for k in range(6)],
       "a row for each latent and step")
    for i in range(2):
        of = [x for x in table if x["latent"] == i]
        ok(of[5]["objective"] < of[0]["objective"] and of[0]["objective"] == of[0][measure],
           f"latent {i}: {of[0]['objective']:.5g} to {of[5]['objective']:.5g}")
        scaled = [x[measure] * (1 + x["denominator_change"]) for x in of]
        ok(len({x["denominator"] for x in of}) == 1 and np.allclose(scaled, [x["objective"] for x in of], rtol=1e-6),
           "the objective is the figure over the denominator of step 0", of)
    ok(abs(r["latents"][1]["after"] - of[5]["objective"]) < 1e-6 * of[5]["objective"] and r["measure"] == measure,
       "the result says the same", r["latents"])
steps = np.load("reflection_residual/latents_steps.npy")
ok(steps.shape == (2, 6, 4, 4, 4) and np.array_equal(steps[:, 0], z)
   and np.array_equal(steps[:, 5], np.load("reflection_residual/latents.npy")) and not np.array_equal(steps[:, 4], steps[:, 5]),
   "every latent is kept, from the given one on", steps.shape)
ok(abs(np.abs(steps[:, 1] - z).max() - 0.02) < 1e-5, "the first step of Adam is the rate")
recipe = json.load(open("reflection_residual/recipe.json", encoding="utf-8"))
ok(recipe["command"] == "refine" and recipe["rate"] == 0.02 and recipe["mode"] == "exact" and recipe["model"]["identity"]
   and "Adam" in recipe["rule"], "the recipe", recipe)

# With codes it decodes as decode does; residual then finds the last row's figures.
result("refine --quantise", "refine", *M, "--latents", "z.npy", "--steps", "3", "--quantise", "--rate", "0.1", "-o", "codes")
result("decode the refined latents", "decode", *M, "--latents", "codes/latents.npy", "-o", "decoded")
ok(all(np.allclose(np.load(f"codes/{f}.npy"), np.load(f"decoded/{f}.npy"), rtol=1e-5, atol=1e-4) for f in ("velocity", "seismic")),
   "velocity.npy and seismic.npy are what decode makes of latents.npy")
result("residual of them", "residual", "--velocity", "codes/velocity.npy", "--seismic", "codes/seismic.npy", "-o", "again.csv",
       "--device", "cpu:1")
with open("again.csv", encoding="utf-8", newline="") as f:
    again = list(csv.DictReader(f))
last = [x for x in rows("codes") if x["step"] == 3]
ok(len(again) == 2 and all(abs(float(a[k]) / b[k] - 1) < 1e-5 for a, b in zip(again, last)
                           for k in ("reflection_residual", "relative_l2", "log_norm_mse", "reflection_share")),
   "and the last row is what residual finds", (again, last))

# A recording: its last step counts. Live mode, one latent.
result("sample", "sample", *M, "--seeds", "4", "--steps", "2", "-o", "run")
result("refine a recording in live mode", "refine", *M, "--latents", "run/latents_steps.npy", "--steps", "1", "--mode", "live",
       "-o", "live")
ok(np.array_equal(np.load("live/latents_steps.npy")[0, 0], np.load("run/latents.npy")[0]), "from its last step on")

z[1, 2, 3, 3] = np.nan
np.save("nan.npy", z)
np.save("shape.npy", z[:, :3])
before = listing()
expect(2, "NaN", "refine", *M, "--latents", "nan.npy", "--steps", "1", "-o", "bad", error="finite")
expect(2, "latents of another model", "refine", *M, "--latents", "shape.npy", "--steps", "1", "-o", "bad", error="shape.npy")
expect(1, "no steps", "refine", *M, "--latents", "z.npy", "--steps", "0", "-o", "bad", error="--steps")
p = subprocess.Popen([CLI, "refine", *M, "--latents", "z.npy", "--steps", "100000", "-o", "bad", "--progress", "json"],
                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
for line in p.stderr:
    if '"event":"progress"' in line:
        break
p.send_signal(signal.SIGINT)
out, err = p.communicate(timeout=120)
ok(p.returncode == 130 and listing() == before, "Ctrl-C: exit 130, no file", (p.returncode, err, listing()))
done()
