// The parts of undici that every request takes, each from its own file: the index also loads fetch, WebSocket, caches and
// mocks, two thirds of what it costs.
import request from 'undici/lib/api/api-request.js';
import buildConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Client from 'undici/lib/dispatcher/client.js';

export { Agent, buildConnector, Client, request };
