"""The native dialect without its services: how errors look, and no engine is loaded."""

from dataclasses import replace

from gateway.dialects.ltu.routes import DIALECT
from gateway.dialects.table import DialectTable

NATIVE = DialectTable([replace(DIALECT, endpoints=list)])
