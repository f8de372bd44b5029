#!/usr/bin/env python3
"""sample, encode, decode, interpolate, residual: what they write; the same bytes for a seed in any company and without a
solver; figures that agree from command to command."""
import csv
import json
import os
import shutil
import subprocess

from harness import *

MAKE_MODEL = os.environ["WD_MAKE_MODEL"]
NO_SOLVER = os.environ["WD_CLI_NO_SOLVER"]
os.mkdir("models")
subprocess.run([MAKE_MODEL, "models/tiny", "1"], check=True)
subprocess.run([MAKE_MODEL, "models/half", "1", "one"], check=True)
M = ["--model", "models/tiny", "--device", "cpu:1"]
COLUMNS = ("seed,family,step,timestep,log_snr,kind,reflection_residual,relative_l2,log_norm_mse,reflection_share,coherence,"
           "envelope_misfit,fault")
FILES = ["latents.npy", "latents_steps.npy", "recipe.json", "residuals.csv", "seismic.npy", "velocity.npy"]


def rows(path):
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    ok(text.startswith(COLUMNS + "\n"), f"{path}: the fixed columns", text[:200])
    return list(csv.DictReader(text.splitlines()))


def load(folder, *names):
    return [np.load(f"{folder}/{n}.npy") for n in names]


def same(a, b):
    return all(open(f"{a}/{f}", "rb").read() == open(f"{b}/{f}", "rb").read() for f in FILES)


def figures(row):
    return [float(row[k]) for k in COLUMNS.split(",")[6:12]]


# ---- what is written
a = result("sample", "sample", *M, "--seeds", "0-4", "--steps", "6", "-o", "run")
v, s, z, steps = load("run", "velocity", "seismic", "latents", "latents_steps")
ok(v.shape == (5, 1, 70, 70) and s.shape == (5, 5, 1000, 70) and z.shape == (5, 4, 18, 18) and steps.shape == (5, 7, 4, 18, 18)
   and all(x.dtype == np.float32 for x in (v, s, z, steps)), "the shapes of all arrays, float32", (v.shape, s.shape, z.shape, steps.shape))
ok(sorted(os.listdir("run")) == FILES, "these files and no others", os.listdir("run"))
ok(v.min() >= 1500 and v.max() <= 4500 and np.isfinite(s).all() and s.std() > 0, "velocities in range, gathers finite and not empty")
ok(np.array_equal(steps[:, -1], z) and not np.array_equal(steps[:, 0], z), "the last position of each recording is its latent")
ok(abs(steps[:, 0].std() - 1) < 0.05 and abs(steps[:, 0].mean()) < 0.05, "and the first is standard normal noise")
ok(len(rows("run/residuals.csv")) == 0, "without --score residuals.csv is its header alone")
recipe = json.load(open("run/recipe.json", encoding="utf-8"))
ok(recipe["seeds"] == "0-4" and recipe["steps"] == 6 and recipe["sampler"] == "dpmpp-2m" and len(recipe["timesteps"]) == 7
   and recipe["timesteps"][0] == 999 and recipe["timesteps"][-1] == -1 and recipe["model"]["identity"] == a["model"], "recipe.json", recipe)
ok(a["samples"] == 5 and a["step_ms"] > 0 and a["decode_ms"] > 0 and 0 < a["peak_memory_mib"] < 4096,
   f"costs are told (peak memory {a.get('peak_memory_mib', 0):.0f} MiB)", a)

# ---- the same bytes
result("the same again", "sample", *M, "--seeds", "0-4", "--steps", "6", "-o", "again")
ok(same("run", "again"), "the same command, the same bytes in every file")
result("seed 3 alone", "sample", *M, "--seeds", "3", "--steps", "6", "-o", "three")
ok(all(np.array_equal(x[3:4], y) for x, y in zip(load("run", "velocity", "seismic", "latents", "latents_steps"),
                                                  load("three", "velocity", "seismic", "latents", "latents_steps"))),
   "seed 3 alone is seed 3 of 0-4, to the last bit")
