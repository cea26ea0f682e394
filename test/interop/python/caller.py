# Calls another service with the guide's own function, which takes httpx for imported.
import asyncio
import json

import httpx  # noqa: F401

exec(compile(open("discovering_block.py").read(), "discovering_block.py", "exec"))

print(json.dumps(asyncio.run(call_another_service())))  # noqa: F821
