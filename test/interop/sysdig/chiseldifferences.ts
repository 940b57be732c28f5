import type { Row } from '../../../lib/analyze/index.js'

/** Analyzers that are not held against the chisel of their name, and why. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  iobytes: 'the chisel prints a line when a second of the machine is over, and of a file that is shorter nothing',
  iobytes_file: 'as iobytes',
  iobytes_net: 'as iobytes',
}

/** Those that chiselprints.test.ts holds against what the chisel prints. */
export const COMPARED_ELSEWHERE: readonly string[] = [
  'bottlenecks', 'list_login_shells', 'lscontainers', 'lsof', 'netstat', 'proc_exec_time', 'ps', 'spectrogram', 'topcontainers_cpu', 'topprocs_cpu',
]

/** Analyzers of lines whose columns for containers are not held against the chisel. */
export const OWN_CONTAINER_COLUMNS: Readonly<Record<string, string>> = {
  stdin: 'with -pc the chisel prints the same as without',
  stdout: 'as stdin',
  spy_file: 'as stdin',
  spy_port: 'as stdin',
  spy_ip: 'as stdin',
}

/** What a chisel that prints lines has otherwise than we. */
export interface LineDifference {
  readonly cause: string
  /** Our rows with what the chisel has instead. */
  rows?(rows: readonly Row[]): Row[]
  /** What the chisel prints with what we have instead, before colours are taken away. */
  theirs?(text: string): string
}

/** Rows with other data, which is their last cell. */
const withData = (change: (data: string) => string) => (rows: readonly Row[]): Row[] =>
  rows.map(row => (typeof row.at(-1) === 'string' ? [...row.slice(0, -1), change(row.at(-1) as string)] : [...row]))

const AS_WRITTEN: LineDifference = {
  cause: 'the chisel prints data as it is, also what sets colours or moves the cursor; we print a dot for control characters, and newlines and tabs as they are',
  theirs: text => text.replace(/\r(?=\n)/g, '').replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '.'),
}

const AS_ASCII: LineDifference = {
  cause: 'with the format that the chisel sets, sysdig leaves out what is no ASCII, and tabs; we print text as UTF-8, and a dot for control characters',
  rows: withData(data => {
    const ascii = data.replace(/\r\n?/g, '\n').replace(/[^\x20-\x7e\n]/g, '')
    // A newline in front is left out by both, and only where it was in front before.
    return data !== '' && (ascii === '' || (ascii.startsWith('\n') && !data.startsWith('\n'))) ? `\n${ascii}` : ascii
  }),
}

const FIRST_OF_A_RUN: LineDifference = {
  cause: 'the chisel makes its heading when the direction changes and prints it again until then: with the bytes of the first read or write',
  rows(rows) {
    let first: Row | undefined
    return rows.map(row => {
      const [, , , direction, , data] = row
      if (first?.[3] !== direction) first = row
      return [...row.slice(0, 4), first![4], data]
    })
  },
}

/** By the name of the analyzer. */
export const LINE_DIFFERENCES: Readonly<Record<string, readonly LineDifference[]>> = {
  stdin: [AS_WRITTEN],
  stdout: [AS_WRITTEN],
  spy_file: [AS_ASCII],
  spy_logs: [AS_ASCII, {
    cause: 'data of which nothing is ASCII: the chisel prints nothing',
    rows: rows => rows.filter(row => /[\x20-\x7e]/.test(String(row.at(-1)))).map(row => [...row]),
  }],
  spy_port: [FIRST_OF_A_RUN],
  spy_ip: [FIRST_OF_A_RUN, {
    cause: 'the chisel calls what is written, in blue, read',
    theirs: text => text.replace(/^\x1b\[34m------ Read /gm, '\x1b[34m------ Write '),
  }],
  spy_syslog: [{
    cause: 'with -pc the chisel puts the facility, the container’s id and its name into each other’s places, unless it prints to a terminal',
    theirs: text => text.replace(/^(\S+) +(\S+) +(\S+)\.(\S+) (?=\w+\[\d+\] )/gm, (_, facility: string, id: string, name: string, severity: string) =>
      `${id.padEnd(20)} ${name.padEnd(20)} ${facility}.${severity} `),
  }],
}

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