result("another order", "sample", *M, "--seeds", "4,0-1", "--steps", "6", "-o", "order")
ok(np.array_equal(np.load("order/seismic.npy"), s[[4, 0, 1]]), "seeds in another order likewise")
result("two threads", "sample", "--model", "models/tiny", "--device", "cpu:2", "--seeds", "3", "--steps", "6", "-o", "threads")
ok(np.array_equal(np.load("threads/seismic.npy"), s[3:4]), "and on two threads")
result("another seed", "sample", *M, "--seeds", "18446744073709551615", "--steps", "6", "-o", "large")
ok(not np.array_equal(np.load("large/latents.npy"), z[3:4]), "another seed, another pair")

# ---- the solver has no part in it: a build in which every call of it fails
r = subprocess.run([NO_SOLVER, "sample", *M, "--seeds", "0-4", "--steps", "6", "-o", "nosolver", "-q"], capture_output=True, text=True,
                   env=environment)
ok(r.returncode == 0 and same("run", "nosolver"), "with a solver that fails, the same bytes", described(r))
r = subprocess.run([NO_SOLVER, "sample", *M, "--seeds", "0", "--steps", "6", "--score", "every=6", "-o", "unscored", "-q"],
                   capture_output=True, text=True, env=environment)
ok(r.returncode == 4 and "no solver here" in r.stderr and not os.listdir("unscored"), "scores are what it is needed for", described(r))

# ---- samplers, families, branching
result("ddim", "sample", *M, "--seeds", "3", "--steps", "6", "--sampler", "ddim", "--eta", "0.5", "-o", "ddim")
ok(np.array_equal(np.load("ddim/latents_steps.npy")[0, 0], steps[3, 0]) and not np.array_equal(np.load("ddim/latents.npy"), z[3:4]),
   "another sampler starts from the same noise and goes another way")
result("a family", "sample", *M, "--seeds", "3", "--steps", "6", "--family", "curvevel-b", "--guidance", "1", "-o", "family")
result("all families", "sample", *M, "--seeds", "2-3", "--steps", "6", "--family", "all", "--guidance", "1", "-o", "families")
ok(np.array_equal(np.load("families/latents.npy")[1:], np.load("family/latents.npy")), "of all families seed 3 has number 3")
np.save("middle.npy", np.load("ddim/latents_steps.npy")[:, 2])
t = json.load(open("ddim/recipe.json", encoding="utf-8"))["timesteps"][2]
result("a branch", "sample", *M, "--seeds", "3", "--steps", "4", "--latents", "middle.npy", "--timestep", t, "-o", "branch")
ok(np.array_equal(np.load("branch/latents_steps.npy")[:, 0], np.load("middle.npy")), "given latents are where a branch begins")
np.save("clean.npy", z[3:4])
result("noised again", "sample", *M, "--seeds", "3", "--steps", "4", "--latents", "clean.npy", "--timestep", "300", "--renoise", "-o",
       "renoised")
x = np.load("renoised/latents_steps.npy")[0, 0]
f = lambda u: np.cos((u / 1000 + 0.008) / 1.008 * np.pi / 2) ** 2
alpha2 = f(301) / f(0)
ok(np.allclose(x, np.sqrt(alpha2) * z[3] + np.sqrt(1 - alpha2) * steps[3, 0], atol=1e-5), "data noised again by the seed's own noise")

result("noised by strength", "sample", *M, "--seeds", "3", "--steps", "4", "--latents", "clean.npy", "--strength", "0.301", "-o", "strong")
ok(np.array_equal(np.load("strong/latents_steps.npy"), np.load("renoised/latents_steps.npy")),
   "a strength of 0.301 is timestep 300 of 1000: the same bytes")
r = json.load(open("strong/recipe.json", encoding="utf-8"))
ok(r["start"]["timestep"] == 300 and r["start"]["renoise"] is True, "and recipe.json says so", r["start"])

