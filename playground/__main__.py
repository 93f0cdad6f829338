"""A playground as a process of its own: prints its address as one JSON line, and serves until its input ends."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from playground.server import Playground


async def serve(options: argparse.Namespace) -> None:
    """Serve a controlled playground until the standard input ends."""
    async with Playground(
        folder=options.folder, members=options.members, rate=options.rate, controlled=True
    ) as playground:
        address = {"url": playground.url, "api_base": playground.api_base, "token": playground.token}
        sys.stdout.write(json.dumps(address) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.buffer.read)


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m playground", description=__doc__)
    parser.add_argument("--folder", type=Path, help="keeps the state (default: a temporary one)")
    parser.add_argument("--members", type=int, default=0, help='people besides the usual three: "member 1" and so on')
    parser.add_argument("--rate", type=int, default=50, help="requests per second and rate limit bucket")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
