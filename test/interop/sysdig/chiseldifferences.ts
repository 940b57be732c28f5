/** Analyzers that are not held against the chisel of their name, and why. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  iobytes: 'the chisel prints a line when a second of the machine is over, and of a file that is shorter nothing',
  iobytes_file: 'as iobytes',
  iobytes_net: 'as iobytes',
}

/** Those that chisellines.test.ts holds against what the chisel prints. */
export const COMPARED_ELSEWHERE: readonly string[] = [
  'bottlenecks', 'list_login_shells', 'lscontainers', 'lsof', 'netstat', 'proc_exec_time', 'ps', 'topcontainers_cpu', 'topprocs_cpu',
]

/**
 * What is known to differ there, for those who compare by eye: the percentages of topprocs_cpu and topcontainers_cpu are of the time
 * between the first and the last event that tells of CPU time, those of the chisels of the whole file, which begins and ends a little
 * apart from that. CPU times are equal.
 */
