#!/usr/bin/env python3
"""What the commands write, against numpy and against each other."""
import json
import os

from harness import *

one, batch = velocity(), velocity(3)
np.save("one.npy", one)
np.save("batch.npy", batch)

# ---- simulate
a = result("simulate a batch", "simulate", "--velocity", "batch.npy", "--output", "batch_s.npy", *SMALL)
s = np.load("batch_s.npy")
ok(s.shape == (3, 2, 120, 30) and s.dtype == np.float32 and a.get("shape") == [3, 2, 120, 30],
   "S is (n, shots, samples, receivers)", s.shape)
ok(a.get("mode") == "exact" and a.get("device") == "reference" and a.get("points_per_second", 0) > 0,
   "the result names mode, device and speed", a)
result("simulate one map", "simulate", "--velocity", "one.npy", "--output", "one_s.npy", *SMALL)
o = np.load("one_s.npy")
ok(o.shape == (1, 2, 120, 30) and np.array_equal(o[0], s[0]), "one map (nz,nx) gives what the batch gives", o.shape)
ok(np.abs(s[1] - s[0]).max() > 0 and np.isfinite(s).all(), "maps that differ give gathers that differ")
result("--zero-last", "simulate", "--velocity", "one.npy", "--output", "z.npy", "--zero-last", *SMALL)
z = np.load("z.npy")
ok((z[:, :, -1] == 0).all() and np.array_equal(z[:, :, :-1], o[:, :, :-1]) and (o[:, :, -1] != 0).any(),
   "--zero-last zeroes the last sample and no other")
result("sources and receivers by cell", "simulate", "--velocity", "one.npy", "--output", "cells.npy", "--sources", "1,0 1,29",
       "--receivers", "1,0..29", *SMALL)
ok(np.array_equal(np.load("cells.npy"), o), "the cells of the default acquisition give the default gathers")
with open("cells.txt", "w") as f:
    f.write("1,29\n1,0..28:4\n")
result("receivers from a file", "simulate", "--velocity", "one.npy", "--output", "cells.npy", "--receivers", "@cells.txt",
       *SMALL)
ok(np.array_equal(np.load("cells.npy"), o[:, :, :, [29] + list(range(0, 29, 4))]), "receivers in the order of the list")
w = o[0, 0, :, 0] * 0
k = np.arange(147)
b = (np.pi * 15 * 0.001 * (73 - k)) ** 2
np.save("ricker.npy", ((1 - 2 * b) * np.exp(-b)).astype(np.float32))
result("a wavelet from a file", "simulate", "--velocity", "one.npy", "--output", "w.npy", "--wavelet", "ricker.npy", *SMALL)
ok(np.array_equal(np.load("w.npy"), o), "the Ricker wavelet as a file gives the default gathers")
for word, options in {"order 8": ["--order", "8"], "free surface": ["--free-surface"], "live": ["--mode", "live"],
                      "15 to 12 Hz": ["--frequency", "12"], "dt": ["--dt", "0.0008"], "spacing": ["--spacing", "12"]}.items():
    result(word, "simulate", "--velocity", "one.npy", "--output", "x.npy", *SMALL, *options)
    x = np.load("x.npy")
    ok(x.shape == o.shape and np.isfinite(x).all() and not np.array_equal(x, o), f"{word} changes the gathers")
result("fast mode", "simulate", "--velocity", "one.npy", "--output", "x.npy", "--mode", "fast", *SMALL)
x = np.load("x.npy")
ok(np.linalg.norm(x - o) <= 1e-5 * np.linalg.norm(o), "fast mode within 1e-5 of exact")

# ---- compare
c = result("compare", "compare", "batch_s.npy", "batch_s.npy")
ok(c.get("identical") == s.size == c.get("samples") and c.get("relative_l2") == 0 and c.get("max_abs") == 0
   and c.get("log_norm_mse") == 0, "a file against itself: all identical", c)
