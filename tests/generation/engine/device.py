"""The device that models are drawn on in tests: the CPU, or another that the environment names."""

import os

import torch

DEVICE = torch.device(os.environ.get("NOISEFOX_TEST_DEVICE", "cpu"))

if DEVICE.type == "cuda":
    # Convolutions would be computed in TF32, which has three digits.
    torch.backends.cudnn.allow_tf32 = False
