#!/bin/sh
# Makes resources/failures/samples.wdpop, the set of failures that comes with the program, from the default model:
# the worst 20 of many samples, with the bands of all.
#
#   FAILURES_SAMPLES   seeds, families in turn [1000]
#   FAILURES_DEVICE    as --device takes it [auto]
#   FAILURES_CLI       the program [build/app/cli/wavediffusion-cli]
#
# On one quiet core a sample takes 1.7 seconds, so 1000 of them half an hour; 150 are enough to
# look at. What stood there stays until the new set is whole.
set -e
here=$(cd "$(dirname "$0")/.." && pwd)
cli=${FAILURES_CLI:-$here/build/app/cli/wavediffusion-cli}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
last=$((${FAILURES_SAMPLES:-1000} - 1))
"$cli" sample --model "$here/resources/models/default" --seeds "0-$last" --family all --score every=8 --mode fast \
  --scores-only --device "${FAILURES_DEVICE:-auto}" --output "$work"
mkdir -p "$here/resources/failures"
"$cli" rank "$work" --by reflection_residual --worst 20 --save "$here/resources/failures/samples.wdpop"
