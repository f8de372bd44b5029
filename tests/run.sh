#!/bin/sh
# The one test command: installs what is missing, builds, runs every test, and ends with the line
# `N passed, N failed, N skipped`. The build lies in build-test/ (or $WD_BUILD); $WD_SETUP holds options for meson
# setup. What is installed already needs no network.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${WD_BUILD:-$root/build-test}
sh "$root/tests/install.sh" build test

mkdir -p "$build"
log=$build/build.log
if [ -f "$build/build.ninja" ]; then set -- --reconfigure; else set --; fi
if ! { meson setup "$@" ${WD_SETUP:-} "$build" "$root" && ninja -C "$build"; } >"$log" 2>&1; then
  tail -n 60 "$log"
  echo "the build failed; all of its output is in $log"
  exit 1
fi
grep -E "warning:" "$log" || true

rm -f "$build/meson-logs/testlog.json"
meson test -C "$build" --no-rebuild --print-errorlogs --no-suite bench || true
if [ ! -f "$build/meson-logs/testlog.json" ]; then
  echo "the tests did not run"
  exit 1
fi
exec python3 "$root/tests/count.py" "$build/meson-logs/testlog.json"