np.save("shift.npy", s * np.float32(1.5))
c = result("compare", "compare", "shift.npy", "batch_s.npy")
ok(abs(c.get("relative_l2", 0) - 0.5) < 1e-6 and abs(c.get("max_abs", 0) - 0.5 * np.abs(s).max()) < 1e-5,
   "half as much again: relative L2 0.5", c)
c = result("compare --skip-last", "compare", "z.npy", "one_s.npy", "--skip-last")
ok(c.get("identical") == c.get("samples") == 2 * 119 * 30, "--skip-last leaves the last sample out", c)

# the figures against numpy, and the residual in units of the reflections
rng = np.random.default_rng(5)
noisy = (s + 0.01 * rng.standard_normal(s.shape)).astype(np.float32)
np.save("noisy.npy", noisy)
tops = np.repeat(batch[:, :, 1:2], batch.shape[2], axis=2)
np.save("tops.npy", tops)
result("gathers of the top row", "simulate", "--velocity", "tops.npy", "--output", "tops_s.npy", *SMALL)
x, y, t = (np.load(f).astype(float) for f in ("noisy.npy", "batch_s.npy", "tops_s.npy"))
PHYSICS = ["--device", "reference", "--absorb", "8"]
c = result("compare --velocity", "compare", "noisy.npy", "batch_s.npy", "--velocity", "batch.npy", *PHYSICS)


def log_norm(v):
    low, high = -np.log1p(30), np.log1p(60)
    return (np.sign(v) * np.log1p(np.abs(v)) - low) / (high - low) * 2 - 1


norm = np.linalg.norm
for key, value in {"relative_l2": norm(x - y) / norm(y), "log_norm_mse": ((log_norm(x) - log_norm(y)) ** 2).mean(),
                   "max_abs": np.abs(x - y).max(), "mae": np.abs(x - y).mean(),
                   "correlation": (x * y).sum() / norm(x) / norm(y),
                   "silence_log_norm_mse": ((log_norm(0 * y) - log_norm(y)) ** 2).mean(),
                   "reflection_residual": norm(x - y) / norm(y - t), "reflection_share": norm(y - t) / norm(y)}.items():
    ok(abs(c.get(key, 0) / value - 1) < 1e-9, f"{key} as numpy has it, {value:.6g}", c)
ok(c.get("samples") == s.size and c.get("identical") == int((noisy == s).sum()) and c.get("nothing_to_reflect") is bool(norm(y - t) < 0.01 * norm(y)),
   "counts", c)
c = result("compare --per-shot", "compare", "noisy.npy", "batch_s.npy", "--skip-last", "--per-shot")
d = (x - y)[:, :, :-1]
ok([(o["gather"], o["shot"]) for o in c.get("shots", [])] == [(i, k) for i in range(3) for k in range(2)]
   and all(abs(o["relative_l2"] / (norm(d[o["gather"], o["shot"]]) / norm(y[o["gather"], o["shot"], :-1])) - 1) < 1e-9
           for o in c["shots"]), "the figures of every shot of every gather", c)
np.save("flipped.npy", -2 * s)
c = result("compare --calibrate gain", "compare", "flipped.npy", "batch_s.npy", "--calibrate", "gain", "--lag")
ok(c.get("relative_l2") == 0 and c.get("correlation") == 1 and c.get("mean_abs_lag_s", 1) < 1e-5, "a gain of -1/2 fits", c)
whole = [word if word != "120" else "400" for word in SMALL]
result("gathers that end quietly", "simulate", "--velocity", "one.npy", "--output", "whole_s.npy", *whole)
w = np.load("whole_s.npy")
late = np.zeros_like(w)
late[:, :, 7:] = w[:, :, :-7]
np.save("late.npy", late)
c = result("compare --lag", "compare", "late.npy", "whole_s.npy", "--lag", "--frequency", "15")
ok(abs(c.get("mean_abs_lag_s", 0) - 0.007) < 1e-4 and abs(c.get("half_period_s", 0) - 1 / 30) < 1e-9
   and c.get("cycle_skip_suspects") == 0 and c.get("traces_with_lag") == 60, "seven samples late", c)