# ---- scores
b = result("scores", "sample", *M, "--seeds", "0-1", "--steps", "6", "--score", "every=4", "--mode", "live", "-o", "scored")
table = rows("scored/residuals.csv")
ok([(r["seed"], r["step"], r["kind"]) for r in table] == [(str(k), str(i), q) for k in range(2) for i in (0, 4, 6) for q in ("xt", "x0")],
   "a row for x_t and one for x0-hat of every scored step of every seed", table)
ok([r["timestep"] for r in table[:6:2]] == [str(recipe["timesteps"][k]) for k in (0, 4, 6)] and float(table[4]["log_snr"]) == float("inf")
   and {r["family"] for r in table} == {"any"}, "with timestep, log-SNR and family", table)
ok(figures(table[4]) == figures(table[5]) and figures(table[0]) != figures(table[1]), "at the end x_t and x0-hat are one, before they are not")
ok(b["mode"] == "live" and b["scored_pairs"] == 10 and b["final"]["reflection_residual"]["median"] > 0, "the mode is told, and medians", b)
ok(set(os.listdir("scored")) - set(FILES) <= {"samples.wdpop"}, "and at most a population beside the files", os.listdir("scored"))
ok(all(np.array_equal(np.load(f"scored/{n}.npy"), np.load(f"run/{n}.npy")[:2]) for n in ("velocity", "seismic", "latents")),
   "scoring changes no pair")
c = result("residual of the folder", "residual", "scored", "--mode", "live", "--device", "cpu:1", "-o", "scored.csv", "--per-pair")
ok([figures(r) for r in rows("scored.csv")] == [figures(table[5]), figures(table[11])], "residual says the same of the finished pairs",
   [open("scored.csv").read(), open("scored/residuals.csv").read()])
ok([(r["seed"], r["family"], r["step"]) for r in rows("scored.csv")] == [("0", "any", "6"), ("1", "any", "6")],
   "with seeds, family and step from the recipe")
ok(c["pairs"] == 2 and c["mode"] == "live" and len(c["per_pair"]) == 2 and c["reflection_residual"] == b["final"]["reflection_residual"],
   "and the same median", c)
d = result("residual of latents", "residual", "--latents", "scored/latents.npy", *M, "--mode", "live")
ok(d["relative_l2"] == c["relative_l2"], "latents decoded for it likewise", d)
e = result("residual of exact pairs", "generate", "--family", "flatvel-a", "--count", "2", "--seed", "5", "--output", "truth", "--device",
           "cpu")
e = result("residual of exact pairs", "residual", "truth", "--device", "cpu", "--per-pair")
ok(e["relative_l2"]["median"] == 0 and e["reflection_residual"]["p95"] == 0 and e["mode"] == "exact",
   "simulated pairs, in their own mode, are nothing off", e)
still = np.full((2, 1, 70, 70), 2000, np.float32)
still[1, 0, 40:] = 3000
np.save("still.npy", still)
e = result("homogeneous", "residual", "--velocity", "still.npy", "--seismic", "truth/seismic-00000.npy", "--mode", "live", "--device", "cpu",
           "--per-pair")
ok(e["nothing_to_reflect"] == 1 and e["reflection_residual"]["pairs"] == 1 and e["per_pair"][0]["nothing_to_reflect"]
   and not e["per_pair"][1]["nothing_to_reflect"], "a map with nothing to reflect is marked and left out", e)
r = cli("residual", "--velocity", "still.npy", "--seismic", "truth/seismic-00000.npy", "--mode", "live", "--device", "cpu", "--per-pair")
ok(r.returncode == 0 and "live mode on cpu" in r.stdout and "nothing to reflect" in r.stdout and "median" in r.stdout,
   "the table for people says so too, and the mode and device", described(r))

# ---- branches
e = result("estimates", "sample", *M, "--seeds", "3,0", "--steps", "6", "--estimates", "-o", "plain")
p, = load("plain", "estimates_steps")
ok(p.shape == (2, 7, 4, 18, 18) and np.array_equal(p[:, -1], np.load("plain/latents.npy")) and not np.array_equal(p[0, 2], p[1, 2]),
   "x0-hat of every position, the last one being the data")
