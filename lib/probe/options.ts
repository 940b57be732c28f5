import type { CaptureOptions } from '../iface/capture.js'
import { integer, powerOfTwo, refuse, refuseOthers } from '../iface/options.js'
import type { Decision } from './decision.js'

/** Events beside system calls, named as in the event table. `switch` and `page_fault` are many: only on request. */
export type Tracepoint = 'procexit' | 'signaldeliver' | 'switch' | 'page_fault'

/** Options of a live capture. */
export interface LiveOptions extends CaptureOptions {
  /**
   * 'both': an enter and an exit event per call, which sysdig up to 0.36 and Wireshark know. 'exit': one event per call
   * with all parameters on it, at about two thirds of the cost. Default: what the kernel module makes, which depends on its
   * version; of our eBPF probe 'exit' where a filter wants exit events only, else 'both'.
   */
  events?: 'both' | 'exit'
  /** Bytes of I/O buffers to keep: 0 … 60000, default 80. */
  snaplen?: number
  /**
   * Keep more of what goes over sockets, as the driver does when it is told to: 2000 bytes of what looks like HTTP, MySQL,
   * PostgreSQL or MongoDB and of statsd's port, 512 of DNS, and 16 000 of what goes over a port between the two of `fullPorts`.
   * Default: false. The eBPF probe only: 'sysdig' takes it where this is asked for.
   */
  dynamicSnaplen?: boolean | { fullPorts?: readonly [first: number, last: number] }
  /**
   * Size of each CPU's ring in bytes, a power of two: 128 KiB … 1 GiB, default 8 MiB. Of the kernel module: before 3.0 it
   * is what it is, 8 or 1 MiB; since 3.0 a parameter of the module, which is set for this capture and set back.
   */
  ringBytes?: number
  /**
   * Names of the system calls to capture; all by default. The others cost a look into a table in the kernel; those that the
   * kernel module cannot leave out are left out when they are read. Modules up to 4.0 make one event of accept and accept4, of dup, dup2 and dup3, and so on: asked for one, they give all.
   */
  syscalls?: readonly string[]
  /**
   * Processes to capture (`allow`) or to leave out (`deny`), by pid in the initial namespace; one of the two. With `children`
   * also the processes that those have started themselves. Our eBPF probe decides that in the kernel; of the kernel module,
   * the others' records are left out when they are read.
   */
  pids?: { allow?: readonly number[]; deny?: readonly number[]; children?: boolean }
  /**
   * Calls that fail give no exit event, and count as filtered; their enter events come all the same. EINPROGRESS is no
   * failure. Default: false. The eBPF probe only: 'sysdig' takes it where this is asked for.
   */
  dropFailed?: boolean
  /** Capture this process too. By default it is left out: it would feed itself. */
  includeSelf?: boolean
  /** Default: procexit and signaldeliver. */
  tracepoints?: readonly Tracepoint[]
  /** A record is delivered at most so many ms after it was made, if the loop is free: 1 … 1000, default 10. */
  maxWaitMs?: number
}

export const RING_BYTES = 8 << 20
export const SNAPLEN = 80
const MAX_SNAPLEN = 60_000
const TRACEPOINTS: readonly Tracepoint[] = ['procexit', 'signaldeliver', 'switch', 'page_fault']

const NAMES: ReadonlySet<string> = new Set<keyof LiveOptions>([
  'maxEvents', 'maxDurationMs', 'signal', 'filter', 'state', 'stateEvents', 'tables',
  'events', 'snaplen', 'dynamicSnaplen', 'ringBytes', 'syscalls', 'pids', 'dropFailed', 'includeSelf', 'tracepoints', 'maxWaitMs',
])

/** What to take in place of an option of network interfaces. */
const INSTEAD: Readonly<Record<string, string>> = { bpf: "the filter of system calls is sysdig's: { filter: 'proc.name = cat' }" }

/** Checks every option by name and fills in the defaults. `decision`: what a filter leaves to the kernel. */
export function checkLiveOptions(options: LiveOptions, decision?: Decision) {
  refuseOthers('sysdig', options, NAMES, INSTEAD)
  const { events } = options
  if (events !== undefined && events !== 'both' && events !== 'exit') refuse(`events must be 'both' or 'exit', not ${String(events)}`, "{ events: 'both' }")

  const { allow, deny } = options.pids ?? {}
  if (allow !== undefined && deny !== undefined) refuse('pids takes allow or deny, not both', 'deny what you do not want, or allow what you do')
  const pids = allow ?? deny ?? []
  for (const pid of pids) integer('a pid', pid, 0, 0x3fff_ffff)

  const tracepoints = options.tracepoints ?? ['procexit', 'signaldeliver']
  const unknown = tracepoints.find(name => !TRACEPOINTS.includes(name))
  if (unknown !== undefined) refuse(`there is no tracepoint ${unknown}`, `one of ${TRACEPOINTS.join(', ')}`)

  const { dynamicSnaplen = false } = options
  const [first, last] = (typeof dynamicSnaplen === 'object' ? dynamicSnaplen.fullPorts : undefined) ?? [0, 0]
  integer('a port', first, 0, 65_535)
  integer('a port', last, 0, 65_535)
  if (first > last) refuse(`fullPorts begins at ${first} and ends at ${last}`, 'name the lower port first')

  return {
    events,
    dynamicSnaplen: { dynamicSnaplen: dynamicSnaplen !== false, fullPortsFirst: first, fullPortsLast: last },
    ringBytes: options.ringBytes === undefined ? undefined : powerOfTwo('ringBytes', options.ringBytes, 128 << 10, 1 << 30),
    snaplen: integer('snaplen', options.snaplen ?? SNAPLEN, 0, MAX_SNAPLEN),
    maxWaitMs: integer('maxWaitMs', options.maxWaitMs ?? 10, 1, 1000),
    pids: [...pids],
    pidChildren: options.pids?.children ?? false,
    pidFilter: (allow !== undefined ? 2 : pids.length > 0 ? 1 : 0) as 0 | 1 | 2,
    tracepoints,
    dropFailed: options.dropFailed ?? false,
    includeSelf: options.includeSelf ?? false,
    syscalls: options.syscalls,
    decision,
  }
}
export type CheckedLiveOptions = ReturnType<typeof checkLiveOptions>