np.save("cells_s.npy", np.load("cells.npy"))
c = result("compare with receivers of its own", "compare", "cells_s.npy", "cells_s.npy", "--velocity", "one.npy",
           "--receivers", "@cells.txt", *PHYSICS)
ok(c.get("reflection_residual") == 0 and c.get("reflection_share", 0) > 0, "r_R with --receivers", c)
expect(2, "the wrong acquisition", "compare", "cells_s.npy", "cells_s.npy", "--velocity", "one.npy", *PHYSICS,
       error="--receivers")
expect(2, "maps of another number", "compare", "batch_s.npy", "batch_s.npy", "--velocity", "one.npy", *PHYSICS, error="1 maps")
expect(2, "gathers of another shape", "compare", "batch_s.npy", "one_s.npy", error="must agree")
r = cli("compare", "noisy.npy", "batch_s.npy", "--quiet")
ok(r.returncode == 0 and any(line.split() and line.split()[0] == "relative_l2" for line in r.stdout.splitlines()),
   "text for people names the figures", described(r))

# ---- gradient
LONG = [word if word != "120" else "400" for word in SMALL]
slow = one.copy()
slow[12:] = 2900
np.save("slow.npy", slow)
result("observed gathers", "simulate", "--velocity", "one.npy", "--output", "long_s.npy", *LONG)
result("start gathers", "simulate", "--velocity", "slow.npy", "--output", "slow_s.npy", *LONG)
observed = np.load("long_s.npy").astype(float)


def half_square(path):
    return 0.5 * ((np.load(path).astype(float) - observed) ** 2).sum()


def misfit(v):
    np.save("probe.npy", v)
    cli("simulate", "--velocity", "probe.npy", "--output", "probe_s.npy", *LONG, "--quiet")
    return half_square("probe_s.npy")


g = result("gradient", "gradient", "--velocity", "slow.npy", "--observed", "long_s.npy", "--output", "g.npy", *LONG)
reported = g.get("maps", [{}])[0].get("misfit", 0)
ok(abs(reported - half_square("slow_s.npy")) <= 1e-6 * reported, "misfit is half the sum of squares", g)
gradient = np.load("g.npy")
ok(gradient.shape == (1, 1, 24, 30), "the gradient is a map", gradient.shape)
bump = np.zeros_like(slow)
bump[13:20, 8:22] = 4.0  # away from the least velocity, which the gradient holds fixed
predicted = (gradient[0, 0].astype(float) * bump).sum()
measured = (misfit(slow + bump) - misfit(slow - bump)) / 2
ok(abs(predicted - measured) <= 0.01 * abs(measured),
   f"it predicts the change of the misfit: {predicted:.5g} for {measured:.5g}")
result("gradient in live mode", "gradient", "--velocity", "slow.npy", "--observed", "long_s.npy", "--output", "g.npy", "--mode",
       "live", *LONG)
expect(2, "gathers of another acquisition", "gradient", "--velocity", "slow.npy", "--observed", "long_s.npy", "--output",
       "g.npy", "--device", "reference", error="--samples")
expect(2, "more maps than gathers", "gradient", "--velocity", "batch.npy", "--observed", "long_s.npy", "--output", "g.npy",
       *LONG, error="3 maps")

# ---- info
i = result("info", "info", "batch_s.npy")
ok(i.get("shape") == [3, 2, 120, 30] and i.get("dtype") == "<f4" and abs(i.get("max", 0) - s.max()) < 1e-6 * s.max(),
   "info: shape, type, range", i)
np.save("nan.npy", np.array([1, np.nan, np.inf], np.float32))
i = result("info", "info", "nan.npy")
ok(i.get("nan") == 1 and i.get("infinite") == 1, "info counts NaN and infinity", i)
i = result("info of integers", "info", "--header", "nan.npy")
ok("min" not in i and i.get("shape") == [3], "--header reads no values", i)
i = result("info --devices", "info", "--devices")
ok(any("reference" in line for line in i.get("devices", [])), "info --devices", i)
expect(2, "info of a missing file", "info", "nothing.npy", error="nothing.npy")
expect(2, "info of a folder", "info", ".", error=".")

