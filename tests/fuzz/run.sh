#!/bin/sh
# Runs every fuzz target of a build for SECONDS, as many at once as there are processors (at most 4), each on a copy
# of its seeds: the committed corpus stays small. Ends with 1 when anything was found; what was found lies in
# BUILD/found/, and the first 4 KiB of it are printed in base64 too: a machine that runs this may be gone when somebody
# reads its log.
#   tests/fuzz/run.sh BUILD SECONDS [TARGET...]
set -u
build=$1 seconds=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)

# one NAME
one() {
  name=$1 bad=0 dict=
  work=$(mktemp -d)
  cp -r "$here/corpus/$name/." "$work/"
  begun=$(mktemp)
  [ -f "$here/$name.dict" ] && dict=-dict=$here/$name.dict
  "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 -timeout=20 \
    -print_final_stats=1 -artifact_prefix="$build/found/$name-" $dict "$work" >"$build/found/$name.log" 2>&1 || bad=1
  {
    grep -E 'stat::number_of_executed_units|SUMMARY|ERROR' "$build/found/$name.log" | sed "s/^/$name: /"
    [ $bad -eq 0 ] || echo "$name: FOUND; the end of $build/found/$name.log:"
    [ $bad -eq 0 ] || tail -n 25 "$build/found/$name.log" | cut -c 1-160
    find "$build/found" -name "$name-*" -newer "$begun" | while read -r file; do
      echo "$name: $file, its first 4 KiB:"
      head -c 4096 "$file" | base64 -w 120
    done
  } >"$build/found/$name.txt"
  cat "$build/found/$name.txt" # at once, so that targets do not write into each other's lines
  rm -rf "$work" "$begun"
  return $bad
}

if [ "${WD_FUZZ_ONE:-}" ]; then
  one "$WD_FUZZ_ONE"
  exit
fi
if [ $# -eq 0 ]; then
  for program in "$build"/tests/fuzz/fuzz_*; do
    if [ -f "$program" ] && [ -x "$program" ]; then set -- "$@" "${program##*/fuzz_}"; fi
  done
fi
[ $# -gt 0 ] || { echo "no fuzz target in $build/tests/fuzz"; exit 1; }
mkdir -p "$build/found"
# Freed memory is kept a while to catch later use; not so much of it that the limit below is met by that alone.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=64"
jobs=$(nproc 2>/dev/null || echo 1)
[ "$jobs" -le 4 ] || jobs=4
printf '%s\n' "$@" | xargs -P "$jobs" -I NAME env WD_FUZZ_ONE=NAME sh "$here/run.sh" "$build" "$seconds" || exit 1
