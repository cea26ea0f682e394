// Loaded into the CLI with --require: leaves its peak memory, in KiB, in the file PEAK_FILE names.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  writeFileSync(process.env.PEAK_FILE, String(process.resourceUsage().maxRSS));
});
