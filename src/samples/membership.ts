// Being in the registry: registered after the start, a heartbeat every 30 s, deregistered at the end.
// The registration is the Config Service's, the heartbeat the Coordinator's: `service_id` in the metadata joins them.
import type { Http } from '../http/http.js';
import { mintToken, SHORT_TTL_S } from '../messaging/token.js';
import type { Registration, RegistryClient } from '../registry-client/client.js';
import { configService } from '../registry-client/config-service.js';
import { coordinator } from '../registry-client/coordinator.js';
import { HEARTBEAT_INTERVAL_S } from '../wire/coordinator.js';
import { type Log, reason } from './log.js';
import type { ServiceSettings } from './settings.js';

export interface Registries {
  configService: RegistryClient;
  coordinator: RegistryClient;
}

/** Both APIs, with a token of the service in every call that changes something. */
export function registries(settings: ServiceSettings, http: Http, now: () => number): Registries {
  const authorization = async () =>
    `Bearer ${mintToken({ service_id: settings.serviceId, ttl_s: SHORT_TTL_S }, settings.secret, now())}`;
  const at = (url: string) => ({ url, paths: {}, headers: {}, authorization });
  return {
    configService: configService(at(settings.configServiceUrl), http),
    coordinator: coordinator(at(settings.registryUrl), http),
  };
}

export class Membership {
  readonly #registration: Registration;
  readonly #registries: Registries;
  readonly #log: Log;
  #registered: string | undefined;

  constructor(registration: Registration, clients: Registries, log: Log) {
    this.#registration = registration;
    this.#registries = clients;
    this.#log = log;
  }

  /** Registers; a failure is logged and does not end the service, which the heartbeat registers later. */
  async register(): Promise<string | undefined> {
    const { service_name: name } = this.#registration;
    try {
      const { instance_id: id } = await this.#registries.configService.register(this.#registration);
      this.#registered = id;
      this.#log.info(`Registered ${name} with service registry as instance ${id}`);
    } catch (error) {
      this.#log.warning(`Service registry registration failed: ${reason(error)}`);
      this.#log.warning(`Service registry registration skipped/failed for ${name}`);
    }
    return this.#registered;
  }

  /** Beats until the signal fires, as often as the registry asks for, every 30 s where it does not. */
  async beat(sleep: (ms: number, signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const seconds = await this.#beatOnce();
      await sleep(seconds * 1000, signal).catch(() => undefined);
    }
  }

  /** One heartbeat; answers the seconds until the next. Where the registry has forgotten the service, it registers again. */
  async #beatOnce(isRepeat = false): Promise<number> {
    const { service_name, service_id } = this.#registration;
    try {
      const beat = await this.#registries.coordinator.heartbeat({
        service_name,
        service_id,
        instance_id: null,
      });
      if (beat.kind === 'accepted') return beat.next_heartbeat_s ?? HEARTBEAT_INTERVAL_S;
      if (beat.kind === 'unsupported') this.#log.warning('Heartbeat failed: this registry takes none');
      else if (isRepeat) this.#log.error(`Heartbeat failed: service_id ${service_id} is not registered`);
      else if ((await this.register()) !== undefined) return await this.#beatOnce(true);
    } catch (error) {
      this.#log.error(`Heartbeat failed: ${reason(error)}`);
    }
    return HEARTBEAT_INTERVAL_S;
  }

  /** Deregisters what was registered; a failure is logged. */
  async deregister(): Promise<void> {
    if (this.#registered === undefined) return;
    const { service_name, service_id } = this.#registration;
    try {
      const key = { service_name, service_id, instance_id: this.#registered };
      await this.#registries.configService.deregister(key, 'the service shuts down');
      this.#log.info(`Deregistered ${service_name} from service registry`);
    } catch (error) {
      this.#log.warning(`Service registry deregistration error: ${reason(error)}`);
    }
  }
}
