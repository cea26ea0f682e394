# `uvicorn main:app --port …` on a free port, which SERVICE_PORT names before the service registers.
import os
import socket

import uvicorn

listening = socket.create_server(("127.0.0.1", 0))
os.environ["SERVICE_PORT"] = str(listening.getsockname()[1])

import main  # noqa: E402

# FastAPI before 0.93, as in Debian 12, takes no lifespan; later ones put it here themselves.
if hasattr(main, "lifespan"):
    main.app.router.lifespan_context = main.lifespan

uvicorn.Server(uvicorn.Config(main.app)).run(sockets=[listening])
