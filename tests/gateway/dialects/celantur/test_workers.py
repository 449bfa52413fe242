"""Tasks are the same in every worker."""

from tests.auth.workers import each_worker
from tests.gateway.dialects.celantur.pictures import FILE, TASK, uploaded
from tests.keys import api_key
from tests.serving import Served


def test_what_one_worker_has_done_the_other_serves(hiding: Served) -> None:
    key = {"X-API-Key": api_key(hiding)}
    with each_worker(hiding) as (one, other):
        one.headers.update(key)
        other.headers.update(key)
        task = uploaded(one)
        assert other.get(f"{TASK}/{task['id']}").json() == task
        for end in ("anonymised", "binary-mask", "instance-mask"):
            path = f"{FILE}/{task['id']}/{end}"
            assert one.get(path).content == other.get(path).content
        assert other.delete(f"{TASK}/{task['id']}").status_code == 200
        assert one.get(f"{TASK}/{task['id']}").status_code == 404
