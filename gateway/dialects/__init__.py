"""One package for each API that is spoken; `gateway.dialects.table` lists them."""
