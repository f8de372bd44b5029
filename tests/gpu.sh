#!/bin/sh
# Everything that wants a GPU, in one call of at most ten minutes on a machine that has one: builds (meson, ninja,
# gcc, nvcc; nothing else is needed; networks open cuBLAS at run time), tests the CUDA backends of the solver and of
# the networks against the reference, looks for races and stray accesses with compute-sanitizer where it is
# installed, and times every path. Reports lie in $OUT (default build-gpu/report): summary.txt, build.log, ptxas.txt,
# test_*.tap, sanitizer-*.txt, paths.csv, networks.csv, nodes.csv, and peers.csv where PyTorch is at hand. The last line
# says whether all of it passed.
#
#   sh tests/gpu.sh [--no-bench] [--no-sanitizer] [--only solver|networks]
#
# NVCC names the compiler when it is not on the PATH or in /usr/local/cuda, WAVEDIFFUSION_CUBLAS the library when it is
# not where programs look. WD_SHARED_DATA names the folder of the OpenFWI pair; without it that one comparison is
# skipped.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
build=$root/build-gpu
out=${OUT:-$build/report}
mkdir -p "$out"
summary=$out/summary.txt
: >"$summary"
failures=0
bench=yes
sanitizer=yes
parts='solver networks'
while [ $# -gt 0 ]; do
  case $1 in
  --no-bench) bench=no ;;
  --no-sanitizer) sanitizer=no ;;
  --only)
    parts=${2:-}
    shift
    ;;
  *)
    echo "gpu.sh: what is $1?"
    exit 2
    ;;
  esac
  shift
