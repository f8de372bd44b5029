#!/bin/sh
# From nothing to a trained model and its evaluation, in one command: one pass of each stage, about an hour
# and a half on two cores (the sum of its parts). The weights that are shipped came of seven phases (CARD.md).
#
#   sh app/train.sh [MODEL [DATA]]        default: build/model, build/training-data
#
# What makes it longer and better, from the environment:
#   MAPS=6000        pairs to simulate              AUTOENCODER=2000  seconds for stage 1
#   DIFFUSION=700    seconds for stage 2            COUNT=100         test pairs of the evaluation
#   DRAWN=3000       pairs that the model draws     GATHERS=700       seconds for its decoder of gathers
#   SEED=1  DEVICE=auto
# Given again it goes on where it was stopped.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=${WD_BUILD:-$root/build}
model=${1:-$build/model}
data=${2:-$build/training-data}
device=${DEVICE:-auto}

run() { sh "$root/app/run.sh" "$@"; }
# A stage that was stopped is resumed; one that is done is left alone.
stage() {
  name=$1 seconds=$2
  state=$model/training/$name.state
  resume=
  if [ -e "$state" ]; then resume=--resume; fi
  if [ -e "$model/training/$name.done" ]; then return 0; fi
  run train --stage "$name" --data "$3" --output "$model" --time-limit "$seconds" --seed "${SEED:-1}" \
    --device "$device" --pieces $4 $resume
  : >"$model/training/$name.done"
}

run generate --family all --count "${MAPS:-6000}" --seed "${SEED:-1}" --output "$data" --codec --device "$device"
stage autoencoder "${AUTOENCODER:-2000}" "$data" ""
stage diffusion "${DIFFUSION:-700}" "$data" ""
# Last, what the wave equation gives for the maps that the model draws: of samples, and of training pairs; and a third
# part keeps the gathers of its own pairs, so that data are not forgotten.
drawn=$data/drawn
if [ ! -e "$model/training/gathers.done" ]; then
  mkdir -p "$drawn"
  redraw() {
    part=$1
    shift
    run redraw --model "$model" --count "$((${DRAWN:-3000} / 3))" --seed "${SEED:-1}" --device "$device" --output "$drawn/$part" "$@"
    for shard in "$drawn/$part"/*.safetensors; do ln -f "$shard" "$drawn/$part-$(basename "$shard")"; done
  }
  redraw own --pairs "$data" --own-gathers
  redraw pairs --pairs "$data"
  redraw samples
fi
stage gathers "${GATHERS:-700}" "$drawn" "--from $model"
run evaluate --model "$model" --output "$model/evaluation" --count "${COUNT:-100}" --figure --device "$device"
cp "$model/evaluation/evaluation.json" "$model/evaluation.json"
echo "The model is $model; its figures are in $model/evaluation"
