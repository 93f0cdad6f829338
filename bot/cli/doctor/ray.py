"""Whether Ray is there, where the configuration draws with it."""

from bot.cli.doctor.findings import Finding
from bot.config import Config, RayConfig
from generation.ray_pool import RayMissing, check_installed


def ray_findings(config: Config) -> list[Finding]:
    """One for each pool on a Ray cluster. Whether the cluster is there is only known while the bot runs."""
    return [_finding(name, each) for name, each in config.pools.items() if isinstance(each, RayConfig)]


def _finding(name: str, pool: RayConfig) -> Finding:
    try:
        check_installed()
    except RayMissing as missing:
        return False, f"workers.{name}: {missing}"
    return None, f"workers.{name}: Ray is installed; the cluster at {pool.address} is not asked"
