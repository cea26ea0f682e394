import pjson from '../../package.json' with { type: 'json' };

/** What `--version` says, and requests as their user agent. */
export const VERSION_LINE = `${pjson.name}/${pjson.version} ${process.platform}-${process.arch} node-${process.version}`;
