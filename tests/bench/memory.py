#!/usr/bin/env python3
"""Peak memory of every command, on the model that comes with the program: memory.py CLI [FOLDER]. Prints the table that
tests/bench/RESULTS.md quotes."""
import os
import shlex
import subprocess
import sys
import tempfile

cli = os.path.abspath(sys.argv[1])
folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="wd-memory-")
os.chdir(folder)
COMMANDS = """
generate --family all --count 20 --seed 1 --output data
generate --family all --count 40 --seed 1 --output shards --codec
simulate --velocity data/velocity-00000.npy --output s.npy
gradient --velocity data/velocity-00000.npy --observed data/seismic-00000.npy --output g.npy --mode live
compare s.npy data/seismic-00000.npy --velocity data/velocity-00000.npy
convert data/seismic-00000.npy shots.sgy --index 3
render data/velocity-00000.npy --index 7 --beside data/seismic-00000.npy -o pair.png
sample --model default --seeds 0-19 --steps 16 -o run
sample --model default --seeds 0-3 --steps 16 --score every=4 -o scored
encode --model default --data data -o encoded
decode --model default --latents encoded/latents.npy -o decoded
interpolate --model default --anchors 0,2 --frames 9 -o walk
residual decoded
refine --model default --latents encoded/latents.npy --steps 2 --mode exact -o refined
sample --model default --seeds 0-11 --family all --steps 8 --score every=4 --scores-only -o population
rank population --worst 5 --csv rank.csv --sheet worst.png
rank --test-pairs 3 --noise 0.3
record --model default --seed 7 --steps 8 --branch at=4,sampler=ddim,eta=1,noise=2 -o run.wdrun
render run.wdrun --panels vel,dec,sim,diff,res --step 4 -o step.pdf
render run.wdrun --panels trace,lags,arrivals --step 8 --receiver 20 -o close.png
render population/samples.wdpop --panels histogram,scatter -o flaws.png
movie run.wdrun --shot 3 --speed 2000 -o wave
movie run.wdrun --shot 3 --speed 500 -o wave.mp4
movie run.wdrun --shot 3 --speed 500 -o wave.webm
movie run.wdrun --shot 3 --speed 500 -o wave.gif
movie run.wdrun --what steps -o steps
info run.wdrun
lesson check 5
redraw --model default --count 4 -o redrawn
evaluate --model default --count 20 -o evaluation
train --stage autoencoder --data shards --output model --steps 3
train --stage diffusion --data shards --output model --steps 3
bench --repeat 1
"""
print("| command | peak memory |\n| --- | --- |")
bad = False
for line in COMMANDS.strip().splitlines():
    p = subprocess.Popen([cli, *shlex.split(line), "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = p.stderr.read().decode()
    _, status, usage = os.wait4(p.pid, 0)
    bad |= status != 0
    print(f"| `{line}` | {usage.ru_maxrss / 1024:.0f} MiB |" + (f" failed: {said.strip()[-200:]}" if status else ""), flush=True)
sys.exit(bad)
