import * as v from 'valibot';

const MAX_URL_LENGTH = 2048;

/** Most URLs: V8 takes a millisecond to prepare for the properties of Unicode. */
const PLAIN = /^[!-~]*$/;

/** What every URL parser reads alike: scheme, host, maybe a port, maybe a path. */
const BASE_URL = /^https?:\/\/[^/\\@?#%\s]+(\/[^\\?#\s]*)?$/;

/** As BASE_URL, and maybe a query. */
const URL_WITH_QUERY = /^https?:\/\/[^/\\@?#%\s]+([/?][^\\#\s]*)?$/;

/**
 * Why `text` cannot be a base URL that callers append paths to, or undefined where it can: http or https, a host, no
 * credentials, no query, no fragment, and nothing that two URL parsers could read in two ways.
 */
export function serviceUrlProblem(text: string): string | undefined {
  const problem = commonProblem(text);
  if (problem !== undefined) return problem;
  if (BASE_URL.test(text)) return undefined;
  return text.includes('?') ? 'must not contain a query' : AMBIGUOUS;
}

/** As `serviceUrlProblem`, but a health URL is asked as it is: it may have a query. */
export function healthUrlProblem(text: string): string | undefined {
  return commonProblem(text) ?? (URL_WITH_QUERY.test(text) ? undefined : AMBIGUOUS);
}

const AMBIGUOUS = 'must be of the form http://host:port/path';

function commonProblem(text: string): string | undefined {
  if (text.length > MAX_URL_LENGTH) return `must be at most ${MAX_URL_LENGTH} characters`;
  // WHATWG URL parsing drops tabs and newlines silently; what is stored must be what was checked.
  if (!PLAIN.test(text) && /[\s\p{Cc}\p{Cf}\p{Cs}]/u.test(text))
    return 'must not contain spaces or control characters';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be an absolute http or https URL';
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http or https URL';
  if (url.username !== '' || url.password !== '') return 'must not contain credentials';
  if (text.includes('#')) return 'must not contain a fragment';
  if (url.port === '0') return 'must not name port 0';
  return undefined;
}

const urlWithout = (problemOf: (text: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const problem = problemOf(dataset.value);
      if (problem !== undefined) addIssue({ message: problem });
    }),
  );

/** The URL of a service, as registrations carry it. */
export const ServiceUrl = urlWithout(serviceUrlProblem);

/** The URL of a health check. */
export const HealthUrl = urlWithout(healthUrlProblem);

/** A base URL to which a path is appended: without the slashes it ends with. */
export function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '');
}
