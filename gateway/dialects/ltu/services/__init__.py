"""The services for which LTU has words of its own, a module each."""
