#!/bin/sh
# Makes the recorded demo, resources/demo/demo.wdrun, again: sh app/make_demo.sh [path to wavediffusion-cli]
# One run of the shipped model and one branch, every position scored in exact mode; the run's decoded pairs, and the
# simulated gathers of its ends, so that it replays where there is no model (2.9 MB).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cli=${1:-$root/build/app/cli/wavediffusion-cli}
mkdir -p "$root/resources/demo"
exec "$cli" record --model "$root/resources/models/default" --seed 35 --family flatfault-b --steps 16 \
  --branch 'at=5,sampler=ddim,eta=1,noise=2' --decoded 1 --simulated 16 --device cpu -o "$root/resources/demo/demo.wdrun"
