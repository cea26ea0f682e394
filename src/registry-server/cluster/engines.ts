// What a replica has to know of the engines it stands on.

interface Login {
  readonly host: string;
  readonly port: number;
  readonly user?: string | undefined;
  /** Asked for anew at every connection, so that it stands in no object that is printed. */
  readonly password?: (() => string) | undefined;
}

export interface PostgresLogin extends Login {
  readonly database?: string | undefined;
  /** libpq's word for how far TLS goes. */
  readonly sslmode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
}

export interface RedisLogin extends Login {
  readonly tls: boolean;
}

export interface ClusterEngines {
  readonly zookeeper: {
    /** `host:port,host:port/chroot` */
    readonly servers: string;
    /** Instances are under it: `/services`. */
    readonly basePath: string;
    /** Default 10 s. */
    readonly sessionTimeoutMs?: number;
  };
  readonly postgres: PostgresLogin;
  /** Undefined: nothing is cached elsewhere than here. */
  readonly redis: RedisLogin | undefined;
}
