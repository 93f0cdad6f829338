"""The upscaler that the configuration asks for."""

from bot.cli.doctor.findings import Finding
from bot.config import Config
from generation.upscaling import UpscalerName, real_esrgan_installed


def upscaler_finding(config: Config) -> Finding:
    """Whether the upscaler is installed."""
    wanted = config.upscaling.upscaler
    if real_esrgan_installed():
        return True, f"upscaler: {wanted}; Real-ESRGAN is installed"
    well = wanted not in (UpscalerName.REAL_ESRGAN, UpscalerName.REAL_ESRGAN_ANIME)
    return well, f'upscaler: {wanted}; Real-ESRGAN is not installed (pip install "noisefox[upscale]")'
