#!/usr/bin/env bash
# Collects the wheels that benchmarks/gpu.sh needs beside a CUDA build of torch, all of pure Python and 10 MB at most.
#
#     benchmarks/gpu_wheels.sh [FOLDER]
#
# What is compiled must be on the GPU machine already; gpu.sh names what is missing there.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-wheels}
most=10000000

"${PYTHON:-python3}" -m pip download --quiet --no-deps --only-binary=:all: --constraint constraints.txt --dest "$folder" \
    diffusers pytest pluggy iniconfig pygments

bytes=$(cat "$folder"/*.whl | wc -c)
echo "$folder: $bytes bytes of wheels"
if [ "$bytes" -gt "$most" ]; then
    echo "That is more than $most. Remove old wheels from $folder, or name fewer in $0." >&2
    exit 1
fi
