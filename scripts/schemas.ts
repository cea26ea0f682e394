// The JSON that each command prints, as schemas: docs/schemas/*.json is made from them, and real output is held to them.
// The types tie each to what its operation answers: a field that is missing here does not compile.
import * as v from 'valibot';
import type { Checklist } from '../src/doctor/checklist.js';
import type { CheckDescription } from '../src/doctor/describe.js';
import { LISTS } from '../src/doctor/guides.js';
import { type Report, STATUSES } from '../src/doctor/result.js';
import type { ErrorCode } from '../src/errors.js';
import { CATALOGUE } from '../src/errors.js';
import type { ListedContext } from '../src/operations/contexts.js';
import type { Contradiction } from '../src/operations/contradictions.js';
import type { Deregistered } from '../src/operations/deregister.js';
import type { Description } from '../src/operations/describe.js';
import type { Discovered } from '../src/operations/discover.js';
import type { BeatReport } from '../src/operations/heartbeat.js';
import type { Minted } from '../src/operations/mint-token.js';
import type { Registered } from '../src/operations/register.js';
import type { ResolvedSetting } from '../src/operations/resolved-settings.js';
import type { Sent } from '../src/operations/send-message.js';
import type { Serving } from '../src/operations/serve.js';
import { APIS, type Instance, type PlannedCall, type Service } from '../src/registry-client/client.js';
import type { ErrorDocument } from '../src/report-error.js';
import { MESSAGE_TYPES, MessageAnswer } from '../src/wire/message.js';

/** The schema itself; compiles only where what it accepts is a T. */
const of =
  <T>() =>
  <S extends v.GenericSchema<T>>(schema: S): S =>
    schema;

const text = v.string();
const textOrNull = v.nullable(text);
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const milliseconds = v.pipe(v.number(), v.minValue(0));
/** ISO 8601, UTC. */
const time = v.pipe(text, v.isoTimestamp());
const timeOrNull = v.nullable(time);
const metadata = v.record(text, v.unknown());
const api = v.picklist(APIS);

const service = of<Service>()(
  v.strictObject({
    service_name: text,
    status: text,
    healthy_instances: v.nullable(count),
    total_instances: v.nullable(count),
    held_instances: v.nullable(count),
    service_url: textOrNull,
    health_check_url: textOrNull,
    registered_at: timeOrNull,
    service_metadata: metadata,
  }),
);

const instance = of<Instance>()(
  v.strictObject({
    service_name: text,
    instance_id: textOrNull,
    status: text,
    service_url: textOrNull,
    health_check_url: textOrNull,
    monitored_by: textOrNull,
    registered_at: timeOrNull,
    last_heartbeat: timeOrNull,
    service_id: v.nullable(v.number()),
    service_metadata: metadata,
  }),
);

const contradiction = of<Contradiction>()(
  v.variant('code', [
    v.strictObject({
      code: v.literal('registered-not-discoverable'),
      statuses: v.record(text, count),
      catalog_status: textOrNull,
    }),
    v.strictObject({ code: v.literal('ghost'), catalog_status: text }),
    v.strictObject({ code: v.literal('catalog-collapsed'), total: count, shown_url: textOrNull }),
    v.strictObject({ code: v.literal('catalog-url-stale'), shown_url: text }),
    v.strictObject({ code: v.literal('catalog-lost-status'), healthy: count }),
    v.strictObject({ code: v.literal('dead-but-handed-out'), catalog_status: text, healthy: count }),
    v.strictObject({ code: v.literal('handed-out-stale'), url: text }),
    v.strictObject({ code: v.literal('unreadable'), suspect: textOrNull }),
    v.strictObject({ code: v.literal('duplicate-url'), url: text, instance_ids: v.array(text) }),
  ]),
);

const discovered = of<Discovered>()(
  v.strictObject({ service_name: text, instance_id: textOrNull, url: text }),
);

const listedContext = of<ListedContext>()(
  v.strictObject({ name: text, current: v.boolean(), registry: textOrNull, api: text }),
);

const status = v.picklist(STATUSES);
const level = v.picklist(['warn', 'fail', 'unknown']);

