"""Before torch is imported: threads that wait give their core away, lest two processes stall each other."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
