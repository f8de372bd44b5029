#!/usr/bin/env python3
"""Set-ups and files that cannot be: the right exit code, a message that names the fault, and no output file."""
from harness import *

np.save("v.npy", velocity())

def refuse(code, text, path, *options, error=None):
    expect(code, text, "simulate", "--velocity", path, "--output", "out.npy", *SMALL, *options, "-q", error=error)


def saved(name, value):
    np.save(name, value)
    return name


def raw(name, data):
    with open(name, "wb") as f:
        f.write(data)
    return name


refuse(2, "a file that is missing", "missing.npy", error="missing.npy")
refuse(2, "a folder", ".", error=".")
refuse(2, "an empty file", raw("empty.npy", b""), error="empty.npy")
refuse(2, "some text", raw("text.npy", b"velocity\n" * 100), error="text.npy")
whole = open("v.npy", "rb").read()
refuse(2, "a truncated file", raw("cut.npy", whole[:-4]), error="cut.npy")
refuse(2, "a truncated header", raw("head.npy", whole[:40]), error="head.npy")
refuse(2, "a file that is too long", raw("long.npy", whole + b"1234"), error="long.npy")
refuse(2, "a header of 4 GB", raw("huge.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b" " * 100), error="huge.npy")
refuse(2, "Fortran order", saved("fortran.npy", np.asfortranarray(velocity())), error="fortran.npy")
refuse(2, "integers", saved("int.npy", velocity().astype(np.int32)), error="int.npy")
bad = velocity()
bad[3, 4] = np.nan
refuse(2, "a NaN", saved("nan.npy", bad), error="row 3, column 4")
bad[3, 4] = -1500
refuse(2, "a negative velocity", saved("negative.npy", bad), error="row 3, column 4")
bad[3, 4] = 0
refuse(2, "a velocity of zero", saved("zero.npy", bad), error="row 3, column 4")
both = velocity(2)
both[1, 0, 5, 6] = np.inf
refuse(2, "an infinity in the second map", saved("second.npy", both), error="row 5, column 6")
refuse(2, "too small a map", saved("small.npy", velocity(nz=8, nx=30)), error="16")
refuse(2, "too many dimensions", saved("dims.npy", np.ones((2, 2, 1, 20, 20), np.float32)), error="dims.npy")
refuse(2, "two channels", saved("channels.npy", np.full((2, 2, 20, 20), 2000, np.float32)), error="channels.npy")
refuse(2, "no maps", saved("none.npy", np.ones((0, 1, 20, 20), np.float32)), error="none.npy")

refuse(1, "an unstable time step", "v.npy", "--dt", "0.004", error="0.004")
refuse(1, "too coarse a grid", "v.npy", "--frequency", "90", error="badly sampled")
refuse(1, "a source outside", "v.npy", "--sources", "1,30", error="outside the map")
refuse(1, "a receiver outside", "v.npy", "--receivers", "24,0", error="outside the map")
refuse(1, "cells that are none", "v.npy", "--sources", "1;2", error="is no cell")
refuse(1, "a range that goes back", "v.npy", "--receivers", "1,9..3", error="is no cell")
refuse(2, "a file of cells that is missing", "v.npy", "--receivers", "@nowhere.txt", error="nowhere.txt")
refuse(2, "a wavelet that is missing", "v.npy", "--wavelet", "nowhere.npy", error="nowhere.npy")
refuse(2, "a wavelet of two dimensions", "v.npy", "--wavelet", "v.npy", error="wavelet")
refuse(2, "a wavelet with NaN", "v.npy", "--wavelet", saved("wnan.npy", np.array([0, np.nan, 1], np.float32)), error="wnan.npy")

ok("out.npy" not in listing() and not [f for f in listing() if f.endswith(".tmp")], "none of this left an output",
   listing())

expect(2, "a folder that is missing", "simulate", "--velocity", "v.npy", "--output", "nowhere/s.npy", *SMALL, "-q",
       error="nowhere")
open("kept.npy", "w").write("precious")
expect(2, "a failure", "simulate", "--velocity", "second.npy", "--output", "kept.npy", *SMALL, "-q")
ok(open("kept.npy").read() == "precious", "a failure leaves the old file as it was")

expect(1, "a family that is not known", "generate", "--family", "flatvel-c", "--count", "1", "--seed", "1", "--output", "d",
       error="flatvel-a")
expect(2, "an output folder that is a file", "generate", "--family", "flatvel-a", "--count", "1", "--seed", "1", "--output",
       "v.npy", "--device", "reference", error="v.npy")
expect(2, "compare: a missing file", "compare", "v.npy", "nothing.npy", error="nothing.npy")
done()
