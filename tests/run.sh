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

# The tests that use the window run one after another, and wait for a picture or a pause half of the time: all the
# others run beside them, behind them where processors are short.
rm -f "$build/meson-logs/testlog.json" "$build/meson-logs/testlog-ui.json"
meson test -C "$build" --no-rebuild --print-errorlogs --suite ui --logbase testlog-ui >"$build/tests-ui.log" 2>&1 &
window=$!
nice -n 10 meson test -C "$build" --no-rebuild --print-errorlogs --no-suite bench --no-suite ui || true
wait "$window" || true
cat "$build/tests-ui.log"
if [ ! -f "$build/meson-logs/testlog.json" ]; then
  echo "the tests did not run"
  exit 1
fi
set -- "$build/meson-logs/testlog.json"
if [ -f "$build/meson-logs/testlog-ui.json" ]; then
  set -- "$@" "$build/meson-logs/testlog-ui.json"
elif meson test -C "$build" --no-rebuild --list 2>/dev/null | grep -q "+ui /"; then
  echo "the tests of the window did not run"
  exit 1
fi
exec python3 "$root/tests/count.py" "$@"
