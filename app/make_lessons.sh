#!/bin/sh
# Makes the lessons' recordings, resources/lessons/*.wdrun, again: sh app/make_lessons.sh [path to wavediffusion-cli]
# Lessons 1, 3 and 6 play from the demo (app/make_demo.sh). The others' runs are chosen by their scores, among seeds
# 0 to 15 of one family whose maps reflect enough to judge (share of at least 0.1): the best of them for what x0-hat is,
# the worst beside the best for a failure, the three best for a walk.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cli=${1:-$root/build/app/cli/wavediffusion-cli}
model=$root/resources/models/default
out=$root/resources/lessons
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
family=curvevel-a

"$cli" sample --model "$model" --family $family --seeds 0-15 --steps 8 --score every=8 -o "$work/pool" --device cpu >/dev/null
"$cli" rank "$work/pool" --worst 0 --csv "$work/pool.csv" >/dev/null
# seed and residual of those that reflect, best first; columns by their names
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  $at["reflection_share"] >= 0.1 && $at["not_finite"] == 0 { print $at["reflection_residual"], $at["seed"] }' \
  "$work/pool.csv" | sort -g >"$work/ranked"
[ "$(wc -l <"$work/ranked")" -ge 4 ] || { echo "make_lessons.sh: fewer than 4 of 16 maps reflect enough" >&2; exit 1; }
nth() { sed -n "$1p" "$work/ranked" | cut -d' ' -f2; }
best=$(nth 1) second=$(nth 2) third=$(nth 3) worst=$(nth '$')

record() { "$cli" record --model "$model" --family $family --steps 8 --device cpu "$@"; }
record --seed "$best" --decoded 2 --states 2 --simulated 0 -o "$out/x0-hat.wdrun"
record --seed "$worst" --also "$best" --decoded 8 --simulated 8 -o "$out/failure.wdrun"
record --seed "$best" --also "$second,$third" --walk 7 --simulated 0 -o "$out/walk.wdrun"
for lesson in "$out"/*.json; do "$cli" lesson check "$lesson"; done
ls -l "$out"
