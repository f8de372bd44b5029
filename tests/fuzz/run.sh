#!/bin/sh
# Runs every fuzz target of a build for SECONDS, one after another, on a copy of its seeds: the committed corpus
# stays small. Ends with 1 when anything was found; what was found lies in BUILD/found/.
#   tests/fuzz/run.sh BUILD SECONDS [TARGET...]
set -u
build=$1 seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
if [ $# -eq 0 ]; then
  for program in "$build"/tests/fuzz/fuzz_*; do
    if [ -f "$program" ] && [ -x "$program" ]; then set -- "$@" "${program##*/fuzz_}"; fi
  done
fi
[ $# -gt 0 ] || { echo "no fuzz target in $build/tests/fuzz"; exit 1; }
mkdir -p "$build/found"
bad=0
# Freed memory is kept a while to catch later use; not so much of it that the limit below is met by that alone.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=64"
for name in "$@"; do
  work=$(mktemp -d)
  touch "$build/found/begun"
  cp -r "$here/corpus/$name/." "$work/"
  dict=
  [ -f "$here/$name.dict" ] && dict=-dict=$here/$name.dict
  "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 -timeout=20 \
    -print_final_stats=1 -artifact_prefix="$build/found/$name-" $dict "$work" >"$build/found/$name.log" 2>&1 || bad=1
  grep -E 'stat::number_of_executed_units|SUMMARY|ERROR' "$build/found/$name.log" | sed "s/^/$name: /"
  rm -rf "$work"
  find "$build/found" -name "$name-*" -newer "$build/found/begun" | while read -r file; do
    echo "$name: $file, its first 4 KiB:"
    head -c 4096 "$file" | base64 -w 120
  done
done
exit $bad
