#!/usr/bin/env python3
"""record, and recordings in info, residual and render: the same figures wherever they are asked for."""
import base64
import csv
import os
import subprocess

from harness import *

MAKE_MODEL = os.environ["WD_MAKE_MODEL"]
os.mkdir("models")
subprocess.run([MAKE_MODEL, "models/tiny", "1"], check=True)
subprocess.run([MAKE_MODEL, "models/other", "2"], check=True)
M = ["--model", "models/tiny", "--device", "cpu:1"]
D = ["--device", "cpu:1"]

r = cli("record", "--help")
if r.returncode != 0 and "unknown command" in r.stderr:
    skip("a build without GLib has no recordings")
    done()

# ---- record
a = result("record", "record", *M, "--seed", "3", "--steps", "4", "--branch", "at=2,sampler=ddim,eta=1,noise=9", "--simulated", "4", "-o", "r.wdrun")
ok([b["positions"] for b in a["branches"]] == [5, 5] and all(b["reflection_residual"] > 0 for b in a["branches"]), "run and branch, scored", a)
i = result("info", "info", "r.wdrun")
ok(i["format"] == "recording" and i["model"]["identity"] == a["model"] and [b["name"] for b in i["branches"]] == ["Run 3", "Branch of run 3 at 2"]
   and i["branches"][1]["leaves_at"] == 2 and i["branches"][0]["scored"] == 5 and i["branches"][0]["decoded"] == 5, "says what is in it", i)
ok("Run 3" in cli("info", "r.wdrun").stdout and "tensors" in cli("info", "--header", "r.wdrun").stdout, "for people too; --header gives its tensors")

# ---- the same figures as sample's, and as residual's of the same file
result("sample", "sample", *M, "--seeds", "3", "--steps", "4", "--branch", "at=2,sampler=ddim,eta=1,noise=9", "--score", "every=1", "-o", "s")
scored = {int(x["step"]): x for x in csv.DictReader(open("s/residuals.csv", encoding="utf-8")) if x["kind"] == "x0"}
m = ["--model", "models/tiny"]
e = result("residual of a recording", "residual", "r.wdrun", *m, *D, "--branch", "2", "--per-pair", "-o", "r.csv")
ok(e["mode"] == "exact" and [x["pair"] for x in e["per_pair"]] == [0, 1, 2, 3, 4]
   and all(abs(x["reflection_residual"] - float(scored[x["pair"]]["reflection_residual"])) < 1e-8 * x["reflection_residual"] for x in e["per_pair"]),
   "all steps of the branch score as sample scores them", e.get("per_pair"))
rows = list(csv.DictReader(open("r.csv", encoding="utf-8")))
ok([x["step"] for x in rows] == list("01234") and rows[0]["seed"] == "3" and rows[4]["timestep"] == "-1" and rows[0]["timestep"] == "999", "its table", rows)
e = result("one step", "residual", "r.wdrun", *m, *D, "--branch", "2", "--step", "3", "--per-pair")
ok(len(e["per_pair"]) == 1 and abs(e["per_pair"][0]["reflection_residual"] - float(scored[3]["reflection_residual"])) < 1e-8 * e["per_pair"][0]["reflection_residual"],
   "is that step's")
ok(abs(i["branches"][1]["last"]["reflection_residual"] - float(scored[4]["reflection_residual"])) < 1e-8 * float(scored[4]["reflection_residual"]),
   "and the score in the recording is the same")

# ---- render: without any model
r = cli("render", "r.wdrun", "--step", "2", "-o", "step2.png")
ok(r.returncode == 0 and os.path.getsize("step2.png") > 10000, "a kept position is drawn", described(r))
result("nothing kept", "record", *M, "--seed", "3", "--steps", "2", "--decoded", "0", "-o", "bare.wdrun")
ok(os.path.getsize("bare.wdrun") < os.path.getsize("r.wdrun") / 4, "without pictures a recording is small")
expect(2, "a position that is not kept", "render", "bare.wdrun", "--step", "1", "-o", "x.png", error="keeps no picture")

# ---- refused
expect(1, "no such branch", "residual", "r.wdrun", *m, "--branch", "3", error="no number 3")
expect(1, "no such step", "residual", "r.wdrun", *m, "--step", "5", error="0 to 4")
expect(1, "another model", "residual", "r.wdrun", "--model", "models/other", *D, error="recorded with the model")
expect(1, "--step of no recording", "render", "s/velocity.npy", "--step", "1", "-o", "x.png", error="of a recording")
expect(1, "a family", "record", *M, "--seed", "1", "--family", "rock", "-o", "x.wdrun", error="rock")
expect(1, "a branch", "record", *M, "--seed", "1", "--branch", "at=99", "-o", "x.wdrun", error="at=99")
expect(2, "no model", "record", "--model", "nowhere", "--seed", "1", "-o", "x.wdrun", error="nowhere")
data = open("r.wdrun", "rb").read()
open("cut.wdrun", "wb").write(data[: len(data) // 2])
expect(2, "half a recording", "info", "cut.wdrun", error="cut.wdrun")
expect(2, "half a recording", "residual", "cut.wdrun", *m, error="cut.wdrun")
ok(not os.path.exists("x.wdrun") and not os.path.exists("x.png"), "nothing is left of what was refused")

# ---- pictures from recipes: what a run does not tell of itself
if "render" in cli("--help").stdout:
    z = base64.b64encode(np.load("s/latents.npy").astype("<f4")[:1].tobytes()).decode()
    cli("render", "r.wdrun", "--panels", "vel", "--step", "1", "--dpi", "60", "-o", "base.png")
    base = json.loads(png("base.png")[2]["wavediffusion:run"])

    def drawn(what, panels="vel,sim", **change):
        """The exit status and picture of a recipe that is like that of base.png but for the change."""
        with open("again.json", "w", encoding="utf-8") as f:
            json.dump({**base, **change}, f)
        r = cli("render", "again.json", "--panels", panels, "--model", "models/tiny", "--device", "cpu:1", "--dpi", "60", "-o", "again.png")
        picture = png("again.png")[1] if r.returncode == 0 else None
        if os.path.exists("again.png"):
            os.remove("again.png")
        return r, picture
    walk = {"chain": [{"edited": z}], "position": 0, "mode": "live"}
    r, alone = drawn("a latent", **walk)
    ok(r.returncode == 0, "a latent of its own, scored in live mode", described(r))
    beside = {k: v for k, v in base.items() if k in ("format", "version", "model", "identity", "precision")}
    r, both = drawn("beside", beside={**beside, **walk})
    ok(r.returncode == 0 and both.shape != alone.shape, "and on side B of a comparison", described(r))
    r, _ = drawn("refused", beside={**beside, "chain": [{**base["chain"][0], "steps": 5000}], "position": 1})
    ok(r.returncode in (1, 2) and "5000" in r.stderr, "a side B that cannot be run ends the command, which says why", described(r))
    view = {"velocity": "minus-pinned"}
    _, plain = drawn("plain", "vel")
    r, minus = drawn("pinned", "vel", view={**view, "pinned": {"branch": 0, "position": 0}})
    ok(r.returncode == 0 and not np.array_equal(minus, plain), "a map minus a step of its own run", described(r))
    r, elsewhere = drawn("elsewhere", "vel", view={**view, "pinned": {"branch": 7, "position": 0}})
    ok(r.returncode == 0 and np.array_equal(elsewhere, plain) and "pinned" in r.stderr, "minus another run's: as it is, with a word", described(r))

done()
