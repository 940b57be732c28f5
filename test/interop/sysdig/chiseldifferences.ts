/** Analyzers that are not held against the chisel of their name, and why. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  iobytes: 'the chisel prints a line when a second of the machine is over, and of a file that is shorter nothing',
  iobytes_file: 'as iobytes',
  iobytes_net: 'as iobytes',
}

/** Those that chisellines.test.ts holds against what the chisel prints. */
export const COMPARED_ELSEWHERE: readonly string[] = [
  'bottlenecks', 'list_login_shells', 'lscontainers', 'lsof', 'netstat', 'proc_exec_time', 'ps', 'spectrogram', 'topcontainers_cpu', 'topprocs_cpu',
]

/** What differs all the same, in what those tests do not compare or the recordings do not have. */
export const OTHERWISE: Readonly<Record<string, string>> = {
  topprocs_cpu: 'CPU times are equal; in percent of the time between the first and the last event that tells of them, where the chisel takes the whole file, which begins and ends a little apart',
  topcontainers_cpu: 'as topprocs_cpu',
  list_login_shells: 'the chisel prints the shell of the last program only, up to three times; its arguments are patterns of Lua, ours are plain text',
  proc_exec_time: 'ours has the time as well, and no colours',
  ps: 'with a filter the chisel leaves out threads that have no fd; ours asks the filter about the thread',
  lscontainers: 'the chisel prints Lua with the argument desc; ours has --json',
  spectrogram: 'calls of more than 100 s are in the last column, not behind it',
}

/** Recordings of which spectrogram has one line more as a chisel, and why. */
export const SPLIT: Readonly<Record<string, string>> = {
  'both.scap.gz': 'procinfo events with the time of the interval before stand behind the first one of the next: the chisel ends a line at each change',
}
