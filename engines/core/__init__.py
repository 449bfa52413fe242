"""What every engine shares: registration, decoding, answers, errors, the process they run in."""
