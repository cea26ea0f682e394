import type { Description } from '../operations/describe.js';
import type { Instance } from '../registry-client/client.js';
import { age } from './age.js';
import { contradictionText } from './contradictions.js';
import { heldNote } from './held.js';
import { styleStatus } from './style.js';
import { fields, table } from './table.js';
import { clean, wrap } from './text.js';
import type { Paper, View } from './view.js';

/** `regctl describe`: the catalog row, the instances, what is handed out, and what does not fit together. */
export const describeView: View<Description> = {
  text(found, paper) {
    const parts = [header(found, paper), instances(found, paper), handedOut(found, paper)];
    if (inFull(found, paper)) parts.push(...found.instances.map((one) => metadata(one, paper)));
    if (found.catalog !== null) parts.push(heldNote([found.catalog]));
    parts.push(...doubts(found, paper));
    return parts.filter((part) => part !== '').join('\n\n');
  },
  names: ({ instances: all }) =>
    all.flatMap(({ instance_id }) => (instance_id === null ? [] : [instance_id])),
};

/** One instance, or `-o wide`: metadata in full below the table; else it has a column. */
function inFull({ instances: all }: Description, paper: Paper): boolean {
  return all.length === 1 || paper.wide;
}

function header({ service_name, catalog, registry, api }: Description, paper: Paper): string {
  const row =
    catalog === null
      ? 'no row'
      : `${styleStatus(paper.style, clean(catalog.status))}  ${clean(catalog.service_url ?? 'no URL')}  registered ${age(catalog.registered_at, paper.now)} ago`;
  return fields(
    [
      ['Service', paper.style.bold(clean(service_name))],
      ['Registry', `${clean(registry)} (${api})`],
      ['Catalog', row.replace('registered - ago', 'registered at an unknown time')],
    ],
    paper,
  );
}

function instances(found: Description, paper: Paper): string {
  const { instances: all, unreadable } = found;
  const column = !inFull(found, paper);
  if (unreadable !== null) return `${paper.style.bad('Instances cannot be read.')} ${clean(unreadable)}`;
  if (all.length === 0) return 'No live instances.';
  const rows = all.map((one) => [
    clean(one.instance_id ?? '-'),
    styleStatus(paper.style, clean(one.status)),
    clean(one.service_url ?? '-'),
    clean(healthPath(one)),
    age(one.registered_at, paper.now),
    age(one.last_heartbeat, paper.now),
    clean(one.monitored_by ?? '-'),
    ...(column ? [inBrief(one)] : []),
  ]);
  const headings = ['INSTANCE', 'STATUS', 'URL', 'HEALTH', 'AGE', 'LAST BEAT', 'MONITORED BY'];
  return table([...headings, ...(column ? ['METADATA'] : [])], rows, paper);
}

/** A health URL below the service's own is shown as its path alone. */
function healthPath({ service_url: url, health_check_url: health }: Instance): string {
  return url !== null && health?.startsWith(`${url}/`) ? health.slice(url.length) : (health ?? '-');
}

function handedOut({ handed_out: url }: Description, paper: Paper): string {
  return fields([['Handed out now', url === null ? paper.style.bad('nothing') : clean(url)]], paper);
}

function metadata(one: Instance, paper: Paper): string {
  const pairs = metadataPairs(one);
  if (pairs.length === 0) return '';
  const title = paper.style.bold(`Metadata of ${clean(one.instance_id ?? 'the instance')}`);
  return `${title}\n${fields(pairs, paper)}`;
}

/** Metadata in a cell, without the status, which has a column of its own. */
function inBrief(one: Instance): string {
  const pairs = metadataPairs(one).filter(([key]) => key !== 'status');
  return pairs.map(([key, value]) => `${key}=${value}`).join(' ') || '-';
}

function metadataPairs({ service_metadata }: Instance): (readonly [key: string, value: string])[] {
  return Object.entries(service_metadata).map(
    ([key, value]) => [clean(key), clean(typeof value === 'string' ? value : JSON.stringify(value))] as const,
  );
}

function doubts({ contradictions }: Description, paper: Paper): string[] {
  if (contradictions.length === 0) return [];
  const lines = contradictions.map(
    (found) => `${paper.style.warn('!')} ${wrap(contradictionText(found), paper.width, '  ')}`,
  );
  return [`${paper.style.bold('What does not fit together')}\n${lines.join('\n')}`];
}
