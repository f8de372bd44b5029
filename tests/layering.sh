#!/bin/sh
# The layers (README.md, "The house"): every include of a room is one that the room may use, nothing reaches up,
# libraries stay in their rooms, and the root folder holds only what belongs there. Speaks TAP.
set -u
root=$(cd "${1:-$(dirname "$0")/..}" && pwd)
cd "$root" || exit 1
count=0
failures=0

# point PASS TEXT
point() {
  count=$((count + 1))
  if [ "$1" = yes ]; then echo "ok $count - $2"; else
    echo "not ok $count - $2"
    failures=$((failures + 1))
  fi
}

# forbid FOLDER PATTERN TEXT [EXCEPTION]: no file of FOLDER, but those whose path matches EXCEPTION, has an
# #include that matches PATTERN.
forbid() {
  [ -d "$1" ] || return 0
  found=$(grep -rnE --include='*.[ch]' --include='*.cu' --include='*.cuh' "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]($2)" "$1" |
    { if [ -n "${4:-}" ]; then grep -vE "^($4)"; else cat; fi; })
  if [ -z "$found" ]; then point yes "$3"; else
    point no "$3"
    echo "$found" | sed 's/^/# /'
  fi
}

gtk='gtk/|gdk/|gsk/|graphene|adwaita|epoxy/|gio/|glib|gobject|gmodule'
drawing='cairo|pango|GL/|png\.h|libpng'
cuda='cuda|cublas|cub/|thrust/|nvrtc|cooperative_groups|curand|mma\.h|nvtx'

forbid solver '\.\./|(\./)?(model|render|app|tests)/' 'solver/ includes nothing above it'
forbid solver "$gtk|$drawing|jansson|dnnl|oneapi" 'solver/ uses no GTK, drawing, JSON or oneDNN'
forbid solver "$cuda" 'CUDA only in solver/cuda/' 'solver/cuda/'
forbid solver 'segyio' 'segyio only in solver/segy*' 'solver/segy'
forbid model '\.\./|(render|app|tests)/' 'model/ includes nothing above or beside it'
forbid model "$gtk|$drawing|segyio" 'model/ uses no GTK, drawing or segyio'
forbid model 'dnnl|oneapi' 'oneDNN only in model/cpu/' 'model/cpu/'
forbid model "$cuda" 'CUDA and cuBLAS only in model/cuda/' 'model/cuda/'
forbid render '\.\./|(model|app|tests)/' 'render/ includes nothing above or beside it'
forbid render "$gtk|segyio|jansson|dnnl|oneapi|$cuda" 'render/ uses no GTK, segyio, JSON, oneDNN or CUDA'
forbid app/cli "$gtk" 'app/cli/ uses no GTK and needs no display'
forbid app "$cuda|dnnl|oneapi" 'app/ uses no CUDA or oneDNN directly'
forbid app 'tests/' 'app/ includes nothing of tests/'

# Include lines name files from the root of the project, so that a reader sees the layer.
relative=$(grep -rnE --include='*.[ch]' --include='*.cu' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^/"]*"' solver model render app 2>/dev/null |
  grep -vE '"(config|resources|wd_resources)\.h"')
if [ -z "$relative" ]; then point yes 'includes are written from the root'; else
  point no 'includes are written from the root'
  echo "$relative" | sed 's/^/# /'
fi

stray=
if [ -d .git ] || [ -f .git ]; then entries=$(git ls-files | cut -d/ -f1 | sort -u); else entries=$(ls); fi
for entry in $entries; do
  case $entry in
  app | render | model | solver | resources | tests | meson.build | meson_options.txt | README.md | LICENSE | .*) ;;
  *) stray="$stray $entry" ;;
  esac
done
if [ -z "$stray" ]; then point yes 'the root folder holds the rooms and nothing else'; else
  point no "the root folder holds the rooms and nothing else, but there is:$stray"
fi

# A file over 800 lines wants a reason at its top.
long=$(find solver model render app tests -name '*.[ch]' -o -name '*.cu' 2>/dev/null | while read -r f; do
  n=$(wc -l <"$f")
  if [ "$n" -gt 800 ] && ! head -n 20 "$f" | grep -qiE 'one file|long because|lines because|kept together'; then echo "$f: $n lines"; fi
done)
if [ -z "$long" ]; then point yes 'files of over 800 lines say why'; else
  point no 'files of over 800 lines say why'
  echo "$long" | sed 's/^/# /'
fi

echo "1..$count"
[ "$failures" -eq 0 ]
