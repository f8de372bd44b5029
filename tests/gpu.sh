#!/bin/sh
# Everything that wants a GPU, in one call of at most ten minutes on a machine that has one: builds (meson, ninja,
# gcc, nvcc; nothing else is needed), tests the CUDA backend against the reference, looks for races and stray
# accesses with compute-sanitizer where it is installed, and times every path. Reports lie in $OUT (default
# build-gpu/report): summary.txt, build.log, ptxas.txt, test_*.tap, sanitizer-*.txt, paths.csv. The last line says
# whether all of it passed.
#
#   sh tests/gpu.sh [--no-bench]
#
# NVCC names the compiler when it is not on the PATH or in /usr/local/cuda. WD_SHARED_DATA names the folder of the
# OpenFWI pair; without it that one comparison is skipped.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
build=$root/build-gpu
out=${OUT:-$build/report}
mkdir -p "$out"
summary=$out/summary.txt
: >"$summary"
failures=0
say() { echo "$*" | tee -a "$summary"; }
fail() {
  failures=$((failures + 1))
  say "FAILED: $*"
}

started=$(date +%s)
say "$(uname -sm), $(nproc) cores, $( (nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || echo 'no nvidia-smi') | head -n 1)"

meson=$(command -v meson || echo 'python3 -m mesonbuild.mesonmain')
again=
if [ -f "$build/build.ninja" ]; then again=--reconfigure; fi
if ! {
  $meson setup $again "$build" "$root" -Dcuda=enabled -Dbuildtype=release -Dsolver_only=true -Dsegyio=disabled &&
    ninja -C "$build" tests/test_wave_cuda tests/test_cuda_emulated tests/cuda_paths
} >"$out/build.log" 2>&1; then
  tail -n 40 "$out/build.log"
  say "FAILED: the build; see build.log"
  exit 1
fi
say "built in $(($(date +%s) - started)) s"

# Registers, spills and shared memory of every kernel, from the objects that were built.
if command -v cuobjdump >/dev/null; then
  cuobjdump -res-usage "$build"/solver/cuda/*.o >"$out/ptxas.txt" 2>&1 || true
fi

for name in test_wave_cuda test_cuda_emulated; do
  start=$(date +%s)
  timeout 240 "$build/tests/$name" >"$out/$name.tap" 2>"$out/$name.err" || fail "$name (see $name.tap)"
  say "$name: $(grep -c '^ok' "$out/$name.tap") passed, $(grep -c '^not ok' "$out/$name.tap") failed, $(grep -c 'SKIP' "$out/$name.tap") of them skipped, $(($(date +%s) - start)) s"
done

grep -q '^# cuda' "$out/test_wave_cuda.tap" || fail "no CUDA device: $(head -n 1 "$out/test_wave_cuda.tap")"

if command -v compute-sanitizer >/dev/null && grep -q '^# cuda' "$out/test_wave_cuda.tap"; then
  for tool in memcheck racecheck synccheck; do
    start=$(date +%s)
    # WD_CUDA_TEST=small: two problems, all paths. The tools slow kernels down some hundred times.
    WD_CUDA_TEST=small timeout 100 compute-sanitizer --tool "$tool" --error-exitcode 9 "$build/tests/test_wave_cuda" \
      >"$out/sanitizer-$tool.txt" 2>&1
    case $? in
    0) say "compute-sanitizer $tool: clean, $(($(date +%s) - start)) s" ;;
    124) say "compute-sanitizer $tool: not finished in 100 s" ;;
    *) fail "compute-sanitizer $tool (see sanitizer-$tool.txt)" ;;
    esac
  done
else
  say "compute-sanitizer: not run (it or a device is missing)"
fi

case " $* " in
*' --no-bench '*) ;;
*)
  if timeout 150 "$build/tests/cuda_paths" cuda 7 >"$out/paths.csv" 2>"$out/paths.err"; then
    cat "$out/paths.csv"
  else
    fail "cuda_paths: $(tail -n 1 "$out/paths.err")"
  fi
  ;;
esac

say "$(($(date +%s) - started)) s in all"
if [ $failures -eq 0 ]; then say "gpu.sh: all passed"; else say "gpu.sh: $failures failed"; fi
[ $failures -eq 0 ]
