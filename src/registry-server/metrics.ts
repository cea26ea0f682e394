// What the registry counts as it goes, in plain numbers: cheap enough for every request, and a page only when one is
// asked for. Nothing here is kept per service or instance, or under a word from the network: who calls cannot make it grow.
import { type Family, Histogram } from './exposition.js';
import type { Probe } from './probe.js';
import { CAUSES, type Cause } from './registration.js';
import type { Clock } from './settings.js';
import type { Batch, Writable } from './store/store.js';

/** Seconds: answers from memory take under a millisecond, commits a few, health checks that are waited for many. */
const DURATIONS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000];

/** What a path that no route has is counted under, and a method that none takes. */
const OTHER = 'other';
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** An answer; `route` is the template, undefined where the path is unknown. */
export interface Answered {
  readonly method: string;
  readonly route: string | undefined;
  readonly status: number;
  /** Undefined for a stream, whose end says nothing of how long it took to answer. */
  readonly seconds: number | undefined;
}

interface RouteCounts {
  readonly method: string;
  readonly route: string;
  /** By the first digit of the status. */
  readonly byClass: Map<number, number>;
  readonly durations: Histogram;
}

/** Counts since the registry started. */
export class Metrics {
  /** By route, then by method. */
  readonly #routes = new Map<string, Map<string, RouteCounts>>();
  /** By cause; they begin at 0. */
  readonly #transitions = new Map<Cause, number>(CAUSES.map((cause) => [cause, 0]));
  readonly #checks = { passed: 0, failed: 0, inconclusive: 0 };
  readonly #commits = new Histogram(DURATIONS);
  readonly #batches = new Histogram(BATCH_SIZES);
  #failedCommits = 0;
  #rateLimited = 0;

  /** A route there is: its count begins at 0, so that its first request is seen as a growth. */
  route(method: string, route: string): void {
    this.#countsOf(method, route).byClass.set(2, 0);
  }

  answered({ method, route, status, seconds }: Answered): void {
    const counts = this.#countsOf(METHODS.has(method) ? method : OTHER, route ?? OTHER);
    const hundreds = Math.trunc(status / 100);
    counts.byClass.set(hundreds, (counts.byClass.get(hundreds) ?? 0) + 1);
    if (seconds !== undefined) counts.durations.observe(seconds);
    if (status === 429) this.#rateLimited += 1;
  }

  /** What a writer needs of the store, with what is committed counted. */
  countingStore(store: Writable, clock: Clock): Writable {
    return {
      commit: async (prepare) => {
        const began = clock.now();
        let audit: Batch['audit'] = [];
        try {
          await store.commit((missed) => {
            const batch = prepare(missed);
            audit = batch.audit;
            return batch;
          });
        } catch (error) {
          this.#failedCommits += 1;
          throw error;
        }
        if (audit.length === 0) return;
        for (const { cause } of audit) this.#transitions.set(cause, (this.#transitions.get(cause) ?? 0) + 1);
        this.#batches.observe(audit.length);
        this.#commits.observe((clock.now() - began) / 1000);
      },
      catchUp: () => store.catchUp(),
      probe: () => store.probe(),
    };
  }

  /** The probe, with what it finds counted. */
  countingProbe(probe: Probe): Probe {
    return async (url) => {
      const result = await probe(url);
      if (!result.counts) this.#checks.inconclusive += 1;
      else if (result.problem === null) this.#checks.passed += 1;
      else this.#checks.failed += 1;
      return result;
    };
  }

  families(): Family[] {
    return [...this.#requestFamilies(), ...this.#lifeFamilies(), ...this.#storeFamilies()];
  }

  /** Looked up by the words themselves: a key made of both would be made, and hashed, for every request. */
  #countsOf(method: string, route: string): RouteCounts {
    const known = this.#routes.get(route)?.get(method);
    if (known !== undefined) return known;
    const made = { method, route, byClass: new Map(), durations: new Histogram(DURATIONS) };
    this.#routes.set(route, (this.#routes.get(route) ?? new Map()).set(method, made));
    return made;
  }

  #counts(): RouteCounts[] {
    return [...this.#routes.values()].flatMap((byMethod) => [...byMethod.values()]);
  }

  #requestFamilies(): Family[] {
    const routes = this.#counts();
    return [
      {
        name: 'regctl_http_requests_total',
        help: 'Requests answered, by route, method and class of the status.',
        type: 'counter',
        samples: routes.flatMap(({ method, route, byClass }) =>
          [...byClass].map(([hundreds, value]) => ({
            labels: { route, method, status: `${hundreds}xx` },
            value,
          })),
        ),
      },
      {
        name: 'regctl_http_request_duration_seconds',
        help: 'From the head of a request until its answer is ready to be sent; streams are left out.',
        type: 'histogram',
        samples: routes
          .filter(({ durations }) => durations.observed > 0)
          .flatMap(({ method, route, durations }) => durations.samples({ route, method })),
      },
      counter(
        'regctl_rate_limited_requests_total',
        'Requests refused with 429: too many from one address.',
        this.#rateLimited,
      ),
    ];
  }

  #lifeFamilies(): Family[] {
    const beats = this.#counts().filter(({ route }) => route.endsWith('/heartbeat'));
    return [
      counter(
        'regctl_heartbeats_total',
        'Heartbeats that counted.',
        beats.reduce((sum, { byClass }) => sum + (byClass.get(2) ?? 0), 0),
      ),
      {
        name: 'regctl_transitions_total',
        help: 'Registrations, deregistrations and changes of state, by cause as in the audit trail.',
        type: 'counter',
        samples: [...this.#transitions].map(([cause, value]) => ({ labels: { cause }, value })),
      },
      {
        name: 'regctl_health_checks_total',
        help: 'Health checks made, by result; inconclusive ones say nothing of the instance.',
        type: 'counter',
        samples: Object.entries(this.#checks).map(([result, value]) => ({ labels: { result }, value })),
      },
    ];
  }

  #storeFamilies(): Family[] {
    return [
      {
        name: 'regctl_commit_duration_seconds',
        help: 'How long the store took to make a batch of changes durable.',
        type: 'histogram',
        samples: this.#commits.samples(),
      },
      {
        name: 'regctl_commit_batch_size',
        help: 'Changes made durable by one commit.',
        type: 'histogram',
        samples: this.#batches.samples(),
      },
      counter('regctl_commit_failures_total', 'Commits that the store did not take.', this.#failedCommits),
    ];
  }
}

function counter(name: string, help: string, value: number): Family {
  return { name, help, type: 'counter', samples: [{ value }] };
}

export function gauge(name: string, help: string, value: number): Family {
  return { name, help, type: 'gauge', samples: [{ value }] };
}
