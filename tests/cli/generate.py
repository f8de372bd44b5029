#!/usr/bin/env python3
"""The generator command: what it writes is what simulate makes of its maps; layouts; continuing."""
import json
import os

from harness import *

DEVICE = ["--device", "cpu"]


def generate(text, *words):
    return result(text, "generate", *words, *DEVICE)


a = generate("the fixed form", "--family", "all", "--count", "12", "--seed", "5", "--output", "data")
v, s = np.load("data/velocity-00000.npy"), np.load("data/seismic-00000.npy")
ok(v.shape == (12, 1, 70, 70) and s.shape == (12, 5, 1000, 70) and v.dtype == s.dtype == np.float32,
   "(n,1,70,70) and (n,5,1000,70), float32", (v.shape, s.shape))
ok(a.get("maps") == a.get("made") == 12 and a.get("mode") == "exact" and a.get("maps_per_second", 0) > 0,
   "the result counts maps and says the mode", a)
ok(v.min() >= 1500 and v.max() <= 4500, "velocities within 1500..4500 m/s", (v.min(), v.max()))
result("simulate the maps", "simulate", "--velocity", "data/velocity-00000.npy", "--output", "again.npy", *DEVICE)
ok(np.array_equal(np.load("again.npy"), s), "the gathers are those of simulate --mode exact, bit for bit")
ok((s[:, :, -1] != 0).any(), "the last sample is there")
info = json.load(open("data/dataset.json"))
ok(info["family"] == "all" and info["seed"] == "5" and info["count"] == 12, "dataset.json says how they were made", info)

# Map k of "all" is map k / 10 of family k % 10.
generate("one family", "--family", "flatvel-a", "--count", "2", "--seed", "5", "--output", "flat")
f = np.load("flat/velocity-00000.npy")
ok(np.array_equal(f[0], v[0]) and np.array_equal(f[1], v[10]), "map k of all is map k / 10 of family k % 10")
generate("another seed", "--family", "flatvel-a", "--count", "2", "--seed", "6", "--output", "other")
ok(not np.array_equal(np.load("other/velocity-00000.npy"), f), "another seed, other maps")
generate("the test split", "--family", "flatvel-a", "--count", "2", "--seed", "5", "--output", "test", "--test")
ok(not np.array_equal(np.load("test/velocity-00000.npy"), f), "the test split has maps of its own")
generate("--zero-last", "--family", "flatvel-a", "--count", "2", "--seed", "5", "--output", "zero", "--zero-last")
z = np.load("zero/seismic-00000.npy")
whole = np.load("flat/seismic-00000.npy")
ok((z[:, :, -1] == 0).all() and np.array_equal(z[:, :, :-1], whole[:, :, :-1]), "--zero-last zeroes the last sample alone")

# A longer count keeps what is there.
generate("longer", "--family", "flatvel-a", "--count", "3", "--seed", "5", "--output", "flat")
f3 = np.load("flat/velocity-00000.npy")
ok(len(f3) == 3 and np.array_equal(f3[:2], f), "a larger count adds to what is there")
expect(1, "shorter", "generate", "--family", "flatvel-a", "--count", "1", "--seed", "5", "--output", "flat", *DEVICE,
       error="throw maps away")
expect(1, "another seed in the same folder", "generate", "--family", "flatvel-a", "--count", "3", "--seed", "6", "--output",
       "flat", *DEVICE, error="seed")
expect(1, "another layout in the same folder", "generate", "--family", "flatvel-a", "--count", "3", "--seed", "5", "--output",
       "flat", "--openfwi-layout", *DEVICE, error="layout")

# OpenFWI's own names.
generate("OpenFWI layout", "--family", "flatfault-b", "--count", "2", "--seed", "5", "--output", "openfwi",
         "--openfwi-layout")
files = sorted(f for f in listing() if f.startswith("openfwi/"))
ok(files == ["openfwi/FlatFault_B/seis6_1_0.npy", "openfwi/FlatFault_B/vel6_1_0.npy", "openfwi/dataset.json"],
   "fault families: number of layers and file in the name", files)
