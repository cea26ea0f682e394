# A service that uses the guide's client as step 3 does: registers when it starts, is found, deregisters when it ends.
import asyncio
import json
import os
import sys

import logging_block  # noqa: F401
from utils.service_registry_client import ServiceRegistryHttpClient

service_name = os.environ["SERVICE_NAME"]
service_url = os.environ["SERVICE_PUBLIC_URL"].rstrip("/")


async def found(client):
    """What discover_url answers, once it answers anything: the registry looks at the health URL first."""
    for _ in range(200):
        url = await client.discover_url(service_name)
        if url:
            return url
        await asyncio.sleep(0.05)
    sys.exit("never discovered")


async def gone(client):
    for _ in range(200):
        if await client.discover_url(service_name) is None:
            return True
        await asyncio.sleep(0.05)
    return False


async def run():
    client = ServiceRegistryHttpClient()
    unknown = await client.discover_url("nobody-is-called-so")

    async def register():
        return await client.register(
            service_name=service_name,
            service_url=service_url,
            health_check_url=service_url + "/health",
            service_metadata={"instance_id": f"{service_name}-{os.getpid()}", "status": "healthy"},
        )

    instance_id = await register()
    again = await register()
    url = await found(client)
    generated = await client.register("anonymous", service_url, None)
    told = {
        "unknown": unknown,
        "instance_id": instance_id == f"{service_name}-{os.getpid()}",
        "again": again == instance_id,
        "url": url,
        "generated": generated is not None,
        "refused": await client.register("no such name", service_url, None),
        "deregistered": await client.deregister(service_name, instance_id),
        "gone": await gone(client),
        "twice": await client.deregister(service_name, instance_id),
    }
    print(json.dumps(told))


asyncio.run(run())
