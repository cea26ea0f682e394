// The context file: named registries in YAML under the XDG config folder, readable by its owner alone.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { parse, stringify } from 'yaml';
import { fail } from './errors.js';
import type { RegistryContext } from './settings.js';
import { isName, NAME_RULE } from './wire/names.js';
import { serviceUrlProblem } from './wire/urls.js';

export interface ContextFile {
  current?: string;
  contexts: Record<string, RegistryContext>;
}

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const texts = v.record(text, v.string());

const ContextSchema = v.strictObject({
  registry: v.exactOptional(
    v.pipe(
      text,
      v.check(
        (url) => serviceUrlProblem(url) === undefined,
        'must be an http or https URL without credentials',
      ),
    ),
  ),
  api: v.exactOptional(v.picklist(['auto', 'config-service', 'coordinator'])),
  service_id: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  secret_file: v.exactOptional(text),
  secret_command: v.exactOptional(v.pipe(v.array(text), v.minLength(1, 'must name a program'))),
  ca_file: v.exactOptional(text),
  cert_file: v.exactOptional(text),
  key_file: v.exactOptional(text),
  timeout: v.exactOptional(v.pipe(v.number(), v.gtValue(0), v.maxValue(86_400))),
  paths: v.exactOptional(texts),
  headers: v.exactOptional(texts),
});

const FileSchema = v.strictObject({
  current: v.exactOptional(text),
  contexts: v.optional(
    v.record(v.pipe(v.string(), v.check(isName, `must be ${NAME_RULE}`)), ContextSchema),
    {},
  ),
});

/** Reads the file; one that does not exist is empty. Throws INVALID_SETTING naming the field that is wrong. */
export async function readContextFile(path: string): Promise<ContextFile> {
  let source: string;
  try {
    source = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { contexts: {} };
    throw invalid(path, `cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  let document: unknown;
  try {
    document = parse(source) ?? {};
  } catch (error) {
    throw invalid(
      path,
      `is not YAML (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`,
    );
  }
  return checked(document, path);
}

/** Writes the file whole or not at all, with mode 0600. Throws INVALID_SETTING before anything is written. */
export async function writeContextFile(path: string, file: ContextFile): Promise<void> {
  checked(file, path);
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(draft, stringify(file), { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw invalid(path, `cannot be written (${error instanceof Error ? error.message : String(error)})`);
  }
}

function checked(document: unknown, path: string): ContextFile {
  const parsed = v.safeParse(FileSchema, document);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  throw invalid(path, `is wrong at ${v.getDotPath(issue) ?? 'its top'}: ${issue.message}`);
}

function invalid(path: string, problem: string) {
  return fail('INVALID_SETTING', {
    setting: 'The context file',
    origin: path,
    problem,
    next: 'Correct or remove the file; `regctl context set` writes a new one.',
  });
}
