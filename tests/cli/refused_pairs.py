#!/usr/bin/env python3
"""residual and interpolate: as in sample, what the solver, a network or a file refuses is the fault of that pair alone. The others
score what they score without it, in the columns of sample's residuals.csv, and the exit code is 3 only where nothing is left."""
import csv
import json
import os
import shutil
import struct
import subprocess

from harness import *

MAKE_MODEL = os.environ["WD_MAKE_MODEL"]
os.mkdir("models")
subprocess.run([MAKE_MODEL, "models/swift", "1", "small", "swift"], check=True)
subprocess.run([MAKE_MODEL, "models/coarse", "1", "small", "coarse"], check=True)
D = ["--device", "cpu:1"]
M = ["--model", "models/swift", *D]
COLUMNS = ("seed,family,step,timestep,log_snr,kind,reflection_residual,relative_l2,log_norm_mse,reflection_share,coherence,"
           "envelope_misfit,fault").split(",")
FIGURES = COLUMNS[6:12]


def rows(path):
    with open(path, encoding="utf-8", newline="") as f:
        table = csv.DictReader(f)
        ok(table.fieldnames == COLUMNS, f"{path}: the columns of residuals.csv", table.fieldnames)
        return list(table)


def without_figures(row):
    return all(row[k] == "nan" for k in FIGURES)


def whole(row):
    return row["fault"] == "" and all(np.isfinite(float(row[k])) for k in FIGURES)


# ---- six samples: number 2 leaves the finite numbers on its way, the map of number 3 is beyond the solver
result("unscored", "sample", *M, "--seeds", "4-9", "--steps", "4", "-o", "all")
start = np.load("all/latents_steps.npy")[:, 0].copy()
start[2] = 3e38
np.save("start.npy", start)
a = result("sample", "sample", *M, "--seeds", "4-9", "--steps", "4", "--score", "every=4", "--latents", "start.npy", "-o", "some")
drawn = rows("some/residuals.csv")
final = [q for q in drawn if (q["step"], q["kind"]) == ("4", "x0")]
ok([whole(q) for q in final] == [True, True, False, False, True, True] and without_figures(final[2]) and without_figures(final[3])
   and "not finite" in final[2]["fault"] and "unstable: v dt / dx" in final[3]["fault"], "the rows of sample say why there are no figures", final)
ok(all((q["fault"] == "") == (q["relative_l2"] != "nan") for q in drawn), "and so do those on the way", drawn)
ok(all(a["final"][k]["pairs"] == 4 for k in FIGURES) and 0 < a["final"]["coherence"]["p05"] <= 1 and a["final"]["envelope_misfit"]["p05"] > 0,
   "no figure's median counts the two, coherence and envelope misfit among them", a["final"])

# ---- residual of that folder, and of its parts
r = result("residual", "residual", "some", *D, "--per-pair", "-o", "some.csv")
table = rows("some.csv")
faults = {f["pair"]: f for f in r["faults"]["pairs"]}
ok(sorted(faults) == [2, 3] and faults[3]["by"] == "solver" and faults[2]["by"] == "file"
   and [r["faults"].get(k) for k in ("not_finite", "refused", "bad_data")] == [0, 1, 1], "two of six are not whole: the solver, and NaN in the file", r)
ok("velocity.npy, map 2" in faults[2]["why"] and "nan" in faults[2]["why"] and faults[3]["why"] == a["faults"]["samples"][1]["why"],
   "with the reasons, the solver's as sample has it", faults)
ok([[q[k] for k in ("seed", *FIGURES)] for q in table] == [[q[k] for k in ("seed", *FIGURES)] for q in final],
   "all six have a row with the figures of sample, digit for digit", (table, final))
ok([q["fault"] for q in table] == ["", "", faults[2]["why"], faults[3]["why"], "", ""], "and the reason where there are none", table)
ok(r["pairs"] == 6 and {k: r[k] for k in FIGURES} == {k: a["final"][k] for k in FIGURES}, "the same medians of the four", (r, a["final"]))
p = r["per_pair"]
ok([q.get("fault") for q in p] == [q["fault"] or None for q in table] and all(p[3][k] is None for k in FIGURES) and p[4]["coherence"] > 0,
   "--per-pair: null, and the reason", p)
