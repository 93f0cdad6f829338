"""A fleet of devices that exist only as timers, fed by the real dispatcher; `python -m benchmarks.fleet`."""
