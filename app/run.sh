#!/bin/sh
# Installs what is missing, builds into build/ and starts the program. There is no window yet: without arguments
# this makes a velocity map, simulates its five shots and draws both; with arguments they go to wavediffusion-cli.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${WD_BUILD:-$root/build}
sh "$root/tests/install.sh" build

mkdir -p "$build"
log=$build/build.log
reconfigure=
[ ! -f "$build/build.ninja" ] || reconfigure=--reconfigure
if ! { meson setup $reconfigure "$build" "$root" && ninja -C "$build"; } >"$log" 2>&1; then
  tail -n 60 "$log"
  echo "the build failed; all of its output is in $log"
  exit 1
fi
cli=$build/app/cli/wavediffusion-cli
[ $# -eq 0 ] || exec "$cli" "$@"

demo=$build/demo
"$cli" generate --family curvefault-b --count 4 --seed 3 --output "$demo"
"$cli" render "$demo/velocity-00000.npy" --index 3 --beside "$demo/seismic-00000.npy" --survey --output "$demo/pair.png"
echo "A map with its gathers, simulated just now: $demo/pair.png"
echo "More: $cli --help"
