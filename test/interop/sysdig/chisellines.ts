/** Analyzers that print as chisels do, with the arguments that both are given. */
export const LINES: Readonly<Record<string, readonly Readonly<Record<string, string | number>>[]>> = {
  echo_fds: [{}],
  stdin: [{}],
  stdout: [{}],
  stderr: [{}],
  spy_logs: [{}],
  spy_users: [{}, { max_depth: 0 }],
  spy_file: [{}, { read_or_write: 'R' }, { read_or_write: 'w', spy_on_file_name: '/tmp/wf0' }],
  spy_port: [{ host_port: 8080 }, { host_port: 9001 }],
  spy_ip: [{ host_ip: '127.0.0.1' }],
  spy_syslog: [{}],
  httplog: [{}],
}

/** One that prints a table of what they have told. */
export const TABLES_OF_LINES: typeof LINES = {
  httptop: [{}, { by: 'ncalls' }, { by: 'bytes' }, { by: 'time' }],
}
