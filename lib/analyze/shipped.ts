import { CaptureError } from '../errors.js'
import { nearestName } from '../field/nearest.js'
import type { Analyzer } from './analyzer.js'

type AnyAnalyzer = Analyzer<any, any>

/** Those that come with the library; each is loaded when it is asked for. */
const SHIPPED: Readonly<Record<string, () => Promise<{ default: AnyAnalyzer }>>> = {
  bashreadline: () => import('./shipped/bashreadline.js'),
  bottlenecks: () => import('./shipped/bottlenecks.js'),
  echo_fds: () => import('./shipped/echo_fds.js'),
  execsnoop: () => import('./shipped/execsnoop.js'),
  ext4slower: () => import('./shipped/ext4slower.js'),
  fileslower: () => import('./shipped/fileslower.js'),
  httplog: () => import('./shipped/httplog.js'),
  httptop: () => import('./shipped/httptop.js'),
  iobytes: () => import('./shipped/iobytes.js'),
  iobytes_file: () => import('./shipped/iobytes_file.js'),
  iobytes_net: () => import('./shipped/iobytes_net.js'),
  list_login_shells: () => import('./shipped/list_login_shells.js'),
  lscontainers: () => import('./shipped/lscontainers.js'),
  lsof: () => import('./shipped/lsof.js'),
  netlower: () => import('./shipped/netlower.js'),
  netstat: () => import('./shipped/netstat.js'),
  opensnoop: () => import('./shipped/opensnoop.js'),
  proc_exec_time: () => import('./shipped/proc_exec_time.js'),
  proctraffic: () => import('./shipped/proctraffic.js'),
  ps: () => import('./shipped/ps.js'),
  scallslower: () => import('./shipped/scallslower.js'),
  spectrogram: () => import('./shipped/spectrogram.js'),
  spy_file: () => import('./shipped/spy_file.js'),
  spy_ip: () => import('./shipped/spy_ip.js'),
  spy_logs: () => import('./shipped/spy_logs.js'),
  spy_port: () => import('./shipped/spy_port.js'),
  spy_syslog: () => import('./shipped/spy_syslog.js'),
  spy_users: () => import('./shipped/spy_users.js'),
  stderr: () => import('./shipped/stderr.js'),
  stdin: () => import('./shipped/stdin.js'),
  stdout: () => import('./shipped/stdout.js'),
  syscount: () => import('./shipped/syscount.js'),
  tcpaccept: () => import('./shipped/tcpaccept.js'),
  tcpconnect: () => import('./shipped/tcpconnect.js'),
  tcplife: () => import('./shipped/tcplife.js'),
  topconns: () => import('./shipped/topconns.js'),
  topcontainers_cpu: () => import('./shipped/topcontainers_cpu.js'),
  topcontainers_error: () => import('./shipped/topcontainers_error.js'),
  topcontainers_file: () => import('./shipped/topcontainers_file.js'),
  topcontainers_net: () => import('./shipped/topcontainers_net.js'),
  topfiles_bytes: () => import('./shipped/topfiles_bytes.js'),
  topfiles_errors: () => import('./shipped/topfiles_errors.js'),
  topfiles_time: () => import('./shipped/topfiles_time.js'),
  topports_server: () => import('./shipped/topports_server.js'),
  topprocs_cpu: () => import('./shipped/topprocs_cpu.js'),
  topprocs_errors: () => import('./shipped/topprocs_errors.js'),
  topprocs_file: () => import('./shipped/topprocs_file.js'),
  topprocs_net: () => import('./shipped/topprocs_net.js'),
  topprocs_packets: () => import('./shipped/topprocs_packets.js'),
  topprocs_time: () => import('./shipped/topprocs_time.js'),
  topscalls: () => import('./shipped/topscalls.js'),
  topscalls_time: () => import('./shipped/topscalls_time.js'),
  trace: () => import('./shipped/trace.js'),
  ttysnoop: () => import('./shipped/ttysnoop.js'),
}

const loaded = new Set<AnyAnalyzer>()

export const SHIPPED_NAMES: readonly string[] = Object.keys(SHIPPED)

/** An analyzer that comes with the library, by its name. @throws CaptureError ERR_CAPTURE_OPTION */
export async function shipped(name: string): Promise<AnyAnalyzer> {
  if (!Object.hasOwn(SHIPPED, name)) {
    const nearest = nearestName(name, SHIPPED_NAMES)
    throw new CaptureError('ERR_CAPTURE_OPTION', `there is no analyzer ${name}`, nearest === undefined ? 'sysring run --list' : `did you mean ${nearest}?`)
  }
  const { default: analyzer } = await SHIPPED[name]()
  loaded.add(analyzer)
  return analyzer
}

/** @internal Can another thread get it by its name? */
export function isShipped(analyzer: AnyAnalyzer): boolean {
  return loaded.has(analyzer)
}