e = result("a branch that changes nothing", "sample", *M, "--seeds", "3,0", "--steps", "6", "--branch", "at=2", "--estimates", "-o", "none")
ok(all(np.array_equal(a, b) for a, b in zip(load("plain", "latents_steps", "estimates_steps"), load("none", "latents_steps", "estimates_steps"))),
   "gives the same latents and estimates to the last bit")
e = result("two branches", "sample", *M, "--seeds", "3", "--steps", "6", "--branch",
           "at=2,steps=3,sampler=ddim,eta=1,noise=9;at=4,steps=2,sampler=dpmpp-2m,eta=0,family=style-b", "--score", "every=3", "-o", "branched")
b, = load("branched", "latents_steps")
ok(b.shape == (1, 7, 4, 18, 18) and np.array_equal(b[0, :3], steps[3, :3]) and not np.array_equal(b[0, 3], steps[3, 3]),
   "go their own way from there")
r = json.load(open("branched/recipe.json", encoding="utf-8"))
ok(r["steps"] == 6 and r["run_steps"] == 6 and [x["at"] for x in r["branches"]] == [2, 4] and r["branches"][0]["noise_seed"] == "9"
   and r["branches"][1]["sampler"] == "dpmpp-2m" and len(r["timesteps"]) == 7, "recipe.json tells of them", r)
ok([(x["step"], x["family"]) for x in rows("branched/residuals.csv")][::2] == [("0", "style-b"), ("3", "style-b"), ("6", "style-b")],
   "and so do the scores")
np.save("edit.npy", steps[3:4, 2] + np.float32(0.5))
e = result("an edited latent", "sample", *M, "--seeds", "3", "--steps", "6", "--branch", "at=2,latents=edit.npy", "-o", "edited")
b, = load("edited", "latents_steps")
ok(np.array_equal(b[0, 2], np.load("edit.npy")[0]) and np.array_equal(b[0, 1], steps[3, 1]) and not np.array_equal(b[0, 6], steps[3, 6]),
   "takes the place of the one there")
for text, error in ((";", "key=value"), ("at=9", "from 0 to 5"), ("at=2,at", "key=value"), ("steps=3", "wants at=K"), ("at=2,colour=3", "colour"),
                    ("at=2,sampler=euler", "euler"), ("at=2,eta=1", "ddim"), ("at=4;at=2", "from 4 to 5"), ("at=2,noise=-1", "noise=-1"),
                    ("at=2,family=rock", "rock"), (";".join(["at=0"] * 65), "more than 64")):
    expect(1, f"--branch '{text[:24]}'", "sample", *M, "--seeds", "0", "--steps", "6", "--branch", text, "-o", "refused", error=error)
expect(2, "a file of latents that is not there", "sample", *M, "--seeds", "0", "--steps", "6", "--branch", "at=2,latents=no.npy", "-o", "refused",
       error="no.npy")

# ---- decode, encode
result("decode", "decode", *M, "--latents", "run/latents.npy", "-o", "decoded")
ok(np.array_equal(np.load("decoded/velocity.npy"), v) and np.array_equal(np.load("decoded/seismic.npy"), s), "decode makes the pairs again")
result("decode a step", "decode", *M, "--latents", "run/latents_steps.npy", "--step", "2", "-o", "step2")
ok(np.array_equal(np.load("step2/latents.npy"), steps[:, 2]) and not np.array_equal(np.load("step2/seismic.npy"), s),
   "or those of a step on the way")
result("encode", "encode", *M, "--velocity", "run/velocity.npy", "--seismic", "run/seismic.npy", "-o", "both")
q, codes = load("both", "latents", "codes")
ok(q.shape == z.shape and codes.shape == (5, 324) and codes.dtype == np.int32 and codes.min() >= 0 and codes.max() < 64,
   "latents and codes", (q.shape, codes.shape, codes.dtype))
result("decode codes", "decode", *M, "--codes", "both/codes.npy", "-o", "from_codes")
result("decode latents", "decode", *M, "--latents", "both/latents.npy", "-o", "from_latents")
ok(np.allclose(np.load("from_codes/velocity.npy"), np.load("from_latents/velocity.npy"), atol=0.5)
   and np.allclose(np.load("from_codes/seismic.npy"), np.load("from_latents/seismic.npy"), atol=1e-3),
   "codes decode to what their latents decode to")
