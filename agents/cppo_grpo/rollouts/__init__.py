"""Problems → plans → programs → rewards, with the tokens and log-probs of the sampler."""
