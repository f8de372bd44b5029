#!/bin/sh
# All speed figures of the solver, and of the networks on the CPU, in one go: sh tests/bench/run.sh [build folder
# [repeats]]. Builds in release mode, runs bench_wave and bench_network, and beside them, where PEER_PYTHON
# (default ../venv-peer/bin/python) has deepwave, torch and onnxruntime, the comparisons. The output is what
# tests/bench/RESULTS.md quotes.
set -e
cd "$(dirname "$0")/../.."
build=${1:-build-bench}
repeats=${2:-21}
[ -d "$build" ] || meson setup "$build" -Dbuildtype=release -Dcuda=disabled >/dev/null
ninja -C "$build" tests/bench_wave tests/bench_network >/dev/null
date -u
grep -m1 'model name' /proc/cpuinfo || true
echo "load: $(cat /proc/loadavg), cores: $(nproc)"
"$build/tests/bench_wave" "$repeats"
for threads in 1 2; do "$build/tests/bench_network" cpu:$threads "$repeats" all; done
python=${PEER_PYTHON:-../venv-peer/bin/python}
if [ -x "$python" ] && "$python" -c 'import deepwave' 2>/dev/null; then
  "$python" tests/bench/peer_deepwave.py "$build/tests/bench_wave" "$repeats"
else
  echo "peer: skipped, $python cannot import deepwave (set PEER_PYTHON)"
fi
if [ -x "$python" ] && "$python" -c 'import torch, onnxruntime, onnxscript' 2>/dev/null; then
  for threads in 1 2; do "$python" tests/bench/peer_network.py "$build/tests/bench_network" $threads "$repeats"; done
else
  echo "peer: skipped, $python cannot import torch, onnxruntime and onnxscript (set PEER_PYTHON)"
fi
