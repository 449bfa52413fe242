"""Where jobs are computed: own engine processes, or any executor, behind one protocol."""

from gateway.pool.contract import Observe, Pool, Progress, Snapshot, Timing
from gateway.pool.executor import ExecutorPool, process_pool
from gateway.pool.fork_server import PRELOAD
from gateway.pool.slots import SlotPool

__all__ = [
    "PRELOAD",
    "ExecutorPool",
    "Observe",
    "Pool",
    "Progress",
    "SlotPool",
    "Snapshot",
    "Timing",
    "process_pool",
]
