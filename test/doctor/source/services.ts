// A service that follows the guides, in each language, for the source checks to find nothing in.

const PYTHON = `import asyncio, os, uuid
from contextlib import asynccontextmanager

import httpx, jwt, uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException

from service_registry_client import ServiceRegistryHttpClient

SECRET = os.environ["JWT_SECRET"]
REGISTRY = os.environ["REGISTRY_URL"]
CONFIG_SERVICE = os.getenv("CONFIG_SERVICE_URL", "http://config-service:8082")
registry_client = ServiceRegistryHttpClient(CONFIG_SERVICE)


def verify_jwt(authorization: str = Header(None)):
    """Checks what calls us, such as http://10.0.5.3:8000."""
    if not authorization or not authorization.startswith("Bearer "):
        raise HTTPException(status_code=401, detail="No token")
    return jwt.decode(authorization[7:], SECRET, algorithms=["HS256"])


async def heartbeat_loop():
    while True:
        async with httpx.AsyncClient() as client:
            await client.post(f"{REGISTRY}/heartbeat", json={"service_id": 42})
        await asyncio.sleep(30)


@asynccontextmanager
async def lifespan(app):
    instance = await registry_client.register(os.environ["SERVICE_NAME"])
    asyncio.create_task(heartbeat_loop())
    yield
    await registry_client.deregister(os.environ["SERVICE_NAME"], instance)


app = FastAPI(lifespan=lifespan)


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.post("/message")
async def receive(message: dict, auth: dict = Depends(verify_jwt)):
    url = await registry_client.discover_url("nmt-service")
    sent = {"type": "query", "payload": message, "trace_id": message.get("trace_id", str(uuid.uuid4()))}
    async with httpx.AsyncClient() as client:
        await client.post(f"{url}/message", json=sent)
    return {"received": True, "trace_id": sent["trace_id"]}


uvicorn.run(app, host="0.0.0.0", port=8090)
`;

const TYPESCRIPT = `import fastify from 'fastify';
import jwt from 'jsonwebtoken';
import { ServiceRegistryClient } from './service-registry-client.js';

const secret: string = process.env.JWT_SECRET!;
const registryUrl: string = process.env.REGISTRY_URL!;
const registryClient = new ServiceRegistryClient(process.env.CONFIG_SERVICE_URL ?? 'http://config-service:8082');
const app = fastify();

app.get('/health', async () => ({ status: 'healthy' }));
app.post('/message', async (request, reply) => {
  const [, token] = /^Bearer (\\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) return reply.code(401).send({ detail: 'No token' });
  jwt.verify(token, secret, { algorithms: ['HS256'] });
  const url = await registryClient.discoverUrl('nmt-service');
  const { payload, trace_id } = request.body as Message;
  await fetch(\`\${url}/message\`, { method: 'POST', body: JSON.stringify({ type: 'query', payload, trace_id }) });
  return { received: true, trace_id };
});

const instance = await registryClient.register(process.env.SERVICE_NAME);
setInterval(() => fetch(\`\${registryUrl}/heartbeat\`, { method: 'POST' }), 30_000);
process.on('SIGTERM', () => registryClient.deregister(process.env.SERVICE_NAME, instance));
await app.listen({ host: '0.0.0.0', port: 8090 });
`;

const JAVASCRIPT = `const express = require('express');
const { verifyToken } = require('./auth');
const { ServiceRegistryClient } = require('./service-registry-client');

const registryClient = new ServiceRegistryClient(process.env.CONFIG_SERVICE_URL || 'http://config-service:8082');
const app = express();
app.get('/health', (request, response) => response.json({ status: 'healthy' }));
app.post('/message', verifyToken, async (request, response) => {
  const url = await registryClient.discoverUrl('nmt-service');
  const message = { ...request.body, payload: {} };
  await axios.post(url + '/message', message);
  response.json({ received: true, trace_id: message.trace_id });
});

async function beat() {
  await axios.post(process.env.REGISTRY_URL + '/heartbeat', { service_id: 42 });
  setTimeout(beat, 30 * 1000);
}

registryClient.register(process.env.SERVICE_NAME).then(beat);
process.once('SIGTERM', async () => {
  await registryClient.deregister(process.env.SERVICE_NAME);
});
app.listen(8090);
`;

const GO = `package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"time"
)

var registryURL = os.Getenv("REGISTRY_URL")
var jwtSecret = []byte(os.Getenv("JWT_SECRET"))

type Message struct {
	Type    string         \`json:"type"\`
	Payload map[string]any \`json:"payload"\`
	TraceID string         \`json:"trace_id"\`
}

func beat() {
	body, _ := json.Marshal(map[string]any{"service_id": 42})
	http.Post(registryURL+"/heartbeat", "application/json", bytes.NewBuffer(body))
}

func heartbeats(done <-chan struct{}) {
	ticker := time.NewTicker(30 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			beat()
		case <-done:
			return
		}
	}
}

func send(url string, message Message) error {
	body, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = http.Post(url+"/message", "application/json", bytes.NewReader(body))
	return err
}

func receive(w http.ResponseWriter, r *http.Request) {
	if _, err := verifyToken(r.Header.Get("Authorization"), jwtSecret); err != nil {
		http.Error(w, "Invalid token", http.StatusUnauthorized)
		return
	}
	_ = send(discover("nmt-service"), Message{Type: "query", Payload: nil, TraceID: r.Header.Get("X-Trace")})
}

func main() {
	registry := NewServiceRegistryClient(getEnv("CONFIG_SERVICE_URL", "http://config-service:8082"))
	registry.Register(os.Getenv("SERVICE_NAME"))
	defer registry.Deregister(os.Getenv("SERVICE_NAME"))
	go heartbeats(make(chan struct{}))
	http.HandleFunc("/health", health)
	http.HandleFunc("/message", receive)
	http.ListenAndServe("0.0.0.0:8090", nil)
}
`;

const JAVA = `package org.example;

import java.util.Map;
import java.util.UUID;

@RestController
public class Main {
    private final String registryUrl = System.getenv("REGISTRY_URL");
    private final String jwtSecret = System.getenv("JWT_SECRET");

    @Value("\${config.service.url:http://config-service:8082}")
    private String configServiceUrl;

    private ServiceRegistryClient registryClient;

    @PostConstruct
    void start() {
        registryClient = new ServiceRegistryClient(configServiceUrl);
        registryClient.register(System.getenv("SERVICE_NAME"));
    }

    @PreDestroy
    void stop() {
        registryClient.deregister(System.getenv("SERVICE_NAME"));
    }

    @Scheduled(fixedRate = 30000)
    void heartbeat() {
        rest.postForObject(registryUrl + "/heartbeat", Map.of("service_id", 42), String.class);
    }

    @GetMapping("/health")
    Map<String, String> health() {
        return Map.of("status", "healthy");
    }

    @PostMapping("/message")
    Map<String, Object> receive(@RequestHeader("Authorization") String authorization, @RequestBody Message message) {
        JWT.require(Algorithm.HMAC256(jwtSecret)).build().verify(authorization.substring(7));
        String url = registryClient.discoverUrl("nmt-service");
        rest.postForObject(url + "/message",
            Map.of("type", "query", "payload", Map.of(), "trace_id", UUID.randomUUID().toString()), String.class);
        return Map.of("received", true, "trace_id", message.traceId());
    }
}
`;

/** File name → code. */
export const SERVICES = {
  'main.py': PYTHON,
  'main.ts': TYPESCRIPT,
  'main.js': JAVASCRIPT,
  'main.go': GO,
  'Main.java': JAVA,
} as const;
