// A real Chromium for pages that people read. Missing: a skip that says so on a desk, a failure in CI.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Nothing of a profile, of updates or of the browser's own reports. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const executablePath = PATHS.find((path) => existsSync(path));

/** For `describe.skipIf(NO_BROWSER)`: false in CI, so that a browser that is missing there fails its tests. */
export const NO_BROWSER = executablePath === undefined && !process.env.CI;

/** Starts Chromium; the caller closes it. */
export async function startBrowser(): Promise<Browser> {
  if (executablePath === undefined) throw new Error(`no Chromium at ${PATHS.join(', ')}`);
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
