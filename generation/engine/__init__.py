"""The drawing itself: the only place that imports torch and diffusers. It runs in a process of its own."""
