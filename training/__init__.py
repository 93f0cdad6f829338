"""The recipe that makes the small text-to-image model shipped in ``generation/pocket``.

Every module is one stage and runs alone: ``python -m training.autoencoder --work DIR --minutes N``.
``python -m training.recipe`` runs them all in order; README.md tells what each does and what it reached.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
"""Threads that wait give their core away. Else one busy neighbour stalls every step: measured here, 15 s for 3 s."""
