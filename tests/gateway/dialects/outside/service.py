"""The service, which speaks one more dialect."""

from gateway.app import create_app
from gateway.dialects.table import DIALECTS
from gateway.http.server import serve
from gateway.settings import Settings
from tests.gateway.dialects.outside.dialect import DIALECT

if __name__ == "__main__":
    serve(Settings(), lambda settings: create_app(settings, (*DIALECTS, DIALECT)))
