#!/usr/bin/env python3
"""The command render: pictures, what they carry, refusals."""
from harness import *

if "render" not in cli("--help").stdout:
    skip("this build has no render (cairo, pango, libpng)")
    done()

np.save("v.npy", velocity(3))
rng = np.random.default_rng(1)
s = np.zeros((3, 2, 120, 30), np.float32)
s[:, :, 20:] = rng.standard_normal((3, 2, 100, 30))
np.save("s.npy", s)
np.save("gradient.npy", rng.standard_normal((24, 30)).astype(np.float32))

# ---- a map: size, colours of its two layers, the recipe
r = result("a map", "render", "v.npy", "--index", "2", "--colormap", "gray", "-o", "v.png", "--dpi", "100")
size, pixel, text = png("v.png")
ok(size[0] == round(90 / 25.4 * 100), "90 mm at 100 dpi", size)
recipe = json.loads(text.get("wavediffusion:run", "{}"))
ok(recipe == r.get("recipe") and recipe.get("index") == 2 and recipe["map"]["range"] == [1500, 4500],
   "the picture carries the recipe that --json prints", recipe)
grey = [int((v - 1500) / 3000 * 256) for v in (2000, 3000)]
count = [(pixel == g).all(axis=2).sum() for g in grey]
rows = [np.where((pixel == g).all(axis=2).sum(axis=1) > size[0] // 3)[0] for g in grey]
ok(min(count) > 1000 and rows[0].max() < rows[1].min(), "2000 m/s above 3000 m/s, in the colours of the range", count)
ok(abs(len(rows[0]) / len(rows[1]) - 14 / 10) < 0.03, "14 rows above 10", (len(rows[0]), len(rows[1])))

# ---- every form once
for words in (["s.npy", "--shot", "2"], ["s.npy", "--mode", "wiggle"], ["s.npy", "--mode", "va", "--gain", "6"],
              ["s.npy", "--mode", "vd+wiggle", "--colormap", "seismic"], ["s.npy", "--agc", "50", "--flip", "--normalise"],
              ["v.npy", "--smooth", "--theme", "dark"], ["v.npy", "--range", "1000:5000", "--title", "A title"],
              ["s.npy", "--range", "-2:2", "--index", "1"], ["v.npy", "--contact-sheet", "3"],
              ["v.npy", "--beside", "s.npy", "--survey"], ["gradient.npy"], ["--families", "--seed", "7", "--dpi", "60"],
              ["v.npy", "--clip", "90", "--spacing", "5", "--width-mm", "60"], ["s.npy", "--dt", "0.002", "--excursion", "2"]):
    for end in ("png", "pdf", "svg"):
        r = cli("render", *words, "-o", "x." + end, "--quiet")
        data = open("x." + end, "rb").read() if os.path.exists("x." + end) else b""
        head = {"png": b"\x89PNG", "pdf": b"%PDF-", "svg": b"<?xml"}[end]
        ok(r.returncode == 0 and data.startswith(head) and len(data) > 2000 and r.stdout == "",
           " ".join(words) + " as " + end, described(r))
        if os.path.exists("x." + end):
            os.remove("x." + end)

first = cli("render", "v.npy", "-o", "a.png", "-q")
second = cli("render", "v.npy", "-o", "b.png", "-q")
ok(open("a.png", "rb").read() == open("b.png", "rb").read(), "the same command gives the same bytes")

# ---- SEG-Y
if cli("convert", "s.npy", "s.sgy", "--index", "0").returncode == 0 and os.path.exists("s.sgy"):
    r = result("a SEG-Y gather", "render", "s.sgy", "-o", "sgy.png", "--shot", "2", "--dpi", "60")
    ok(r.get("recipe", {}).get("gather", {}).get("source", "").startswith("s.sgy · shot 2"), "names file and shot", r)
else:
    skip("convert writes no SEG-Y here")

# ---- refusals leave nothing
before = listing()
for error, words in {
    "end in .png": ["v.npy", "-o", "x.jpg"], "give either FILE or --families": ["-o", "x.png"],
    "--families goes with": ["--families", "--survey", "-o", "x.png"],
    "0 to 2": ["v.npy", "--index", "3", "-o", "x.png"], "give 1 to 2": ["s.npy", "--shot", "3", "-o", "x.png"],
    "the smaller first": ["v.npy", "--range", "5:1", "-o", "x.png"],
    "there are strata": ["v.npy", "--colormap", "plaid", "-o", "x.png"],
    "goes with a map": ["s.npy", "--beside", "s.npy", "-o", "x.png"],
    "more room": ["v.npy", "--width-mm", "12", "-o", "x.png"]}.items():
    expect(1, "render " + " ".join(words), "render", *words, error=error)
expect(2, "render without the file", "render", "none.npy", "-o", "x.png", error="none.npy")
expect(2, "render into no folder", "render", "v.npy", "-o", "none/x.png", error="none/x.png")
np.save("nan.npy", np.full((24, 30), np.nan, np.float32))
expect(3, "render a map of NaN", "render", "nan.npy", "-o", "x.png", error="finite")
np.save("vector.npy", np.zeros(7, np.float32))
expect(2, "render a vector", "render", "vector.npy", "-o", "x.png", error="vector.npy")
open("cut.npy", "wb").write(open("s.npy", "rb").read()[:500])
expect(2, "render a truncated file", "render", "cut.npy", "-o", "x.png", error="cut.npy")
ok(set(listing()) - set(before) <= {"nan.npy", "vector.npy", "cut.npy"}, "no refusal left a file", listing())
done()