layered = np.load("openfwi/FlatFault_B/vel6_1_0.npy")
ok(all(len(np.unique(m)) == 12 for m in layered), "vel6: two stacks of six layers", [len(np.unique(m)) for m in layered])
generate("OpenFWI layout of all", "--family", "all", "--count", "10", "--seed", "5", "--output", "tree", "--openfwi-layout")
files = sorted(f[5:] for f in listing() if f.startswith("tree/"))
wanted = ["dataset.json"]
for side in "AB":
    for family in ("FlatVel", "CurveVel", "Style"):
        wanted += [f"{family}_{side}/data/data1.npy", f"{family}_{side}/model/model1.npy"]
    for family in ("FlatFault", "CurveFault"):
        n = 2 if side == "A" else 6
        wanted += [f"{family}_{side}/seis{n}_1_0.npy", f"{family}_{side}/vel{n}_1_0.npy"]
ok(files == sorted(wanted), "every family in its folder", files)

# Training shards.
a = generate("shards", "--family", "all", "--count", "2", "--seed", "5", "--output", "shards", "--codec")
with open("shards/shard-00000.safetensors", "rb") as f:
    header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
    payload = f.read()


def tensor(name, dtype):
    begin, end = header[name]["data_offsets"]
    return np.frombuffer(payload[begin:end], dtype).reshape(header[name]["shape"])


ok(np.array_equal(tensor("velocity", "<f4"), v[:2, 0]), "a shard holds the same maps, exactly")
ok(tensor("family", "<i4").tolist() == [0, 1] and tensor("seed", "<i8").tolist() == [5, 5]
   and tensor("index", "<i8").tolist() == [0, 0], "and says which they are")
scale = tensor("scale", "<f4")
fields = [tensor(k, "<f2").astype(float) * scale[:, i, None, None, None] for i, k in enumerate(("scattered", "direct"))]
# The codec keeps the first K cosines of N samples: ||y||^2 = K/N ||x||^2 (model/codec.h).
total = fields[0] + fields[1]
share = np.linalg.norm(total) / np.linalg.norm(s[:2].astype(float)) / np.sqrt(total.shape[2] / 1000)
ok(abs(share - 1) < 1e-3, f"scattered and direct field add up to the gathers' energy: {share:.6f}")
top = v[:2].copy()
top[:] = v[:2, :, 1:2, :]
np.save("top.npy", top)
result("F(v_top)", "simulate", "--velocity", "top.npy", "--output", "top_s.npy", *DEVICE)
direct = np.linalg.norm(fields[1]) / np.linalg.norm(np.load("top_s.npy").astype(float)) / np.sqrt(total.shape[2] / 1000)
ok(abs(direct - 1) < 1e-3, f"the direct field is F(v_top)'s: {direct:.6f}")
i = result("info of a shard", "info", "shards/shard-00000.safetensors")
ok(i.get("maps") == 2 and i.get("families") == {"flatvel-a": 1, "flatvel-b": 1} and
   {t["name"]: t["dtype"] for t in i.get("tensors", [])}.get("direct") == "F16", "its maps, families and tensors", i)
damaged = bytearray(open("shards/shard-00000.safetensors", "rb").read())
damaged[-100000] ^= 1
open("damaged.safetensors", "wb").write(damaged)
expect(2, "info of a damaged shard", "info", "damaged.safetensors", error="damaged.safetensors")
again = generate("shards, there already", "--family", "all", "--count", "2", "--seed", "5", "--output", "shards", "--codec")
ok(again.get("made") == 0, "complete shards are kept", again)
os.truncate("shards/shard-00000.safetensors", 5000)
again = generate("shards, one broken", "--family", "all", "--count", "2", "--seed", "5", "--output", "shards", "--codec")
ok(again.get("made") == 2, "a broken shard is made again", again)
expect(1, "--codec with --openfwi-layout", "generate", "--family", "all", "--count", "2", "--seed", "5", "--output", "x",
       "--codec", "--openfwi-layout", error="exclude")
done()
