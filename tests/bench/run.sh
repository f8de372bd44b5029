#!/bin/sh
# All speed figures of the solver in one go: sh tests/bench/run.sh [build folder [repeats]]. Builds in release
# mode, runs bench_wave, and beside it, where PEER_PYTHON (default ../venv-peer/bin/python) can import deepwave,
# the comparison with it. The output is what tests/bench/RESULTS.md quotes.
set -e
cd "$(dirname "$0")/../.."
build=${1:-build-bench}
repeats=${2:-21}
[ -d "$build" ] || meson setup "$build" -Dbuildtype=release -Dcuda=disabled >/dev/null
ninja -C "$build" tests/bench_wave >/dev/null
date -u
grep -m1 'model name' /proc/cpuinfo || true
echo "load: $(cat /proc/loadavg), cores: $(nproc)"
"$build/tests/bench_wave" "$repeats"
python=${PEER_PYTHON:-../venv-peer/bin/python}
if [ -x "$python" ] && "$python" -c 'import deepwave' 2>/dev/null; then
  "$python" tests/bench/peer_deepwave.py "$build/tests/bench_wave" "$repeats"
else
  echo "peer: skipped, $python cannot import deepwave (set PEER_PYTHON)"
fi
