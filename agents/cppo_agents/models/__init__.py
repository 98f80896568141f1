"""What a language model is: its chat format, end tokens, lengths, and whether it can be used."""