# ---- convert
batch_s = np.load("batch_s.npy")
result("npy to raw", "convert", "batch_s.npy", "b.raw")
ok(np.array_equal(np.fromfile("b.raw", "<f4"), batch_s.ravel()), "raw is little-endian float32 in C order")
result("raw to npy", "convert", "b.raw", "b.npy", "--shape", "3,2,120,30")
ok(np.array_equal(np.load("b.npy"), batch_s), "and back")
result("npy to float64", "convert", "b.npy", "b64.npy", "--dtype", "f64")
ok(np.load("b64.npy").dtype == np.float64 and np.array_equal(np.load("b64.npy"), batch_s), "--dtype f64")
result("npy to SEG-Y", "convert", "batch_s.npy", "b.sgy", "--index", "1", "--dt", "0.002", "--geometry")
result("SEG-Y to npy", "convert", "b.sgy", "b1.npy")
ok(np.array_equal(np.load("b1.npy"), batch_s[1:2]), "gathers through SEG-Y, bit for bit")
i = result("info of SEG-Y", "info", "b.sgy")
ok((i.get("shots"), i.get("receivers"), i.get("samples"), i.get("interval"), i.get("sample_format")) == (2, 30, 120, 2000, 5),
   "its headers: shots, receivers, samples, interval, IEEE", i)
result("one shot of it", "convert", "b.sgy", "b2.npy", "--shot", "2")
ok(np.array_equal(np.load("b2.npy"), batch_s[1:2, 1:2]), "--shot 2 is the second shot")
result("IBM floats", "convert", "batch_s.npy", "ibm.sgy", "--index", "1", "--ibm")
result("IBM floats back", "convert", "ibm.sgy", "ibm.npy")
ok(np.allclose(np.load("ibm.npy"), batch_s[1:2], rtol=2 ** -19, atol=1e-30), "IBM floats within 2^-20")
result("a map to SEG-Y", "convert", "one.npy", "v.sgy", "--spacing", "12.5")
result("and back", "convert", "v.sgy", "v.npy", "--as", "velocity")
ok(np.array_equal(np.load("v.npy")[0, 0], one), "a map through SEG-Y, bit for bit")
expect(1, "a batch into SEG-Y", "convert", "batch.npy", "x.sgy", error="--index")
expect(1, "an index too far", "convert", "batch.npy", "x.sgy", "--index", "3", error="3 records")
expect(1, "raw without a shape", "convert", "b.raw", "x.npy", error="--shape")
expect(2, "raw with a wrong shape", "convert", "b.raw", "x.npy", "--shape", "2,2,120,30", error="bytes")
expect(1, "a shape that is none", "convert", "b.raw", "x.npy", "--shape", "2,,3", error="--shape")
expect(1, "a name without a format", "convert", "one.npy", "x.dat", error="--to")
expect(2, "text as SEG-Y", "convert", "cells.txt", "x.npy", "--from", "segy", error="cells.txt")
ok(not [f for f in listing() if f.startswith("x.") and f != "x.npy"], "nothing of this wrote a file", listing())

# ---- bench
b = result("bench", "bench", "--device", "reference", "--mode", "exact", "--repeat", "3", "--rows", "30", "--columns", "30",
           "--gradient", "--samples", "100", "--absorb", "8")
rows = b.get("results", [])
ok([r["what"] for r in rows] == ["gathers", "gradient"] and all(
    r["min_seconds"] <= r["median_seconds"] <= r["max_seconds"] and r["points_per_second"] > 0 for r in rows),
   "bench: least, median and most in order", b)
points = (30 + 16) ** 2 * 100 * 5
ok(rows and abs(rows[0]["points_per_second"] * rows[0]["median_seconds"] / points - 1) < 1e-6, "points a second of the padded grid")
done()
