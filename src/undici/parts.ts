// The parts of undici that every request takes, each from its own file: the index also loads fetch, WebSocket, caches and
// mocks, two thirds of what it costs.
import { setFlagsFromString } from 'node:v8';
import request from 'undici/lib/api/api-request.js';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Client from 'undici/lib/dispatcher/client.js';

// undici parses HTTP in WebAssembly. V8 counts the code that a loop jumps back over, so with its own budget the parser is
// hot after one answer, and optimising it takes 0.15 s of CPU, which the end of the process waits for.
setFlagsFromString('--wasm-tiering-budget=100000000');

export { Agent, buildConnector, Client, request };
