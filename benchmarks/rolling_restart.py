"""Whether a rolling restart of two gateways behind nginx loses a request, under load.

Both are restarted once while callers ask for edges of a small picture by TLS; it ends when as many
are answered as are told. If one has another status than 200, the exit code is 1.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests import servers
from tests.certificates import Authority
from tests.deploy.site import opened_site

CALLERS = 8


def main() -> None:
    """Print how many answers had which status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    requests = parser.parse_args().requests
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.postgresql() as postgresql,
        servers.redis() as redis,
        opened_site(Path(folder), Authority(), postgresql.address, redis.address) as site,
    ):
        statuses = site.restart_under_load(callers=CALLERS, at_least=requests)
    print(f"{statuses.total()} requests by {CALLERS} callers, two restarts: {dict(statuses)}")
    sys.exit(statuses.keys() != {200})


if __name__ == "__main__":
    main()
