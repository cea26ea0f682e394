// What scripts/bundle.js writes in their place.
declare const REGCTL_COMMAND_WORDS: readonly string[];
declare const REGCTL_BUILD: string;

/** First words of command lines that are commands. */
export const COMMAND_WORDS = REGCTL_COMMAND_WORDS;

/** Differs where any of the code does. */
export const BUILD = REGCTL_BUILD;
