// What the script answers: read as data from a place nobody vouches for.
import { stripVTControlCharacters } from 'node:util';

/** A tool that was asked, its exit code, and what it said, on one line. */
export interface Said {
  tool: string;
  code: number;
  text: string;
}

export interface View {
  /** Which of the tools it knows are there. */
  tools: string[];
  /** Variables that are set, and where: `environment` or `.env`. */
  variables: ReadonlyMap<string, { value: string; origin: string }>;
  /** Undefined where JWT_SECRET is not set; `digest` where nothing there can hash. */
  secret: { origin: string; long: boolean; placeholder: boolean; digest: string | undefined } | undefined;
  /** Seconds since 1970 by the clock inside; undefined where no tool tells. */
  clockS: number | undefined;
  /** How the name of the registry resolves; undefined where no tool could be asked. */
  dns: Said | undefined;
  registry: Got | undefined;
  health: Got | undefined;
  /** A proxy variable is set. */
  proxied: boolean;
}

export interface Got {
  url: string;
  /** Undefined where no tool could ask. */
  said: Said | undefined;
}

/** Reads the answer; a sentence where it is none or was cut off. */
export function readAnswer(stdout: string, nonce: string): View | string {
  const lines = stdout.split('\n').map((line) => line.replace(/\r$/, ''));
  const begin = lines.indexOf(`regctl-inside\tbegin ${nonce}`);
  if (begin === -1) return 'the script did not answer';
  const end = lines.indexOf(`regctl-inside\tend ${nonce}`, begin);
  if (end === -1) return 'the answer of the script was cut off';
  const told = lines.slice(begin + 1, end).map(pair);
  const first = (key: string) => told.find((each) => each.key === key)?.value;
  const got = (key: string): Got | undefined => {
    const url = first(`url ${key}`);
    return url === undefined ? undefined : { url, said: said(first(key)) };
  };
  const variables = new Map(
    told.flatMap(({ key, value }) => {
      const [, origin, name] = /^(environment|\.env) (\w+)$/.exec(key) ?? [];
      return origin && name ? [[name, { value, origin }] as const] : [];
    }),
  );
  const secret = variables.get('JWT_SECRET');
  variables.delete('JWT_SECRET');
  return {
    tools: told.filter(({ key }) => key === 'tool').map(({ value }) => value),
    variables,
    secret: secret && {
      origin: secret.origin,
      long: secret.value === 'long',
      placeholder: first('placeholder') === 'yes',
      digest: /^[0-9a-f]{64}$/.exec(first('digest') ?? '')?.[0],
    },
    clockS: /^\d{1,12}$/.test(first('clock') ?? '') ? Number(first('clock')) : undefined,
    dns: said(first('dns')),
    registry: got('registry'),
    health: got('health'),
    proxied: first('proxy') === 'yes',
  };
}

function pair(line: string): { key: string; value: string } {
  const tab = line.indexOf('\t');
  return tab === -1
    ? { key: '', value: '' }
    : { key: line.slice(0, tab), value: printable(line.slice(tab + 1)) };
}

/** The tools that the script asks; the name becomes part of a command to paste, so that no other will do. */
const SAID = /^(curl|wget|python3?|node|nc|getent|nslookup|address|\/etc\/hosts) (\d{1,3}) ?(.*)$/;

function said(value: string | undefined): Said | undefined {
  const [, tool, code, text = ''] = SAID.exec(value ?? '') ?? [];
  return tool === undefined ? undefined : { tool, code: Number(code), text };
}

/** Without control characters, on one line. */
function printable(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
}

/** The last lines of what a command complained of, short enough for a sentence. */
export function tail(stderr: string, max = 300): string {
  const lines = stderr
    .split('\n')
    .map(printable)
    .filter((line) => line !== '');
  const text = lines.slice(-3).join('; ');
  return text.length > max ? `…${text.slice(-max)}` : text;
}
