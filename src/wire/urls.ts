import * as v from 'valibot';

const MAX_URL_LENGTH = 2048;

/**
 * Why `text` cannot be a service's URL, or undefined where it can: http or https, a host, no credentials,
 * no query or fragment (callers append paths to it).
 */
export function serviceUrlProblem(text: string): string | undefined {
  if (text.length > MAX_URL_LENGTH) return `must be at most ${MAX_URL_LENGTH} characters`;
  // WHATWG URL parsing drops tabs and newlines silently; what is stored must be what was checked.
  if (/[\s\u0000-\u001f\u007f-\u009f]/u.test(text)) return 'must not contain spaces or control characters';
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'must be an absolute http or https URL';
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http or https URL';
  if (url.username !== '' || url.password !== '') return 'must not contain credentials';
  if (url.hash !== '') return 'must not contain a fragment';
  return undefined;
}

/** An http(s) URL without credentials, as registrations carry it. */
export const ServiceUrl = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const problem = serviceUrlProblem(dataset.value);
    if (problem !== undefined) addIssue({ message: problem });
  }),
);
