// What a check may use: narrow, injected, and without any way to the secret itself.
import type { Engines } from '../engines/address.js';
import type { Http } from '../http/http.js';
import type { Api, RegistryClient } from '../registry-client/client.js';
import type { Secret } from '../secret.js';
import type { Setting, Target, Variable } from '../settings.js';

export interface DoctorContext {
  /** A variable of the guides, and where its value came from; undefined where it is not set. */
  variable(name: Exclude<Variable, 'JWT_SECRET'>): Setting | undefined;
  /** The Coordinator's integer id of the service. */
  readonly serviceId: Setting | undefined;
  /** Tells about the secret, never the secret. */
  readonly secret: Pick<Secret, 'origin' | 'weakness' | 'matches' | 'appearsIn'> | undefined;
  /**
   * A token signed with the secret `ageS` seconds ago, good for `ttlS`. Throws MISSING_SETTING without a secret,
   * INVALID_SETTING where it is a placeholder, UNTRUSTED_URL where it must not be used with this registry.
   */
  token(request: { service_id: number; ageS: number; ttlS: number }): Promise<string>;
  /** The working folder, whose `.env` is looked at. */
  readonly folder: string;
  /** The log of the service's start, of `--logs`. */
  readonly logFile: string | undefined;
  /** The folder of the service's code, of `--source`. */
  readonly source: string | undefined;
  readonly engines: Engines;
  /** The password for an engine, from the variable of its own client (PGPASSWORD, REDISCLI_AUTH). */
  enginePassword(engine: 'postgres' | 'redis'): Secret | undefined;
  /** `--exec`: a way to where the service runs. */
  readonly exec: Exec | undefined;
  readonly registry: Pick<Target, 'url' | 'origin' | 'setting'> & {
    readonly headers: Readonly<Record<string, string>>;
    /** Full URL of a call, e.g. `health`; paths set per context are obeyed. */
    urlOf(api: Api, call: string, service?: string): string;
    /** Which API it speaks; asks where no setting says so. */
    api(): Promise<Api>;
    client(): Promise<RegistryClient>;
    /**
     * A client whose calls are not cut short by the end of the check nor by an interruption: for what registers and
     * deregisters the canary, in whose name it signs.
     */
    lasting(): Promise<RegistryClient>;
  };
  /** Ends with the check, and never tries again by itself: the engine does, and tells. */
  readonly http: Pick<Http, 'send'>;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Resolves after `ms`; rejects when the check ends. */
  sleep(ms: number): Promise<void>;
  readonly signal: AbortSignal;
  /** The services this run examines. */
  readonly services: readonly string[];
  /** They are given by --service or --all, so that the environment need not be a service's. */
  readonly fromOutside: boolean;
}

/** A way to run a program where the service runs. */
export interface Exec {
  /** Put before the program, for a shell, such as `docker compose exec -T my-service`. */
  readonly command: string;
  /** Milliseconds until it is ended. */
  readonly timeoutMs: number;
}

/** What a check of one service may use. */
export interface ServiceContext extends DoctorContext {
  readonly service: string;
}
