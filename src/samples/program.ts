// How a process is told to be a sample service. A script file cannot say it: a single executable has none.

/** Internal: set by `regctl serve --samples` for the processes it starts, and by nobody else. */
export const PROGRAM_VARIABLE = 'REGCTL_INTERNAL_PROGRAM';
/** Its one value; with any other, a process is the command line. */
export const SAMPLE_PROGRAM = 'sample-service';
