"""A queueing model of the service: what a load needs, before it comes."""
