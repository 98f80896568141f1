"""Problems about digits, with an agent, a judge and a reward."""