np.save("wide.npy", codes.astype(np.int64))
result("int64 codes", "decode", *M, "--codes", "wide.npy", "-o", "from_wide")
ok(np.array_equal(np.load("from_wide/seismic.npy"), np.load("from_codes/seismic.npy")), "int64 codes are taken as well")
result("encode maps", "encode", *M, "--velocity", "run/velocity.npy", "-o", "v_only")
result("encode gathers", "encode", *M, "--seismic", "run/seismic.npy", "-o", "s_only")
ok(not np.array_equal(np.load("v_only/latents.npy"), q) and not np.array_equal(np.load("s_only/latents.npy"), q),
   "one side alone encodes to something else")
result("encode a data set", "encode", *M, "--data", "truth", "-o", "encoded")
result("its maps alone", "encode", *M, "--data", "truth", "--given", "velocity", "-o", "encoded_v")
result("the same from files", "encode", *M, "--velocity", "truth/velocity-00000.npy", "-o", "encoded_f")
ok(np.array_equal(np.load("encoded_v/latents.npy"), np.load("encoded_f/latents.npy"))
   and not np.array_equal(np.load("encoded_v/latents.npy"), np.load("encoded/latents.npy")), "a data set is read as its files are")

# ---- interpolate
result("through seeds", "interpolate", *M, "--anchors", "3,0", "--frames", "5", "--steps", "6", "-o", "path")
p = np.load("path/latents.npy")
ok(p.shape == (5, 4, 18, 18) and np.array_equal(p[0], z[3]) and np.array_equal(p[-1], z[0]), "a path ends at its seeds, to the last bit")
ok(np.array_equal(np.load("path/seismic.npy")[0], s[3]) and not np.array_equal(p[2], p[1]), "and decodes as they do")
result("through latents", "interpolate", *M, "--anchors", "run/latents.npy", "--frames", "9", "-o", "walk")
w = np.load("walk/latents.npy")
ok(np.array_equal(w[::2], z), "a path through five latents meets each")
n = np.linalg.norm(w.reshape(9, -1).astype(float), axis=1)
ok(all(min(n[i - 1], n[i + 1]) * (1 - 1e-6) <= n[i] <= max(n[i - 1], n[i + 1]) * (1 + 1e-6) for i in (1, 3, 5, 7)),
   "its norm stays between that of its neighbours (straight mixing would fall inside)", n)

result("a plane's corner", "interpolate", *M, "--anchors", "3,0,2", "--domain", "data", "--steps", "6", "--at", "1,0",
       "--score", "live", "-o", "corner")
ok(np.array_equal(np.load("corner/latents.npy")[0], z[0]), "a corner of a plane of seeds is what the seed gives, to the last bit")
with open("corner/residuals.csv") as f:
    rows = f.read().splitlines()
ok(len(rows) == 2 and rows[1].split(",")[5] == "x0" and float(rows[1].split(",")[6]) > 0, "and has its score", rows)
result("a file's latents", "interpolate", *M, "--anchors", "run/latents.npy:3,run/latents.npy:0,run/latents.npy:2", "--at", "1,0",
       "-o", "corner2")
ok(np.array_equal(np.load("corner2/latents.npy"), np.load("corner/latents.npy")), "the same from a file of latents")
result("inside", "interpolate", *M, "--anchors", "3,0,2", "--steps", "6", "--at", "0.3,0.3", "-o", "inside")
result("over a plane", "interpolate", *M, "--anchors", "run/latents.npy:3,run/latents.npy:0,run/latents.npy:2", "--through",
       "0,0 1,0 0,1", "--frames", "7", "--easing", "anchors", "-o", "over")