done
say() { echo "$*" | tee -a "$summary"; }
fail() {
  failures=$((failures + 1))
  say "FAILED: $*"
}
part() { case " $parts " in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

started=$(date +%s)
say "$(uname -sm), $(nproc) cores, $( (nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || echo 'no nvidia-smi') | head -n 1)"

solver_tests='test_wave_cuda test_cuda_emulated'
network_tests='test_ops test_networks test_stepper test_net_cuda_emulated'
tests=
targets=
if part solver; then
  tests=$solver_tests
  targets='tests/cuda_paths'
fi
if part networks; then
  tests="$tests $network_tests"
  targets="$targets tests/bench_network"
fi
for name in $tests; do targets="$targets tests/$name"; done
[ -n "$tests" ] || {
  echo "gpu.sh: --only solver or networks"
  exit 2
}

meson=$(command -v meson || echo 'python3 -m mesonbuild.mesonmain')
again=
if [ -f "$build/build.ninja" ]; then again=--reconfigure; fi
# shellcheck disable=SC2086
if ! {
  $meson setup $again "$build" "$root" -Dcuda=enabled -Dbuildtype=release -Dbare=true -Dsegyio=disabled \
    -Donednn=disabled && ninja -C "$build" $targets
} >"$out/build.log" 2>&1; then
  tail -n 40 "$out/build.log"
  say "FAILED: the build; see build.log"
  exit 1
fi
say "built in $(($(date +%s) - started)) s"

# Registers, spills and shared memory of every kernel, from the objects that were built.
if command -v cuobjdump >/dev/null; then
  cuobjdump -res-usage "$build"/solver/cuda/*.o "$build"/model/cuda/*.o >"$out/ptxas.txt" 2>&1 || true
fi

for name in $tests; do
  start=$(date +%s)
  timeout 240 "$build/tests/$name" >"$out/$name.tap" 2>"$out/$name.err" || fail "$name (see $name.tap)"
  say "$name: $(grep -c '^ok' "$out/$name.tap") passed, $(grep -c '^not ok' "$out/$name.tap") failed, $(grep -c 'SKIP' "$out/$name.tap") of them skipped, $(($(date +%s) - start)) s"
done

# on_device TEST PATTERN: whether the test met a device; a report of nothing but skipped points is a failure here.
on_device() {
  grep -v SKIP "$out/$1.tap" | grep -q "$2" && return 0
  fail "$1 met no CUDA device: $(grep -m 1 SKIP "$out/$1.tap")"
  return 1
}
device=yes
if part solver; then on_device test_wave_cuda '^# cuda' || device=no; fi
if part networks; then
  for name in test_ops test_networks test_stepper; do
    on_device "$name" ' on cuda: ' || device=no
  done
  [ $device = no ] || grep -h ' on cuda: ' "$out"/test_ops.tap "$out"/test_networks.tap >"$out/distances.txt"
fi

# sanitize NAME SECONDS TOOL TEST [VARIABLE=VALUE]: the tools slow kernels down some hundred times.
sanitize() {
  start=$(date +%s)
  env ${5:+"$5"} timeout "$2" compute-sanitizer --tool "$3" --error-exitcode 9 "$build/tests/$4" \
    >"$out/sanitizer-$1-$3.txt" 2>&1
  case $? in
  0) say "compute-sanitizer $3, $1: clean, $(($(date +%s) - start)) s" ;;
  124) say "compute-sanitizer $3, $1: not finished in $2 s" ;;
  *) fail "compute-sanitizer $3, $1 (see sanitizer-$1-$3.txt)" ;;
  esac
}

if [ $sanitizer = yes ] && [ $device = yes ] && command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck synccheck; do
    # small: two problems, all paths.
    if part solver; then sanitize solver 100 $tool test_wave_cuda WD_CUDA_TEST=small; fi
    if part networks; then sanitize networks 100 $tool test_ops; fi
  done
  if part networks; then sanitize steps 60 memcheck test_stepper; fi
else
  say "compute-sanitizer: not run (not wanted, or it or a device is missing)"
fi

if [ $bench = yes ] && [ $device = yes ]; then
  if part solver; then
    if timeout 150 "$build/tests/cuda_paths" cuda 7 >"$out/paths.csv" 2>"$out/paths.err"; then
      cat "$out/paths.csv"
    else
      fail "cuda_paths: $(tail -n 1 "$out/paths.err")"
    fi
  fi
  if part networks; then
    # A denoising step (batch 1; guided: 2), decode and encode of both, training; recorded, then launch by launch.
    : >"$out/networks.csv"
    for precision in f32 tf32 bf16; do
      for replay in on off; do
        echo "# replay $replay" >>"$out/networks.csv"
        WAVEDIFFUSION_REPLAY=$replay timeout 60 "$build/tests/bench_network" cuda 51 all $precision \
          >>"$out/networks.csv" 2>"$out/networks.err" || fail "bench_network: $(tail -n 1 "$out/networks.err")"
      done
    done
    for what in stage1:64 stage2:256; do
      timeout 60 "$build/tests/bench_network" cuda 21 $what bf16 >>"$out/networks.csv" 2>"$out/networks.err" ||
        fail "bench_network: $(tail -n 1 "$out/networks.err")"
    done
    cat "$out/networks.csv"
    for what in denoise decode stage1 stage2; do
      timeout 60 "$build/tests/bench_network" cuda 11 $what:ops tf32
    done >"$out/nodes.csv" 2>>"$out/networks.err" || fail "bench_network: the time of nodes"
    python=${PEER_PYTHON:-python3}
    if "$python" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
      timeout 150 "$python" tests/bench/peer_network_cuda.py "$build/tests/bench_network" 31 >"$out/peers.csv" \
        2>"$out/peers.err" || say "peers: stopped (see peers.err)"
      cat "$out/peers.csv"
    else
      say "peers: $python has no PyTorch that sees the device (PEER_PYTHON names another)"
    fi
  fi
fi

say "$(($(date +%s) - started)) s in all"
if [ $failures -eq 0 ]; then say "gpu.sh: all passed"; else say "gpu.sh: $failures failed"; fi
[ $failures -eq 0 ]
