"""The admin API's routes; all but one need the scope `admin`, which nobody has unasked."""

from auth.scopes import ADMIN
from gateway.dialects.admin import accounts, operation
from gateway.dialects.admin.asking import NAME, parts
from gateway.dialects.admin.describe import describe
from gateway.dialects.admin.models import PREFIX
from gateway.dialects.callers import by_header
from gateway.dialects.dialect import Dialect, as_failure
from gateway.flow import Endpoint, Handle

_ADMIN = (
    ("GET", "metrics", operation.show_metrics),
    ("GET", "models", operation.list_models),
    ("GET", "settings", operation.list_settings),
    ("GET", "quarantine", operation.list_quarantine),
    ("DELETE", "quarantine/{digest}", operation.release_job),
    ("GET", "accounts", accounts.list_accounts),
    ("POST", "accounts", accounts.add_account),
    ("DELETE", "accounts/{name}", accounts.remove_account),
    ("PUT", "accounts/{name}/scopes", accounts.limit_account),
    ("PUT", "accounts/{name}/password", accounts.set_password),
    ("GET", "clients", accounts.list_clients),
    ("POST", "clients", accounts.add_client),
    ("DELETE", "clients/{name}", accounts.remove_client),
    ("GET", "apikeys", accounts.list_keys),
    ("POST", "apikeys", accounts.add_key),
    ("DELETE", "apikeys/{prefix}", accounts.revoke_key),
)


def endpoints() -> list[Endpoint]:
    """Callers are known by a header alone, which no other site's page can make a browser send."""
    anybody = _endpoint("GET", "caller", operation.show_caller, scope="")
    return [anybody, *(_endpoint(*one, scope=ADMIN) for one in _ADMIN)]


def _endpoint(method: str, path: str, handle: Handle, scope: str) -> Endpoint:
    return Endpoint(
        path=PREFIX + path, methods=(method,), handle=handle, known_by=by_header, scope=scope
    )


DIALECT = Dialect(
    name=NAME,
    document="admin",
    prefixes=(PREFIX,),
    endpoints=endpoints,
    render=as_failure,
    describe=describe,
    preload=(),
    parts=parts,
)
