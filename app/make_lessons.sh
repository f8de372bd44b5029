#!/bin/sh
# Makes the lessons' recordings, resources/lessons/*.wdrun, again: sh app/make_lessons.sh [path to wavediffusion-cli]
# Lessons 1, 3 and 6 play from the demo (app/make_demo.sh). The others' runs are chosen by their scores, among seeds of
# one family whose maps reflect enough to judge (share of at least 0.1):
#   what x0-hat is, a walk   of CurveVel-A, seeds 0 to 15, 8 steps: the best; the three best
#   a failure                the worst pair that lies beyond epsilon of the model's own evaluation by a tenth, beside the
#                            best of its family, within epsilon. 16 steps. Taken from the shipped set of failures where
#                            that is of this model (make_failures.sh first), else searched for among up to 500 seeds.
#                            Where there is none nothing is recorded, and the script ends with 1.
#
#   LESSONS_OUT   where to write [resources/lessons]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cli=${1:-$root/build/app/cli/wavediffusion-cli}
model=$root/resources/models/default
out=${LESSONS_OUT:-$root/resources/lessons}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# listed POPULATION: "residual seed family" of its pairs that reflect, best first
listed() {
  "$cli" rank "$1" --worst 0 --csv "$work/listed.csv" --quiet >/dev/null
  awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    $at["reflection_share"] >= 0.1 && $at["not_finite"] == 0 {
      print $at["reflection_residual"], $at["seed"], $at["family"] }' "$work/listed.csv" | sort -g
}
# pool FAMILY SEEDS STEPS: the same of new samples
pool() {
  "$cli" sample --model "$model" --family "$1" --seeds "$2" --steps "$3" --score "every=$3" --mode fast --scores-only \
    -o "$work/pool" --device cpu --quiet >/dev/null
  listed "$work/pool"
}
field() { sed -n "$2p" "$work/$1" | cut -d' ' -f"$3"; } # of line $2; '$': the last
identity() { sed -n 's/^ *"'"$2"'": *"\([0-9a-f+]*\)".*/\1/p' "$1" | head -n 1; }

# The failure first: without one there is no lesson. failing: "residual seed family" of the worst one beyond epsilon.
evaluation=$model/evaluation.json
epsilon=$(sed -n 's/^ *"epsilon": *\([0-9][0-9.eE+-]*\).*/\1/p' "$evaluation")
[ -n "$epsilon" ] || { echo "make_lessons.sh: no epsilon in $evaluation" >&2; exit 1; }
fails() { awk -v e="$epsilon" '$1 > 1.1 * e { worst = $0 } END { print worst }' "$work/all"; }
shipped=$root/resources/failures/samples.wdpop
: >"$work/all"
failing=
if [ -f "$shipped" ]; then
  "$cli" rank "$shipped" --worst 1 --json --quiet >"$work/shipped.json"
  if [ "$(identity "$work/shipped.json" model)" = "$(identity "$evaluation" identity)" ]; then
    listed "$shipped" >"$work/all"
    failing=$(fails)
  fi
fi
for first in 0 100 200 300 400; do
  [ -z "$failing" ] || break
  pool all "$first-$((first + 99))" 16 >>"$work/all"
  sort -g -o "$work/all" "$work/all"
  failing=$(fails)
done
[ -n "$failing" ] || { echo "make_lessons.sh: no pair lies beyond epsilon = $epsilon by a tenth" >&2; exit 1; }
family=${failing##* }
grep " $family\$" "$work/all" >"$work/failure"
if awk -v e="$epsilon" 'NR == 1 { exit $1 < 0.9 * e }' "$work/failure"; then # a set of failures has no good one
  pool "$family" 0-9 16 >"$work/better"
  sort -g "$work/better" "$work/failure" -o "$work/failure"
fi
awk -v e="$epsilon" 'NR == 1 { exit !($1 < 0.9 * e) }' "$work/failure" ||
  { echo "make_lessons.sh: no pair of $family lies well within epsilon = $epsilon" >&2; exit 1; }
worst=$(field failure '$' 2) best=$(field failure 1 2)
echo "a failure: $family, seed $worst scores $(field failure '$' 1), seed $best $(field failure 1 1); epsilon $epsilon"

mkdir -p "$out"
record() { "$cli" record --model "$model" --device cpu --quiet "$@"; }
record --family "$family" --steps 16 --seed "$worst" --also "$best" --decoded 16 --simulated 16 -o "$out/failure.wdrun"

family=curvevel-a
pool $family 0-15 8 >"$work/walk"
[ "$(wc -l <"$work/walk")" -ge 4 ] || { echo "make_lessons.sh: fewer than 4 of 16 maps reflect enough" >&2; exit 1; }

nth() { field walk "$1" 2; }
record --family $family --steps 8 --seed "$(nth 1)" --decoded 2 --states 2 --simulated 0 -o "$out/x0-hat.wdrun"
record --family $family --steps 8 --seed "$(nth 1)" --also "$(nth 2),$(nth 3)" --walk 7 --simulated 0 -o "$out/walk.wdrun"
for lesson in "$root"/resources/lessons/*.json; do
  [ "$out" -ef "$root/resources/lessons" ] || cp "$lesson" "$out/"
  "$cli" lesson check "$out/$(basename "$lesson")"
done
ls -l "$out"