ok(r["silence_log_norm_mse"] > 0 and r["direct_log_norm_mse"] > 0, "the levels are of the four too", r)
t = cli("residual", "some", *D, "--per-pair")
ok(t.returncode == 0 and "2 of 6 pairs are not whole: 1 refused by the solver, 1 of bad data" in t.stdout and "pair 3: " in t.stdout
   and t.stdout.count("  not whole") == 2, "the table for people says so", described(t))
keep = [0, 1, 4, 5]
for name in ("velocity", "seismic"):
    np.save(f"{name}.npy", np.load(f"some/{name}.npy")[keep])
q = result("the four alone", "residual", "--velocity", "velocity.npy", "--seismic", "seismic.npy", *D, "-o", "four.csv")
ok("faults" not in q and [[x[k] for k in FIGURES] for x in rows("four.csv")] == [[final[i][k] for k in FIGURES] for i in keep],
   "which have no fault, score the same", q)
for device in ("cpu:4", "reference"):  # several go through the solver together, and one by one when one is refused
    q = result(f"on {device}", "residual", "some", "--device", device, "-o", "other.csv")
    ok(rows("other.csv") == table and {k: q[k] for k in FIGURES} == {k: r[k] for k in FIGURES}, f"{device}: the same", q)
z = result("latents", "residual", "--latents", "some/latents.npy", *M, "-o", "latents.csv")
ok([[x[k] for k in FIGURES] for x in rows("latents.csv")] == [[x[k] for k in FIGURES] for x in table]
   and [(f["pair"], f["by"]) for f in z["faults"]["pairs"]] == [(2, "file"), (3, "solver")], "of its latents likewise", z)
s = np.load("some/seismic.npy")
s[2] = 1
s[5, 0, 7, 3] = np.inf
v = np.load("some/velocity.npy")
v[2] = 2000
v[0, 0, 4, 5] = -1
np.save("velocity.npy", v)
np.save("seismic.npy", s)
q = result("bad data", "residual", "--velocity", "velocity.npy", "--seismic", "seismic.npy", *D, "--calibrate", "gain", "--per-pair")
why = {f["pair"]: f["why"] for f in q["faults"]["pairs"]}
ok(sorted(why) == [0, 3, 5] and "-1 m/s" in why[0] and "shot 0, sample 7, receiver 3" in why[5] and q["faults"]["bad_data"] == 2,
   "no velocity and no finite gather: each is its pair's", q)
ok([x["gain"] is None for x in q["per_pair"]] == [True, False, False, True, False, True], "a gain only where there are figures", q["per_pair"])

# ---- nothing at all
result("coarse", "sample", "--model", "models/coarse", *D, "--seeds", "0-2", "--steps", "2", "-o", "coarse")
e = expect(3, "no map is taken", "residual", "coarse", *D, "--dt", "0.0025", "-o", "none.csv", error="none of 3 pairs could be scored; none.csv has the reasons")
ok(e.stdout == "" and all(without_figures(x) and "unstable" in x["fault"] for x in rows("none.csv")), "the rows are there with the reason", described(e))
expect(3, "nor here, and no file", "residual", "coarse", *D, "--dt", "0.0025", error="none of 3 pairs could be scored, as pair 0: ")
np.save("one.npy", v[:1])
np.save("gathers.npy", s[:1])
expect(2, "where the file alone is to blame it is an error of data", "residual", "--velocity", "one.npy", "--seismic", "gathers.npy", *D,
       error="nothing could be scored: pair 0: ")

# ---- interpolate: a path over the map that is refused
PATH = ["--anchors", "5,7,8", "--frames", "5", "--steps", "4"]
result("a path", "interpolate", *M, *PATH, "-o", "path")
b = result("scored", "interpolate", *M, *PATH, "--score", "exact", "-o", "scored")
ok(all(open(f"path/{n}.npy", "rb").read() == open(f"scored/{n}.npy", "rb").read() for n in ("velocity", "seismic", "latents")),
   "refused or not, every pair is there as without scores")