over = np.load("over/latents.npy")
ok(np.array_equal(over[0], z[3]) and np.array_equal(over[3], z[0]) and np.array_equal(over[6], z[2]), "a path over a plane meets its corners")
n = np.linalg.norm(over.reshape(7, -1).astype(float), axis=1)
ok(abs(n[1] - (n[0] + (n[3] - n[0]) * 7 / 27)) < 1e-4 * n[0], "and has the length between them, eased", n)
result("straight", "interpolate", *M, "--anchors", "run/latents.npy:3,run/latents.npy:0", "--frames", "3", "--mode", "straight",
       "-o", "straight")
ok(np.abs(np.load("straight/latents.npy")[1] - (z[3].astype(float) + z[0]) / 2).max() < 1e-6, "a straight half is the mean")
result("along directions", "interpolate", *M, "--anchors", "run/latents.npy:1", "--directions", "run/latents.npy", "--mode",
       "straight", "--through", "0,0 1,0 0,1", "--frames", "3", "-o", "along")
along = np.load("along/latents.npy").reshape(3, -1).astype(float)
flat = z.reshape(len(z), -1).astype(float)
spread, axes = np.linalg.svd(flat - flat.mean(0), full_matrices=False)[1:]
deviation = spread / np.sqrt(len(z) - 1)
ok(all(abs(abs((along[k + 1] - along[0]) @ axes[k]) / deviation[k] - 1) < 1e-4 for k in range(2)),
   "a batch's principal directions are numpy's, and 1 is a deviation")

# ---- memory: many pairs take no more than few
small = result("a few", "decode", *M, "--latents", "run/latents.npy", "-o", "m1")["peak_memory_mib"]
np.save("many.npy", np.tile(z, (40, 1, 1, 1)))
large = result("two hundred", "decode", *M, "--latents", "many.npy", "-o", "m2")["peak_memory_mib"]
ok(large < small + 64, f"200 pairs (280 MB) are written as they are made: {large:.0f} MiB against {small:.0f} for 5")

# ---- what is refused, in one line, leaving nothing
before = listing()
expect(2, "no model", "sample", "--model", "nowhere", "--seeds", "0", "-o", "x", error="nowhere")
expect(2, "no stage 2", "sample", "--model", "models/half", "--seeds", "0", "-o", "x", error="no stage 2")
expect(1, "seeds", "sample", *M, "--seeds", "3-1", "-o", "x", error="3-1")
expect(1, "seeds", "sample", *M, "--seeds", "0-", "-o", "x", error="--seeds")
expect(1, "seeds", "sample", *M, "--seeds", "1,,2", "-o", "x", error="--seeds")
expect(1, "seeds", "sample", *M, "--seeds", "0-99999999999", "-o", "x", error="more than")
expect(1, "seeds", "sample", *M, "--seeds", "99999999999999999999", "-o", "x", error="--seeds")
expect(1, "score", "sample", *M, "--seeds", "0", "--score", "often", "-o", "x", error="every=K")
expect(1, "score", "sample", *M, "--seeds", "0", "--score", "every=0", "-o", "x", error="every=K")
expect(1, "steps", "sample", *M, "--seeds", "0", "--steps", "1001", "-o", "x", error="1001")
expect(1, "eta of another sampler", "sample", *M, "--seeds", "0", "--eta", "0.5", "-o", "x", error="ddim")
expect(1, "guidance to nothing", "sample", *M, "--seeds", "0", "--guidance", "2", "-o", "x", error="--family")
expect(1, "timestep without latents", "sample", *M, "--seeds", "0", "--timestep", "5", "-o", "x", error="--latents")
expect(2, "latents of another number", "sample", *M, "--seeds", "0", "--latents", "run/latents.npy", "-o", "x", error="one a seed")
expect(2, "no latents", "decode", *M, "--latents", "run/velocity.npy", "-o", "x", error="latents of the model")
expect(1, "a step that is not there", "decode", *M, "--latents", "run/latents_steps.npy", "--step", "7", "-o", "x", error="0 to 6")
expect(1, "nothing to decode", "decode", *M, "-o", "x", error="--latents")
bad = codes.copy()
bad[2, 5] = 64
np.save("bad.npy", bad)
expect(1, "a code outside the codebook", "decode", *M, "--codes", "bad.npy", "-o", "x", error="code 64")
np.save("floats.npy", codes.astype(np.float32))
expect(2, "codes as floats", "decode", *M, "--codes", "floats.npy", "-o", "x", error="int32")
expect(2, "maps of another size", "encode", *M, "--velocity", "many.npy", "-o", "x", error="many.npy")
np.save("wide_map.npy", np.full((1, 1, 70, 80), 2000, np.float32))
expect(2, "maps of another width", "encode", *M, "--velocity", "wide_map.npy", "-o", "x", error="crop or resample")
expect(1, "nothing to encode", "encode", *M, "-o", "x", error="--velocity")
expect(1, "a path through one", "interpolate", *M, "--anchors", "3", "--frames", "4", "-o", "x", error="path through 1")
expect(1, "a plane of two", "interpolate", *M, "--anchors", "3,4", "--at", "0,0", "-o", "x", error="wants 3 anchors")
expect(1, "no place", "interpolate", *M, "--anchors", "3,4,5", "--at", "0;1", "-o", "x", error="expected U,V")
expect(1, "no anchor", "interpolate", *M, "--anchors", "3,hello", "--frames", "3", "-o", "x", error="'hello' is no anchor")
expect(1, "noise of data", "interpolate", *M, "--anchors", "3,run/latents.npy:1", "--domain", "noise", "--frames", "3", "-o", "x",
       error="is data")
