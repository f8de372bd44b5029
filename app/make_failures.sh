#!/bin/sh
# Makes resources/failures/samples.wdpop, the set of failures that comes with the program, from the default model:
# the worst 20 of many samples and, to compare them with, the best two of each family. The many are scored at both
# ends only; what is kept is drawn again from its seeds and scored at every step, and so are the first of the many,
# whatever they score: the bands by step are theirs. 16 steps, fast mode, families in turn (family = seed modulo 10).
#
#   FAILURES_SAMPLES   the many [1000]
#   FAILURES_BAND      the first ones, for the bands [60]
#   FAILURES_DEVICE    as --device takes it [auto]
#   FAILURES_CLI       the program [build/app/cli/wavediffusion-cli]
#   FAILURES_OUT       where to write [resources/failures/samples.wdpop]
#
# On one quiet core a sample takes 1.2 seconds, one that is scored at every step 7: half an hour in all. What stood there
# stays until the new set is whole.
set -e
here=$(cd "$(dirname "$0")/.." && pwd)
cli=${FAILURES_CLI:-$here/build/app/cli/wavediffusion-cli}
out=${FAILURES_OUT:-$here/resources/failures/samples.wdpop}
many=${FAILURES_SAMPLES:-1000}
band=${FAILURES_BAND:-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WAVEDIFFUSION_MODELS="$here/resources/models" # so that "default" stays a name
draw() { # SEEDS SCORED-STEPS FOLDER
  "$cli" sample --model default --seeds "$1" --family all --steps 16 --score "every=$2" --mode fast --scores-only \
    --device "${FAILURES_DEVICE:-auto}" --output "$work/$3"
}
draw "0-$((many - 1))" 16 all
"$cli" rank "$work/all" --by reflection_residual --worst 20 --best 2 --csv "$work/kept.csv" >/dev/null
kept=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "seed") at = i; next } { printf "%s%s", s, $at; s = "," }' \
  "$work/kept.csv")
draw "$kept" 1 kept
draw "0-$((band - 1))" 1 band
mkdir -p "$(dirname "$out")"
"$cli" rank "$work/kept" --by reflection_residual --worst 0 --bands "$work/band" --drawn "$many" --save "$out"
