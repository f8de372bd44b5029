#!/usr/bin/env python3
"""The window's headless twin: wavediffusion --screenshot with --demo, --step, --layout and --run, run as a person
runs it. What was drawn is read from the pictures: from the recipe of what is on screen, which every picture
carries, and from the map's pixels.

headless.py CLI WINDOW: on a display (display.sh), which harness.py takes out of the command line's environment."""
import os
import shutil
import sys
import time

display = dict(os.environ)
WINDOW = os.path.abspath(sys.argv[2])
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import *

SIZE = (1000, 700)


def window(*words):
    return subprocess.run([WINDOW, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=600, env=display)


def picture(text, name, *words):
    """Runs the window for a picture. The recipe of what is on screen; {} when there is none."""
    r = window(*words, "--size", "%dx%d" % SIZE, "--set", "exact-rest=false", "--screenshot", name)
    good = r.returncode == 0 and os.path.exists(name) and "warning" not in r.stderr.lower()
    if not ok(good, text + ": exit 0, and a picture", described(r)):
        return {}
    size, _, words = png(name, rows=0)
    ok(size == SIZE, "of %d x %d pixels" % SIZE, size)
    return json.loads(words.get("wavediffusion:run", "{}"))


def middle(name):
    """The pixels in the middle of the window: of --panel velocity, the map's."""
    w, h = SIZE
    _, pixel, _ = png(name, rows=h * 6 // 10)
    return pixel[h * 3 // 10:, w * 4 // 10:w * 6 // 10]


def refused(text, says, *words):
    r = window(*words, "--screenshot", "no.png")
    ok(r.returncode == 1 and says in r.stderr and not os.path.exists("no.png"),
       f"{text}: exit 1, says '{says}', no picture", described(r))


MAP = ["--panel", "velocity", "--sidebar", "off"]

# ---- the demo, where there is no model
demo = result("the demo's contents", "info", os.path.join(ROOT, "resources", "demo", "demo.wdrun"))
first = picture("--demo --step 12", "demo.png", "--model", "none", "--demo", "--step", 12, "--shot", 2, *MAP)
view = first.get("view", {})
ok(first.get("position") == 12 and first.get("what") == "x0-hat" and len(first.get("chain", [])) == 1,
   "step 12 of its run is on screen", first)
ok(first.get("model", {}).get("identity") and first["model"]["identity"] in json.dumps(demo),
   "of the model that the recording names", first.get("model"))
ok(view.get("shot") == 1 and view.get("enlarged") == "velocity" and view.get("sidebar") is False and
   view.get("layout") == "step" and view.get("playing", False) is False, "and the view that was asked for", view)
start = picture("--demo --step 0", "start.png", "--model", "none", "--demo", "--step", 0, *MAP)
ok(start.get("position") == 0, "step 0 is one, too", start.get("position"))
# At two device pixels a point: twice as many, of the same content.
SMALL = ["--model", "none", "--demo", "--step", 12, "--shot", 2, *MAP, "--size", "700x480", "--set", "exact-rest=false"]
scaled = [window(*SMALL, "--scale", k, "--screenshot", "scale%d.png" % k) for k in (1, 2)]
if ok(all(r.returncode == 0 for r in scaled), "pictures at --scale 1 and 2", described(scaled[1])):
    (size, once, _), (size2, twice, _) = png("scale1.png"), png("scale2.png")
    ok(size2 == (2 * size[0], 2 * size[1]), "the second has twice the pixels each way", (size, size2))
    folded = twice.astype(float).reshape(size[1], 2, size[0], 2, -1).mean(axis=(1, 3))
    off = abs(folded - once).max(axis=2)
    ok(off.mean() < 5 and (off > 80).mean() < 0.04, "and the same things at the same places", (off.mean(), (off > 80).mean()))
last = picture("--demo --step 12 again", "again.png", "--model", "none", "--demo", "--step", 12, *MAP)
ok((middle("again.png") == middle("demo.png")).all() and (middle("start.png") != middle("demo.png")).any(axis=2).mean() > 0.5,
   "the same step has the same map, another step another")
pair = picture("--layout compare", "compare.png", "--model", "none", "--demo", "--layout", "compare", "--second-row", "on")
ok(pair.get("view", {}).get("layout") == "compare" and pair["view"]["second_row"] is True and
   pair["view"]["enlarged"] == "none", "two columns, with the second row", pair.get("view"))

# ---- a recipe: run, branch, refinement, view
branch = {"at": 2, "steps": 2, "sampler": "ddim", "eta": 0.5, "noise_seed": 5, "refine": {"steps": 2, "rate": 0.02, "mode": "live"}}
recipe = {"format": "wavediffusion-recipe", "version": 1, "model": {"name": "default"},
          "chain": [{"seed": 20221, "steps": 4, "family": "curvefault-b"}, branch], "position": 6,
          "view": {"shot": 2, "second_row": True, "difference_factor": 5, "look": {"gather": {"gain": 6.0}}}}


def write(name, r):
    json.dump(r, open(name, "w"))


def same_chain(r, position=6):
    chain = r.get("chain", [{}, {}])
    a, b = chain[0], chain[-1]
    return (len(chain) == 2 and a.get("seed") == 20221 and a.get("steps") == 4 and a.get("family") == "curvefault-b" and
            {k: b.get(k) for k in branch} == branch and r.get("position") == position)


write("recipe.json", recipe)
whole = picture("--run a recipe", "whole.png", "--run", "recipe.json")
view = whole.get("view", {})
ok(same_chain(whole), "its run, its branch with noise and sampler of its own, refined by two steps", whole)
ok(view.get("shot") == 2 and view.get("second_row") is True and view.get("difference_factor") == 5 and
   view.get("look", {}).get("gather", {}).get("gain") == 6, "with the view that it had", view)
closer = picture("--run of that picture", "closer.png", "--run", "whole.png", *MAP)
ok(same_chain(closer) and closer["view"]["shot"] == 2 and closer["view"]["enlarged"] == "velocity",
   "a picture's recipe does as well, and options come after it", closer)
earlier = picture("--run with --step", "earlier.png", "--run", "whole.png", "--step", 3, *MAP)
ok(same_chain(earlier, 3), "--step goes to another place of it", earlier)
ok((middle("earlier.png") != middle("closer.png")).any(axis=2).mean() > 0.3, "where the map is another")
for end in ("pdf", "svg"):
    expect(0, "a figure as " + end, "render", "recipe.json", "--panels", "vel", "--device", "cpu", "-o", "figure." + end)
    made = picture("--run of it", end + ".png", "--run", "figure." + end, *MAP)
    ok(same_chain(made) and (middle(end + ".png") == middle("closer.png")).all(), "gives the same branch and the same map", made)

# A refined run recorded by the command line, and its recipe: the same map in the window.
expect(0, "a refined run recorded", "record", "--model", "default", "--seed", 20221, "--steps", 4, "--family", "curvefault-b",
       "--refine", 2, "--rate", 0.02, "--decoded", 0, "--device", "cpu", "-o", "run.wdrun")
recorded = picture("--recording", "recorded.png", "--recording", "run.wdrun", "--step", 6, *MAP)
plain = {**recipe, "chain": [{**recipe["chain"][0], "refine": branch["refine"]}]}
write("plain.json", plain)
made = picture("--run of its recipe", "plain.png", "--run", "plain.json", *MAP)
ok(made.get("chain") == recorded.get("chain") and made.get("chain", [{}])[0].get("refine") == branch["refine"] and
   made.get("position") == recorded.get("position") == 6, "two steps of refinement, in both", (made.get("chain"), recorded.get("chain")))
ok((middle("plain.png") == middle("recorded.png")).all() and (middle("plain.png") != middle("closer.png")).any(axis=2).mean() > 0.3,
   "the same map, and not the branch's")

kept = os.path.join(display["XDG_STATE_HOME"], "wavediffusion")
ok(not os.path.exists(kept) or not os.listdir(kept), "none of these runs is kept as somebody's session")

# ---- what cannot be run as it is written
refused("--run without a recipe", "there is no recipe in it", "--run", os.path.join(ROOT, "README.md"))
refused("--run of nothing", "none.json", "--run", "none.json")
write("pair.json", {**recipe, "pair": "somebody's data", "chain": [{}], "position": 0})
refused("--run of an opened pair", "somebody's data", "--run", "pair.json")
write("other.json", {**recipe, "model": {"name": "default", "identity": "0123"}})
refused("--run of another model's recipe", "another model", "--run", "other.json")
write("gone.json", {**recipe, "model": {"name": "no-such-model"}})
refused("--run of a model that is not there", "no-such-model", "--run", "gone.json")
refused("--run without a model", "no model", "--model", "none", "--run", "recipe.json")
refused("--run with --seed", "--seed", "--run", "recipe.json", "--seed", 3)
refused("--run beyond its end", "ends at 6", "--run", "recipe.json", "--step", 7)
refused("--step beyond the end", "0 to 16", "--model", "none", "--demo", "--step", 17)
refused("--step of nothing", "no run", "--model", "none", "--step", 3)
refused("--recording on another machine", "not on this machine", "--recording", "sftp://elsewhere/run.wdrun")
refused("--layout that is none", "no layout", "--model", "none", "--demo", "--layout", "triptych")

# ---- a window that is open already, and command lines that reach it
if shutil.which("dbus-daemon"):
    bus = subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True)
    display["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
    first = subprocess.Popen([WINDOW, "--model", "none", "run.wdrun"], env=display, stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    time.sleep(4)
    r = window("--step", 3)
    ok(r.returncode == 0 and first.poll() is None, "a second command line does what it says there, and ends", described(r))
    for words in (["--layout", "triptych"], ["--recording", "none.wdrun"], ["--lesson", "none"], ["--step", 99], ["--run", "other.json"],
                  ["--set", "fps=7"]):
        r = window(*words)
        ok(r.returncode == 1 and r.stderr and first.poll() is None, f"{words[0]} that cannot be: exit 1, and the window stays",
           described(r))
    r = window()
    r = window("--step", 6)
    ok(r.returncode == 0, "started once more it shows what it showed: a run of 6 steps, not the demo", described(r))
    r = window("--step", 7)
    ok(r.returncode == 1 and "0 to 6" in r.stderr, "which has no step 7", described(r))
    first.terminate()
    first.wait()
    bus.terminate()
    bus.wait()
done()
