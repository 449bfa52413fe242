"""Inspection: several engines one after another on one picture, and whether it is good."""
