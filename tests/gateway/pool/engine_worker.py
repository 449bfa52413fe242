"""`pixelgate worker` with what the tests of the pools compute in place of the engines."""

from functools import partial
from unittest.mock import patch

from gateway.cli import worker as cli
from gateway.pool import from_settings
from gateway.pool.slots import SlotPool
from tests.gateway.pool.work import work

if __name__ == "__main__":
    with patch.object(from_settings, "SlotPool", partial(SlotPool, work=work)):
        cli.worker()
