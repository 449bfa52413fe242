"""The HTTP side: who asks, what they send, where it is computed, how it is answered."""