const check = of<CheckDescription>()(
  v.strictObject({
    id: text,
    title: text,
    about: text,
    scope: v.picklist(['deployment', 'service']),
    effects: v.picklist(['read', 'write']),
    requires: v.array(text),
    checklist: v.array(text),
    symptoms: v.array(v.strictObject({ guide: text, symptom: text, advice: v.array(text) })),
    findings: v.array(v.strictObject({ code: text, level, seen: text, remedy: text, reproduce: textOrNull })),
  }),
);

const findings = v.array(
  v.strictObject({
    level,
    code: text,
    seen: text,
    remedy: text,
    reproduce: textOrNull,
    location: v.nullable(v.strictObject({ path: text, line: count, column: count })),
  }),
);
const trouble = { id: text, service: textOrNull, code: text, level };
const troubles = v.array(v.strictObject(trouble));
const day = v.pipe(text, v.regex(/^\d{4}-\d{2}-\d{2}$/));

const result = v.strictObject({
  id: text,
  title: text,
  category: text,
  service: textOrNull,
  status,
  seen: textOrNull,
  findings,
  waived: findings,
  skip: v.nullable(
    v.variant('kind', [
      v.strictObject({ kind: v.picklist(['not-applicable', 'filtered', 'waived']), why: text }),
      v.strictObject({ kind: v.literal('blocked'), by: text, why: text }),
    ]),
  ),
  started_ms: v.nullable(milliseconds),
  duration_ms: milliseconds,
  attempts: v.array(v.strictObject({ status, codes: v.array(text), duration_ms: milliseconds })),
});

/** What a report and a checklist begin with. */
const aboutRun = {
  schemaVersion: v.literal(1),
  tool: v.strictObject({ name: v.literal('regctl'), version: text }),
  started_at: time,
  duration_ms: milliseconds,
  registry: v.strictObject({ url: textOrNull, origin: textOrNull, api: textOrNull }),
  services: v.array(text),
  verdict: v.picklist(['pass', 'warn', 'fail', 'unknown']),
  exit: v.picklist([0, 1, 3]),
  summary: v.strictObject({ pass: count, warn: count, fail: count, skip: count, unknown: count }),
  causes: v.array(v.strictObject({ id: text, service: textOrNull, blocks: count })),
};

const report = of<Report>()(
  v.strictObject({
    ...aboutRun,
    fail_on: v.picklist(['warn', 'fail', 'new']),
    waivers: v.array(
      v.strictObject({
        id: text,
        code: textOrNull,
        target: textOrNull,
        owner: text,
        reason: text,
        expires: day,
        state: v.picklist(['used', 'expired', 'unmatched', 'unexamined']),
        waives: troubles,
      }),
    ),
    comparison: v.nullable(
      v.strictObject({
        previous: time,
        new: troubles,
        fixed: troubles,
        still: troubles,
        unexamined: troubles,
        lost: v.array(v.strictObject({ id: text, service: v.nullable(text) })),
      }),
    ),
    results: v.array(result),
  }),
);

const checklist = of<Checklist>()(
  v.strictObject({
    ...aboutRun,
    checklist: v.picklist(LISTS),
    items: v.array(
      v.strictObject({
        item: text,
        text,
        status,
        open: v.array(v.strictObject({ id: text, why: text })),
        why: textOrNull,
        checks: v.array(result),
      }),
    ),
  }),
);

export interface ResultSchema {
  /** Which command lines print it. */
  title: string;
  /** Id of the command, as in the manifest; undefined for what every command can print. */
  command: string | undefined;
  schema: v.GenericSchema;
}