way = rows("scored/residuals.csv")
ok([x["step"] for x in way] == list("01234") and without_figures(way[2]) and whole(way[0]) and whole(way[4])
   and [[way[i][k] for k in FIGURES] for i in (0, 4)] == [[final[i][k] for k in FIGURES] for i in (1, 4)], "at seeds the figures are those of sample", way)
lost = [f["frame"] for f in b["faults"]["pairs"]]
ok(2 in lost and [int(x["step"]) for x in way if not whole(x)] == lost and b["faults"]["refused"] == len(lost) and b["faults"]["not_finite"] == 0,
   "the middle one is refused, and the rows say of which", b["faults"])
ok(all(x["fault"] == f["why"] and f["by"] == "solver" and "unstable" in f["why"] for f in b["faults"]["pairs"] for x in way if int(x["step"]) == f["frame"])
   and json.load(open("scored/recipe.json", encoding="utf-8"))["faults"] == b["faults"], "with the reason in the row, in the JSON and in the recipe")
ok(b["residuals"]["relative_l2"]["pairs"] == 5 - len(lost) and b["residuals"]["coherence"]["pairs"] == 5 - len(lost)
   and b["residuals"]["envelope_misfit"]["median"] > 0, "medians are of the others", b["residuals"])
q = result("residual of the path", "residual", "scored", *D, "-o", "path.csv")
ok([[x[k] for k in FIGURES] for x in rows("path.csv")] == [[x[k] for k in FIGURES] for x in way]
   and {k: q[k] for k in FIGURES} == {k: b["residuals"][k] for k in FIGURES}, "residual says the same of them", q)
t = cli("interpolate", *M, *PATH, "--score", "exact", "-o", "again")
ok(t.returncode == 0 and f"{len(lost)} of 5 pairs are not whole: {len(lost)} refused by the solver" in t.stdout and "frame 2: " in t.stdout,
   "the table for people says so", described(t))
ok(open("again/residuals.csv", "rb").read() == open("scored/residuals.csv", "rb").read(), "the same again")
e = expect(3, "a path of which nothing is taken", "interpolate", "--model", "models/coarse", *D, "--anchors", "0,1", "--frames", "3", "--steps", "2",
           "--score", "exact", "-o", "nowhere", error="none of 3 pairs could be scored; recipe.json has the reasons")
f = json.load(open("nowhere/recipe.json", encoding="utf-8"))["faults"]
ok(f["refused"] == 3 and [x["frame"] for x in f["pairs"]] == [0, 1, 2] and np.load("nowhere/velocity.npy").shape[0] == 3 and e.stdout == "",
   "the folder is whole", f)

# ---- a denoiser that gives nothing finite: every weight a million times itself
shutil.copytree("models/swift", "models/lost")
data = bytearray(open("models/lost/stage2.safetensors", "rb").read())
head = struct.unpack("<Q", data[:8])[0]
for name, tensor in json.loads(data[8:8 + head]).items():
    if name != "__metadata__":
        begin, end = tensor["data_offsets"]
        np.frombuffer(data, np.float32, (end - begin) // 4, 8 + head + begin)[:] *= 1e6
open("models/lost/stage2.safetensors", "wb").write(data)
L = ["--model", "models/lost", *D]
expect(3, "a path lost on its way", "interpolate", *L, *PATH, "-o", "lost", error="none of 5 pairs could be made; recipe.json has the reasons")
f = json.load(open("lost/recipe.json", encoding="utf-8"))["faults"]
ok(f["not_finite"] == 5 and all(x["by"] == "network" and "denoiser" in x["why"] for x in f["pairs"]), "by the network, each", f)
ok(all(np.isnan(np.load(f"lost/{n}.npy")).all() for n in ("velocity", "seismic", "latents")), "nothing is made up in its place")
expect(3, "a point alone", "interpolate", *L, "--anchors", "5,7,8", "--at", "0,0", "--domain", "noise", "--steps", "4", "--score", "live", "-o", "lost",
       error="nothing could be scored: frame 0: the denoiser")
done()
