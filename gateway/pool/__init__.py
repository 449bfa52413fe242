"""Where jobs are computed: own engine processes, or any executor, behind one protocol."""

from gateway.pool.contract import Pool, Progress, Snapshot
from gateway.pool.executor import ExecutorPool, process_pool
from gateway.pool.fork_server import PRELOAD
from gateway.pool.slots import SlotPool

__all__ = ["PRELOAD", "ExecutorPool", "Pool", "Progress", "SlotPool", "Snapshot", "process_pool"]
