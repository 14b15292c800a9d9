"""Encoders and what is learned with them."""

import os

# torch's threads otherwise spin while they wait for each other. Beside other busy threads (those that prepare views,
# the window, another program) a training step then takes up to ten times as long; asleep they cost nothing, and even
# alone a step is some 5 % faster. Read once, when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
