"""Deepwave's C backend beside ours on the same model, in the same run.

usage: peer_deepwave.py BENCH_WAVE [repeats]

Both propagate five OpenFWI shots (70 x 70 cells of 10 m, 1 ms, 1000 samples, 15 Hz, order 4 in space) on two
threads, by turns, and the least wall time of each counts. Deepwave runs with PML 120 (its grid is 2 x 2 cells
larger on each side than ours, against our exact and fast mode) and PML 20 (against live mode with 20 cells). The
model stays under 4000 m/s, so that Deepwave's stability rule takes no second inner time step. Deepwave is a
yardstick only (pip install deepwave torch, outside the project)."""
import csv
import io
import subprocess
import sys
import time

import numpy as np
import torch
import deepwave


def deepwave_run(pml):
    velocity = torch.full((70, 70), 1500.0)
    for z in range(70):
        velocity[:, z] = 1500.0 + 2300.0 * ((z * 7) % 10) / 10.0  # deepwave wants [x, z] or [z, x] alike
    column = torch.tensor([0, 17, 34, 52, 69])
    source = torch.stack([torch.ones(5, dtype=torch.long), column], 1).reshape(5, 1, 2)
    receiver = torch.stack([torch.ones(70, dtype=torch.long), torch.arange(70)], 1).expand(5, 70, 2)
    wavelet = deepwave.wavelets.ricker(15.0, 1000, 0.001, 0.073).reshape(1, 1, -1).repeat(5, 1, 1)
    with torch.no_grad():
        return deepwave.scalar(
            velocity, 10.0, 0.001, source_amplitudes=wavelet, source_locations=source,
            receiver_locations=receiver.contiguous(), accuracy=4, pml_width=pml, pml_freq=15.0,
            max_vel=3900.0)[-1]


def least_deepwave(pml):
    start = time.perf_counter()
    out = deepwave_run(pml)
    seconds = time.perf_counter() - start
    if not bool(torch.isfinite(out).all()) or float(out.abs().max()) == 0:
        sys.exit("deepwave: the gather is empty or not finite")
    return 1e3 * seconds


def ours(program):
    text = subprocess.run([program, "3", "modes"], check=True, capture_output=True, text=True).stdout
    rows = csv.DictReader(io.StringIO("\n".join(l for l in text.splitlines() if not l.startswith("#"))))
    best = {}
    for row in rows:
        best.setdefault(row["mode"], float(row["min_ms"]))  # the first of a mode: order 4, usual margins
    return best


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    repeats = max(1, int(sys.argv[2]) if len(sys.argv) > 2 else 7)
    torch.set_num_threads(2)
    mine, peer = {}, {}
    for _ in range(repeats):
        for pml in (120, 20):
            peer[pml] = min(peer.get(pml, 1e30), least_deepwave(pml))
        for mode, ms in ours(sys.argv[1]).items():
            mine[mode] = min(mine.get(mode, 1e30), ms)
    print(f"peer: deepwave {deepwave.__version__ if hasattr(deepwave, '__version__') else '?'}, "
          f"torch {torch.__version__}, numpy {np.__version__}, {torch.get_num_threads()} threads, {repeats} rounds")
    print("peer,mode,deepwave_ms,ours_ms,ratio")
    for mode, pml in (("exact", 120), ("fast", 120), ("live", 20)):
        print(f"pml{pml},{mode},{peer[pml]:.1f},{mine[mode]:.2f},{peer[pml] / mine[mode]:.2f}")


if __name__ == "__main__":
    main()
