# Finds services and sends them messages, each with the guide's own block; the last one awaits outside of any function.
import ast
import asyncio
import json

import httpx
import jwt

from config import settings


def create_jwt_token():
    return jwt.encode({"service_id": settings.service_id}, settings.jwt_secret, algorithm="HS256")


def run(block):
    code = compile(open(block).read(), block, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return eval(code, globals())


async def main():
    global client
    run("calling_block.py")
    run("requesting_block.py")
    message = {"type": "query", "payload": {"action": "count"}, "trace_id": "trace-of-the-call"}
    called = await call_other_service("image-analysis", message)  # noqa: F821
    requested = await request_image_analysis("12345")  # noqa: F821
    async with httpx.AsyncClient() as client:
        await run("finding_block.py")
    print(json.dumps({"called": called, "requested": requested, "data": response.json()}))  # noqa: F821


asyncio.run(main())
