// The service of a deployment in a container of its own, as Docker Compose runs it, and the way in.
import { ADDRESS, type ContainerOptions, startContainer } from '../support/container.js';
import { type Deployment, SECRET, SERVICE } from './deployment.js';

/** For tests: long enough for a slow machine. */
const TIMEOUT_MS = 20_000;

/**
 * Starts the container and has the doctor look inside by --exec. There the registry is at http://config-service:8082, and
 * the service at its port of 127.0.0.1. `changes` are merged into that, undefined takes a variable away.
 */
export async function putIntoContainer(
  deployment: Deployment,
  changes: ContainerOptions = {},
): Promise<void> {
  const { service, registry, input, owns } = deployment;
  const port = new URL(service.url).port;
  const container = await startContainer({
    hosts: { 'config-service': ADDRESS },
    ways: { [`${ADDRESS}:8082`]: registry.url, [`127.0.0.1:${port}`]: service.url },
    ...changes,
    env: {
      CONFIG_SERVICE_URL: 'http://config-service:8082',
      SERVICE_ID: '42',
      JWT_SECRET: SECRET,
      SERVICE_NAME: SERVICE,
      SERVICE_HOST: '127.0.0.1',
      SERVICE_PORT: port,
      ...changes.env,
    },
  });
  owns(container);
  input.exec = { command: container.exec, timeoutMs: TIMEOUT_MS };
}