expect(1, "a latent beyond the last", "interpolate", *M, "--anchors", "run/latents.npy:9,run/latents.npy:1", "--frames", "3", "-o", "x",
       error="0 to 4")
expect(1, "neither path nor place", "interpolate", *M, "--anchors", "3,4", "-o", "x", error="--frames")
expect(1, "principal directions of noise", "interpolate", *M, "--anchors", "3", "--directions", "test:9", "--domain", "noise",
       "--at", "0,0", "-o", "x", error="alike in all directions")
expect(1, "residual of nothing", "residual", error="give a folder")
expect(2, "residual of no folder", "residual", "nowhere", error="nowhere")
expect(2, "residual of recordings", "residual", "--latents", "run/latents_steps.npy", *M, error="--score")
expect(1, "another acquisition", "residual", "run", "--dt", "0.0005", "--device", "cpu", error="--dt 0.001")
nan = z.copy()
nan[1, 0, 0, 0] = np.nan
np.save("nan.npy", nan)
expect(2, "latents that are not finite", "decode", *M, "--latents", "nan.npy", "-o", "x", error="not finite")
left = [f for f in listing() if f not in before and f not in ("bad.npy", "floats.npy", "wide_map.npy", "nan.npy")]
ok(left == [], "nothing is left of what was refused", left)

# ---- info of folders
i = result("info of a model", "info", "models/tiny")
ok(i["format"] == "model" and i["identity"] == a["model"] and i["latent"] == [4, 18, 18] and i["stage2"]["numbers"] > 1000
   and i["timesteps"] == 1000 and i["stage1"]["training"] == {"steps": 0}, "says what it is made for", i)
i = result("info of half a model", "info", "models/half")
ok(i["stage2"] is None, "and that stage 2 is missing", i)
i = result("info of results", "info", "run")
less = lambda r: {k: v for k, v in r.items() if k != "log_snr"}  # printed with fewer digits
ok(less(i["recipe"]) == less(recipe) and i["arrays"]["latents_steps.npy"] == "(5, 7, 4, 18, 18)", "recipe and arrays", i)
ok(all(w in cli("info", "run").stdout for w in ("made by sample", "dpmpp-2m", "(5, 5, 1000, 70)")), "also for people")
expect(2, "info of another folder", "info", "models", error="neither")

# A damaged model.
shutil.copytree("models/tiny", "models/cut")
os.truncate("models/cut/stage2.safetensors", 50000)
expect(2, "info of a damaged model", "info", "models/cut", error="stage2.safetensors")
expect(2, "a damaged model", "sample", "--model", "models/cut", "--seeds", "0", "-o", "x", error="stage2.safetensors")
done()
