# What the Coordinator's guide leaves to the service itself; the rest is its own code, whose blocks are the arguments.
import asyncio
import json
import logging
import os
import socket
import sys

import httpx
import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException  # noqa: F401

from config import settings

logging.basicConfig(level=logging.INFO)
logger = logging.getLogger("service")
app = FastAPI()
listening = socket.create_server(("127.0.0.1", 0))
own_url = f"http://127.0.0.1:{listening.getsockname()[1]}"

# The guide's 30 s pass in half a second.
sleep = asyncio.sleep
asyncio.sleep = lambda seconds: sleep(seconds / 60 if seconds == 30 else seconds)


def create_jwt_token():
    return jwt.encode({"service_id": settings.service_id}, settings.jwt_secret, algorithm="HS256")


async def process_command(payload):
    return {"commanded": payload}


async def process_query(payload):
    return {"asked": payload}


async def call_another_service(message):
    return await call_other_service("image-analysis", message)  # noqa: F821


@app.get("/data")
async def data():
    return {"stored": True}


# "Sends authentication request with Service ID": the guide fixes neither path nor body.
async def ask(path, **body):
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"{settings.registry_url}/{path}",
            json={"service_id": settings.service_id, **body},
            headers={"Authorization": f"Bearer {create_jwt_token()}"},
        )
    response.raise_for_status()
    return response.json()


@app.on_event("startup")
async def register():
    answer = await ask("register", service_name=os.environ["SERVICE_NAME"], url=own_url)
    print(json.dumps({"url": own_url, **answer}), flush=True)


@app.on_event("shutdown")
async def deregister():
    print(json.dumps(await ask("deregister")), flush=True)


for block in sys.argv[1:]:
    before = list(app.router.routes)
    exec(compile(open(block).read(), block, "exec"))
    # A later example of the same endpoint takes the place of an earlier one.
    new = [route.path for route in app.router.routes if route not in before]
    app.router.routes[:] = [route for route in app.router.routes if route not in before or route.path not in new]

uvicorn.Server(uvicorn.Config(app)).run(sockets=[listening])
