#!/usr/bin/env bash
# Measures a machine with one CUDA GPU and no network, within 10 minutes. Run it from a copy of the project:
#
#     benchmarks/gpu_wheels.sh wheels                     # where there is a network
#     git archive --output noisefox.tar HEAD ':!docs'     # copy both, unpack the archive
#     benchmarks/gpu.sh wheels                            # on the GPU machine
#
# It needs torch 2.11 or newer with CUDA, and the packages in NEEDED. The parts that matter most come first, each with a
# time limit of its own; what does not fit into memory is skipped. Results are in gpu-results.txt, which is printed at
# the end, or as far as it goes when the script is ended before that.
#
# PYTHON names another interpreter, RESULTS another file, LIMIT fewer seconds in all. With --tiny as the first argument
# everything runs in its tiny form on the CPU: a test of the script, whose figures mean nothing.
set -u
cd "$(dirname "$0")/.."

tiny=()
device=cuda
if [ "${1:-}" = --tiny ]; then
    tiny=(--tiny --device cpu --jobs 2 1)
    device=cpu
    shift
fi
wheels=${1:-wheels}
python=${PYTHON:-python3}
results=${RESULTS:-gpu-results.txt}
limit=${LIMIT:-570}
NEEDED="numpy PIL scipy psutil safetensors tokenizers transformers huggingface_hub regex yaml"
STARTING=20 # seconds that a part may take to import and to end
SHORTEST=25 # seconds below which no part is begun

work=$(mktemp -d)
site=$work/site
child=
SECONDS=0

finish() {
    trap - EXIT INT TERM
    [ -z "$child" ] || kill "$child" 2>/dev/null
    cat "$results"
    rm -rf "$work"
    exit "$1"
}

# Run a command as a part with a name and a limit in seconds; what it prints goes into the results.
part() {
    local name=$1 own=$2 left=$((limit - SECONDS))
    shift 2
    [ "$own" -le "$left" ] || own=$left
    echo "== $name" >>"$results"
    if [ "$own" -lt "$SHORTEST" ]; then
        echo "no time left" >>"$results"
        return
    fi
    seconds=$((own - STARTING)) env --default-signal=INT timeout --signal INT --kill-after 5 "$own" "$@" \
        >>"$results" 2>"$work/errors" &
    child=$!
    wait "$child"
    local ended=$?
    child=
    case $ended in
    0) ;;
    124 | 137) echo "ended after $own seconds" >>"$results" ;;
    *) { echo "failed:" && tail -n 3 "$work/errors"; } >>"$results" ;;
    esac
}

network() {
    part "$1" "$2" bash -c 'exec "$@" --seconds "$seconds"' - \
        "$python" -m benchmarks.random_weights --size "${@:3}" "${tiny[@]}"
}

: >"$results"
trap 'finish 143' TERM
trap 'finish 130' INT
trap 'finish $?' EXIT

# Pictures name the version that drew them, which is read from an installed package.
mkdir -p "$site/noisefox-0.dist-info"
printf 'Metadata-Version: 2.1\nName: noisefox\nVersion: 0\n' >"$site/noisefox-0.dist-info/METADATA"
for wheel in "$wheels"/*.whl; do
    [ ! -e "$wheel" ] || "$python" -m zipfile -e "$wheel" "$site" || exit 1
done
export PYTHONPATH=$PWD:$site DIFFUSERS_VERBOSITY=error TRANSFORMERS_VERBOSITY=error HF_HUB_OFFLINE=1
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 NOISEFOX_TEST_DEVICE=$device

"$python" - "$device" $NEEDED diffusers pytest >>"$results" <<'CHECK' || exit 1
import importlib.util
import sys

device, *needed = sys.argv[1:]
if missing := [name for name in ("torch", *needed) if importlib.util.find_spec(name) is None]:
    sys.exit(f"Install these first: {', '.join(missing)}. Or name a folder with wheels of diffusers and pytest.")
import torch

if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 11):
    sys.exit(f"torch is {torch.__version__}. Install 2.11 or newer.")
if device == "cuda" and not torch.cuda.is_available():
    sys.exit(f"torch {torch.__version__} sees no CUDA GPU. Install a build of torch for CUDA that fits the driver.")
print(f"torch {torch.__version__}, Python {sys.version.split()[0]}")
if device == "cuda":
    free, total = torch.cuda.mem_get_info()
    print(f"{torch.cuda.get_device_name()}, {free / 1e9:.1f} of {total / 1e9:.1f} GB free")
CHECK

network "Stable Diffusion 1.5" 90 sd15
network "Stable Diffusion XL" 110 sdxl
network "FLUX.1" 110 flux
network "Z-Image" 80 z-image

engine=tests/generation/engine
drawn=("$engine"/test_stock_{text_to_image,image_to_image,inpainting}.py "$engine"/families/test_{flux,z_image}.py)
pocket=generation/pocket/unet/diffusion_pytorch_model.safetensors
if [ -e "$pocket" ]; then drawn=("$engine/test_stock_pipeline.py" "${drawn[@]}"); else drawn+=(-k "not pocket"); fi
[ -z "${tiny[*]}" ] || drawn=("$engine/test_stock_text_to_image.py" -k "two and 5.0")
part "Pixels of diffusers' pipelines, on this device" 90 \
    "$python" -m pytest -q --tb line --show-capture no --disable-warnings -p no:cacheprovider --confcutdir "$engine" "${drawn[@]}"

for size in sd15 sdxl; do
    network "$size, compiled" 70 "$size" --jobs 16 --compile
    for attention in _native_cudnn _native_flash _native_efficient; do
        network "$size, $attention" 45 "$size" --jobs 16 --attention "$attention"
    done
done
