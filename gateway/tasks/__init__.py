"""Work that is answered later: rows that gateways lease, compute and finish."""
