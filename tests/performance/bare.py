"""What pages are held against: bare Starlette over asyncpg with the same SQL, behind nginx.

`auth_request` asks the same application whether the token is known: a dictionary, nothing signed.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TOKENS = {"Bearer known": "sys-1"}


@asynccontextmanager
async def _pool(app: Starlette) -> Any:
    app.state.sql = json.loads(os.environ["BARE_SQL"])
    app.state.pool = await asyncpg.create_pool(os.environ["BARE_URL"], min_size=8, max_size=8)
    yield
    await app.state.pool.close()


async def auth(request: Request) -> Response:
    known = request.headers.get("authorization") in TOKENS
    return Response(status_code=204 if known else 401)


async def page(request: Request) -> Response:
    text, arguments, place = request.app.state.sql
    arguments = [*arguments]
    arguments[place] = request.query_params["id"].removeprefix("gte.")
    arguments = [a if not isinstance(a, dict) else bytes.fromhex(a["hex"]) for a in arguments]
    async with request.app.state.pool.acquire() as connection:
        found = await connection.fetchrow(text, *arguments)
    return Response(f"[{found['body'] or ''}]", media_type="application/json")


app = Starlette(routes=[Route("/auth", auth), Route("/rows", page)], lifespan=_pool)

CONFIGURATION = """
worker_processes 2;
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/f; uwsgi_temp_path {directory}/u; scgi_temp_path {directory}/s;
  upstream bare {{ server 127.0.0.1:{bare}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      auth_request /auth;
      proxy_pass http://bare; proxy_http_version 1.1; proxy_set_header Connection "";
    }}
    location = /auth {{
      internal;
      proxy_pass http://bare; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_pass_request_body off; proxy_set_header Content-Length "";
    }}
  }}
}}
"""


def available() -> bool:
    return bool(shutil.which("nginx") and shutil.which("wrk"))


@contextmanager
def bare_behind_nginx(
    directory: Path, url: str, sql: tuple[str, list[Any], int], ports: tuple[int, int]
) -> Iterator[str]:
    """Run both; yield the base URL of nginx."""
    directory.mkdir(parents=True, exist_ok=True)
    port, bare = ports
    configuration = directory / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(directory=directory, port=port, bare=bare))
    environment = os.environ | {
        "BARE_URL": url,
        "BARE_SQL": json.dumps(sql),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    command = [sys.executable, "-m", "uvicorn", "performance.bare:app", "--port", str(bare)]
    command += ["--log-level", "warning", "--no-access-log"]
    processes = [
        subprocess.Popen(command, env=environment),
        subprocess.Popen(["nginx", "-c", str(configuration), "-g", "daemon off;"]),
    ]
    time.sleep(3)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        for process in processes:
            process.terminate()
            process.wait()
