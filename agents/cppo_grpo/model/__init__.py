"""The policy: log-probabilities of a transformers model, its adapter and its weights."""

import logging

# Where it is installed, peft and transformers import it too, and on some CPUs it then warns about a
# kernel for 4-bit matrices, which nothing here multiplies.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
