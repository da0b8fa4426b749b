"""Prints every call of the installed mlflow's server, one `METHOD PATH` a line: its protobuf services, its other routes, and
those of its apps for users, jobs, the gateway, MCP servers and the assistant."""

import importlib.util
from pathlib import Path

import mlflow
from mlflow.server import app
from mlflow.server.assistant.api import assistant_router
from mlflow.server.handlers import get_endpoints
from mlflow.server.job_api import job_api_router
from mlflow.server.mcp_server_api import get_mcp_server_api_route_prefixes, mcp_server_router

calls = {(method, path) for path, _, methods in get_endpoints() for method in methods}
calls |= {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods}
for router, prefixes in (
    (assistant_router, [""]),
    (job_api_router, [""]),
    (mcp_server_router, get_mcp_server_api_route_prefixes()),
):
    calls |= {(method, prefix + route.path) for prefix in prefixes for route in router.routes for method in route.methods}

# The package around this file wants an extra of mlflow; the file itself only names paths.
spec = importlib.util.spec_from_file_location("auth_routes", Path(mlflow.__file__).parent / "server" / "auth" / "routes.py")
auth_routes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(auth_routes)
for name, path in vars(auth_routes).items():
    if name.isupper() and isinstance(path, str):
        calls.add(("ANY", path))

for method, path in sorted(calls):
    if method not in ("HEAD", "OPTIONS"):
        print(method, path)
