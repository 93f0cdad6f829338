#!/bin/sh
# Runs journeys against a real ComfyUI on the CPU: `tools/try_comfy.sh PATH`, where PATH is a folder with ComfyUI's
# source. It makes an environment of its own for it, and a checkpoint with random weights, both in build/comfy, and takes
# 8 GB of disk, 6 GB of memory and some minutes.
set -eu

comfyui=$(realpath "${1:?Name the folder of a ComfyUI.}")
here=$(realpath "$(dirname "$0")/..")
build="$here/build/comfy"
python="$build/venv/bin/python"
port=${PORT:-8199}

if [ ! -f "$build/.installed" ]; then
    mkdir -p "$build"
    "${PYTHON:-python3}" -m venv "$build/venv"
    grep -v torchaudio "$comfyui/requirements.txt" > "$build/requirements.txt"
    "$python" -m pip install --quiet torch==2.14.1 torchvision==0.29.1
    "$python" -m pip install --quiet --requirement "$build/requirements.txt" requests
    touch "$build/.installed"
fi

checkpoint="$build/data/models/checkpoints/random-sd15.safetensors"
[ -f "$checkpoint" ] || "$python" "$here/tools/comfy_checkpoint.py" "$comfyui" "$checkpoint"

# float32, since CPUs have no fast float16.
(cd "$comfyui" && exec "$python" main.py --cpu --force-fp32 --listen 127.0.0.1 --port "$port" \
    --base-directory "$build/data" --disable-all-custom-nodes) > "$build/log.txt" 2>&1 &
server=$!
trap 'kill $server' EXIT

cd "$here"
NOISEFOX_COMFYUI="http://127.0.0.1:$port" "${NOISEFOX_PYTHON:-.venv/bin/python}" -m pytest \
    tests/journeys/test_real_comfy.py -v -s
