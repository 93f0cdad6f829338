"""Waiting times and fairness of fleets of 1, 4 and 64 devices, with the real dispatcher, in virtual time.

python -m benchmarks.fleet [--devices 1 4 64] [--minutes 5] [--plot docs/fleet.webp]
"""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from benchmarks.fleet import figures, plot
from benchmarks.fleet.figures import Figures
from benchmarks.fleet.simulation import Scenario, simulate

LOADS = (0.5, 0.8, 0.95, 1.2)
USUAL = 0.8
"""The load of all that is not measured at each."""
FAILING = 600.0
"""Seconds until a device that may fail does, on average."""
HEADS = "devices  load  scenario    requests  median    p95    p99  Jain  loads/100  again  ms"


def measure(scenario: Scenario) -> Figures:
    """Play a scenario, that of a small fleet several times."""
    times = max(1, 16 // scenario.devices)
    return figures.of([simulate(replace(scenario, seed=seed)) for seed in range(times)])


def line(scenario: Scenario, name: str, found: Figures) -> str:
    what = f"{scenario.devices:7}  {scenario.load:4.0%}  {name:10}  {found.requests:8}"
    waits = f"{found.median:6.1f} {found.p95:6.1f} {found.p99:6.1f}"
    return f"{what}  {waits}  {found.jain:.2f}  {found.loads:9.1f}  {found.drawn_again:5}  {found.milliseconds:.1f}"


def main() -> None:
    """Print a line for each scenario, and draw the plot."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 4, 64])
    parser.add_argument("--minutes", type=float, default=5.0, help="how long people ask")
    parser.add_argument("--plot", type=Path, help="the file of the plot")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    print(HEADS)
    lines: dict[str, list[tuple[float, float, float]]] = {}
    for devices in options.devices:
        usual = Scenario(devices, USUAL, seconds=60 * options.minutes)
        points = lines[f"{devices} device{'s' if devices > 1 else ''}"] = []
        for load in LOADS:
            scenario = replace(usual, load=load)
            found = measure(scenario)
            points.append((100 * load, found.median, found.p95))
            print(line(scenario, "steady", found), flush=True)
        others = {
            "greedy": replace(usual, greedy=True),
            "failing": replace(usual, seconds_to_failure=FAILING),
            "at random": replace(usual, at_random=True),
        }
        for name, scenario in others.items():
            print(line(scenario, name, measure(scenario)), flush=True)
    if options.plot:
        plot.drawn(lines).save(options.plot, "WEBP", quality=90, method=6)


if __name__ == "__main__":
    main()
