"""How the service runs: its metrics, models, settings, and what it refuses for now."""

from dataclasses import asdict
from functools import partial

from starlette.responses import Response

from auth.scopes import ADMIN
from engines.models import weights
from gateway.dialects.admin.asking import change, moment, parts_of, told
from gateway.dialects.admin.figures import figures
from gateway.dialects.admin.models import (
    CallerAnswer,
    ModelAnswer,
    ModelList,
    Quarantine,
    RefusedJob,
    SettingAnswer,
    SettingList,
)
from gateway.flow import Call
from gateway.limits.quarantine import refused_until, release
from gateway.settings import explain
from gateway.write_behind import caught_up


async def show_caller(call: Call) -> Response:
    assert call.caller is not None
    scopes = None if call.caller.scopes is None else sorted(call.caller.scopes)
    is_admin = call.caller.may_use(ADMIN)
    return told(CallerAnswer(name=call.caller.name, is_admin=is_admin, scopes=scopes))


async def show_metrics(call: Call) -> Response:
    state = call.request.state
    await caught_up()
    # In a thread: it reads the files of all gateway processes.
    samples = await parts_of(call).threads.run(lambda: list(state["metrics"].samples()))
    return told(figures(samples, state["settings"]))


async def list_models(call: Call) -> Response:
    replaced = call.request.state["settings"].models
    listed = await parts_of(call).threads.run(weights.listed, replaced)
    return told(ModelList(models=[ModelAnswer(**asdict(one)) for one in listed]))


async def list_settings(call: Call) -> Response:
    settings = [
        SettingAnswer(name=one.name, value=str(one.value), source=one.source)
        for one in explain(call.request.state["settings"])
    ]
    return told(SettingList(settings=settings))


async def list_quarantine(call: Call) -> Response:
    parts = parts_of(call)
    until = await parts.threads.run(refused_until, parts.database)
    jobs = [RefusedJob(digest=digest, until=moment(end)) for digest, end in until.items()]
    return told(Quarantine(jobs=sorted(jobs, key=lambda job: job.until, reverse=True)))


async def release_job(call: Call) -> Response:
    digest = call.request.path_params["digest"]
    await change(
        call, partial(release, parts_of(call).database, digest), "refused job released", job=digest
    )
    return Response(status_code=204)