/** By the name of the file in docs/schemas. */
export const SCHEMAS: Readonly<Record<string, ResultSchema>> = {
  list: { title: 'regctl list --json', command: 'list', schema: v.array(service) },
  describe: {
    title: 'regctl describe --json',
    command: 'describe',
    schema: of<Description>()(
      v.strictObject({
        service_name: text,
        registry: text,
        api,
        catalog: v.nullable(service),
        instances: v.array(instance),
        unreadable: textOrNull,
        handed_out: textOrNull,
        contradictions: v.array(contradiction),
      }),
    ),
  },
  register: {
    title: 'regctl register --json',
    command: 'register',
    schema: of<Registered>()(
      v.strictObject({
        service_name: text,
        instance_id: text,
        service_url: text,
        health_check_url: textOrNull,
        registry: text,
        api,
        heartbeat_interval_s: v.nullable(v.number()),
        discoverable: v.nullable(v.literal(true)),
      }),
    ),
  },
  'register-dry-run': {
    title: 'regctl register --dry-run --json',
    command: 'register',
    schema: of<PlannedCall>()(
      v.strictObject({ method: v.literal('POST'), url: text, body: v.record(text, v.unknown()) }),
    ),
  },
  deregister: {
    title: 'regctl deregister --json',
    command: 'deregister',
    schema: of<Deregistered>()(
      v.strictObject({ service_name: text, registry: text, deregistered: v.array(text) }),
    ),
  },
  discover: { title: 'regctl discover --json', command: 'discover', schema: discovered },
  'discover-all': { title: 'regctl discover --all --json', command: 'discover', schema: v.array(discovered) },
  'send-message': {
    title: 'regctl send-message --json',
    command: 'send-message',
    schema: of<Sent>()(
      v.strictObject({
        service_name: text,
        url: text,
        type: v.picklist(MESSAGE_TYPES),
        trace_id: text,
        status: v.pipe(v.number(), v.integer()),
        duration_ms: milliseconds,
        trace_echoed: v.boolean(),
        answer: MessageAnswer,
      }),
    ),
  },
  heartbeat: {
    title: 'regctl heartbeat --count N --json; one of them is a line of -o ndjson',
    command: 'heartbeat',
    schema: v.array(
      of<BeatReport>()(
        v.strictObject({
          beat: v.pipe(count, v.minValue(1)),
          at: time,
          target: text,
          accepted: v.boolean(),
          via: v.picklist(['heartbeat', 'register']),
          latency_ms: v.nullable(milliseconds),
          attempts: count,
          missed_in_a_row: count,
          error: textOrNull,
        }),
      ),
    ),
  },
  'mint-token': {
    title: 'regctl mint-token --json',
    command: 'mint-token',
    schema: of<Minted>()(v.strictObject({ token: text, service_id: v.number(), expires_at: timeOrNull })),
  },
  'context-show': {
    title: 'regctl context show --json',
    command: 'context:show',
    schema: v.array(
      of<ResolvedSetting>()(v.strictObject({ setting: text, value: textOrNull, origin: textOrNull })),
    ),
  },
  'context-list': {
    title: 'regctl context list --json',
    command: 'context:list',
    schema: v.array(listedContext),
  },
  'context-set': { title: 'regctl context set --json', command: 'context:set', schema: listedContext },
  'context-use': { title: 'regctl context use --json', command: 'context:use', schema: listedContext },
  'context-delete': {
    title: 'regctl context delete --json',
    command: 'context:delete',
    schema: listedContext,
  },
  serve: {
    title: 'regctl serve --json, once it listens',
    command: 'serve',
    schema: of<Serving>()(
      v.strictObject({
        url: text,
        auth: v.picklist(['jwt', 'none']),
        read_only: v.boolean(),
        data_dir: textOrNull,
        engines: v.nullable(v.strictObject({ zookeeper: text, postgres: text, redis: textOrNull })),
        samples: v.array(
          v.strictObject({ name: text, service_id: v.number(), instance_id: text, url: text }),
        ),
        secret_file: textOrNull,
      }),
    ),
  },
  doctor: { title: 'regctl doctor --json, and --report json=FILE', command: 'doctor', schema: report },
  'doctor-list': { title: 'regctl doctor --list --json', command: 'doctor', schema: v.array(check) },
  'doctor-checklist': {
    title: 'regctl doctor --checklist LIST --json',
    command: 'doctor',
    schema: checklist,
  },
  'doctor-explain': { title: 'regctl doctor --explain ID --json', command: 'doctor', schema: check },
  error: {
    title: 'What any command prints under --json where it fails',
    command: undefined,
    schema: of<ErrorDocument>()(
      v.strictObject({
        error: v.strictObject({
          code: v.picklist(Object.keys(CATALOGUE) as ErrorCode[]),
          message: text,
          hint: text,
          exit: v.pipe(v.number(), v.integer()),
        }),
      }),
    ),
  },
};
