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

# The tests that use the window run one after another, each on a display of its own, and wait for a picture or a
# pause half of the time: all the others run beside them, behind them where processors are short, and after those the
# tests of the window that draw with OpenGL.
tests() { # LOG OPTION...: what did not pass is found in the log, by tests/count.py
  log=$1
  shift
  ${polite:-} meson test -C "$build" --no-rebuild --print-errorlogs --logbase "$log" --no-suite bench "$@" || true
}
rm -f "$build"/meson-logs/testlog*.json
tests testlog-ui --suite ui --no-suite gl >"$build/tests-ui.log" 2>&1 &
window=$!
polite="nice -n 10" tests testlog --no-suite ui
tests testlog-gl --suite gl
wait "$window"
cat "$build/tests-ui.log"
# Each test has left its line, also where meson itself came to an end before them.
wanted=$(meson test -C "$build" --no-rebuild --list --no-suite bench 2>/dev/null | grep -c ' / ')
ran=$(cat "$build"/meson-logs/testlog*.json | wc -l)
if [ "$ran" -ne "$wanted" ]; then
  echo "of $wanted tests $ran were run"
  exit 1
fi
exec python3 "$root/tests/count.py" "$build"/meson-logs/testlog*.json
