#!/bin/sh
# Installs what is missing, builds into build/ and opens the window. Without a display it starts one of its own
# (Xvfb), makes a picture of the window there and says where it is. A first word that is a command of wavediffusion-cli
# goes there: sh app/run.sh generate --help.
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
window=$build/app/wavediffusion

# Commands of the command line, and its --version, need no window.
case ${1:-} in
[a-z]*) if "$cli" "$1" --help >/dev/null 2>&1; then exec "$cli" "$@"; fi ;;
esac
if [ ! -x "$window" ]; then
  echo "This build has no window: GTK 4.8 or GLEW is missing (see $log). The command line is $cli"
  [ $# -eq 0 ] || exec "$cli" "$@"
  exit 1
fi
case " $* " in
*" --help "* | *" -h "* | *" --version "*) exec "$window" "$@" ;;
esac
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then exec "$window" "$@"; fi

if ! command -v Xvfb >/dev/null 2>&1; then
  echo "There is no display, and no Xvfb to make one: install xvfb."
  exit 1
fi
picture=
case " $* " in
*" --screenshot"*) ;;
*)
  picture=$build/window.png
  [ $# -gt 0 ] || set -- --seed 42
  set -- "$@" --screenshot "$picture"
  ;;
esac
WD_SCREEN=${WD_SCREEN:-3840x2400} sh "$root/tests/app/display.sh" "$window" "$@"
[ -z "$picture" ] || echo "There is no display here. A picture of the window: $picture"
