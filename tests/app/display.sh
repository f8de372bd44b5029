#!/bin/sh
# display.sh [-m MODE] PROGRAM ARGUMENT...: runs a program on a private display of 1600 x 1000, with private
# settings and folders and no session bus, and ends the display after it. MODE is how GTK draws:
#   glx (default)  egl (both also where the window would choose cairo: app/renderer.h)
#   auto (as the window chooses)  cairo (GSK draws with cairo, panels still with OpenGL)  nogl (no OpenGL at all)
# WD_SCREEN is another size of the display ("3200x2000"). Where no display can be had the test is skipped, or,
# with WD_NEED_DISPLAY set, fails.
set -u
mode=glx
if [ "${1:-}" = -m ]; then
  mode=$2
  shift 2
fi
case $mode in
glx) export GDK_DEBUG=gl-glx GSK_RENDERER=gl ;;
egl) export GDK_DEBUG=gl-egl GSK_RENDERER=gl ;;
cairo) export GSK_RENDERER=cairo ;;
auto) ;;
nogl) export GDK_DEBUG=gl-disable ;;
*) echo "display.sh: no mode $mode" >&2; exit 2 ;;
esac
none() {
  if [ -n "${WD_NEED_DISPLAY:-}" ]; then
    echo "Bail out! $1"
    exit 1
  fi
  echo "1..0 # SKIP $1"
  exit 0
}
command -v Xvfb >/dev/null 2>&1 || none "no Xvfb here"

folder=$(mktemp -d) || exit 1
server=
finish() {
  [ -z "$server" ] || { kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 143' TERM INT HUP
Xvfb -displayfd 3 -screen 0 "${WD_SCREEN:-1600x1000}x24" -nolisten tcp -noreset 3>"$folder/display" 2>"$folder/server.log" &
server=$!
tries=0
while [ ! -s "$folder/display" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 200 ] || ! kill -0 "$server" 2>/dev/null; then
    none "no display could be had: $(tail -n 1 "$folder/server.log")"
  fi
  sleep 0.05
done
DISPLAY=:$(cat "$folder/display")
export DISPLAY
# Software OpenGL compiles its shaders for seconds: what it has compiled before is not private.
export MESA_SHADER_CACHE_DIR="${MESA_SHADER_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}"
for d in config data cache state run; do mkdir -m 700 "$folder/$d"; done
export XDG_CONFIG_HOME="$folder/config" XDG_DATA_HOME="$folder/data" XDG_CACHE_HOME="$folder/cache" \
  XDG_STATE_HOME="$folder/state" XDG_RUNTIME_DIR="$folder/run"
export GDK_BACKEND=x11 GSETTINGS_BACKEND=memory GTK_A11Y="${GTK_A11Y:-none}" GIO_USE_VFS=local NO_AT_BRIDGE=1 WD_GL_MODE="$mode"
unset WAYLAND_DISPLAY GTK_THEME
export DBUS_SESSION_BUS_ADDRESS=disabled: # unset, GLib would start a bus of its own
"$@"
