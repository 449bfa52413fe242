"""The native API by which a service is run: who may ask, and how it goes."""
