"""An engine process: how it is forked, what it is sent, and how it answers."""
