import type { QueueOptions } from '../cluster/capture.js'
import type { Capture, CaptureOptions } from '../iface/capture.js'
import type { FanoutMode, NicOptions } from '../iface/nic/options.js'
import type { LiveOptions } from '../probe/options.js'
import { integer, list, number } from './args.js'
import { interruptible } from './interrupt.js'
import { UsageError } from './report.js'

/** The options that choose what is captured, for the commands that capture. */
export const SOURCE_OPTIONS = {
  interface: { group: 'Source', short: 'i', value: 'DEV', help: 'capture live from this device: sysdig (default), eth0, cluster:7@0, …; see: sysring devices' },
  read: { short: 'r', value: 'FILE', help: 'read a .scap, .pcap or .pcapng file, also gzipped; - for standard input' },
  numevents: { short: 'n', value: 'EVENTS', help: 'stop after that many events' },
  duration: { short: 'd', value: 'SECONDS', help: 'stop after that many seconds' },
  pace: { value: 'N', help: 'with -r: as fast as it was recorded times N; 1 as it was (default: as fast as it can be read)' },
} as const

/** The options that only a live capture can obey. */
export const LIVE_OPTIONS = {
  snaplen: { group: 'Live', short: 's', value: 'BYTES', help: 'keep that much of each buffer (default: 80) or packet (default: all)' },
  ring: { value: 'MIB', help: 'size of the ring of each CPU (default: 8) or of the network interface (default: 64), in MiB' },
  events: { value: 'MODEL', choices: ['both', 'exit'], help: 'enter and exit events, or only exit events (default: both, or what the kernel module makes)' },
  syscalls: { value: 'A,B,…', help: 'only these system calls; the others cost almost nothing' },
  pid: { value: 'A,B,…', help: 'only these processes' },
  'not-pid': { value: 'A,B,…', help: 'all but these processes' },
  readers: { help: 'also those that read the output of this command through a pipe; they are left out, for they would feed it' },
  promiscuous: { group: 'Network interfaces', help: 'also packets that are not for this machine' },
  fanout: { value: 'GROUP[,MODE]', help: 'share the packets with others of that group: hash (default), lb, cpu, rollover' },
  decap: { help: 'show frames that carry a system call as that event' },
} as const

/** Those of them that are about system calls, and those about packets. */
export const OF_CALLS = ['events', 'syscalls', 'pid', 'not-pid', 'readers'] as const
export const OF_PACKETS = ['promiscuous', 'fanout', 'decap'] as const

type Flag = 'readers' | 'promiscuous' | 'decap'
export type SourceValues = Partial<Record<keyof typeof SOURCE_OPTIONS | Exclude<keyof typeof LIVE_OPTIONS, Flag>, string> & Record<Flag, true>>

/** What the command itself asks of a capture. */
export type Wanted = Pick<CaptureOptions, 'filter' | 'tables' | 'stateEvents'> & Pick<QueueOptions, 'metadata'>

/** Opens what the command line names, until a signal ends it. */
export function openSource(values: SourceValues, wanted: Wanted = {}): Promise<Capture> {
  return interruptible(signal => openUntil(signal, values, wanted))
}

/** How many events are asked for. */
export function eventLimit({ numevents }: SourceValues): number | undefined {
  return integer('-n', numevents, 1)
}

/** Only the half of the library that is needed is loaded. */
export async function openUntil(signal: AbortSignal, values: SourceValues, { metadata, ...wanted }: Wanted): Promise<Capture> {
  const limits: CaptureOptions = { signal, ...wanted }
  const maxEvents = eventLimit(values)
  const seconds = number('-d', values.duration, 0)
  if (maxEvents !== undefined) limits.maxEvents = maxEvents
  if (seconds !== undefined) limits.maxDurationMs = seconds * 1000

  const { read } = values
  if (read !== undefined) {
    if (values.interface !== undefined) throw new UsageError('-i and -r exclude each other', 'capture from a device or read a file')
    for (const name of Object.keys(LIVE_OPTIONS)) {
      if (name in values) throw new UsageError(`--${name} is for live captures, not for -r`, `leave --${name} out`)
    }
    const { openFile } = await import('../iface/file/open.js')
    const pace = number('--pace', values.pace, 0.001)
    return openFile(read === '-' ? process.stdin : read, { ...limits, ...(pace !== undefined && { pace }) })
  }

  if (values.pace !== undefined) throw new UsageError('--pace is for -r: what is live comes when it comes', 'leave --pace out')
  const device = values.interface ?? 'sysdig'
  const { deviceKind, open } = await import('../open.js')
  const kind = deviceKind(device)
  if (kind === 'queue') {
    const name = Object.keys(LIVE_OPTIONS).find(name => name in values)
    if (name !== undefined) throw new UsageError(`--${name} is not for ${device}: what is in a queue has been captured already`, 'give it to the balancer')
    return open(device, { ...limits, ...(metadata !== undefined && { metadata }) })
  }
  for (const name of kind === 'live' ? OF_PACKETS : OF_CALLS) {
    if (name in values) throw new UsageError(`--${name} is not for ${device}, which has ${kind === 'live' ? 'system calls' : 'packets'}`, `leave --${name} out`)
  }
  const options = kind === 'live' ? await callOptions(values) : packetOptions(values, wanted)
  return warned(await open(device, { ...limits, ...common(values), ...options }))
}

/** What both kinds of live capture have. */
function common(values: SourceValues): Pick<LiveOptions, 'snaplen' | 'ringBytes'> {
  return { snaplen: integer('-s', values.snaplen, 0), ringBytes: ringBytes(values.ring) }
}

async function callOptions(values: SourceValues): Promise<LiveOptions> {
  return { events: values.events as 'both' | 'exit' | undefined, syscalls: list(values.syscalls), pids: await pids(values) }
}

/** The filter of packets is tcpdump's. Where frames are shown as the system calls that they carry, it is sysdig's. */
function packetOptions({ promiscuous, fanout, decap }: SourceValues, { filter, stateEvents }: Wanted): NicOptions {
  return {
    ...(decap === true ? { decap, filter, stateEvents } : { bpf: filter, filter: undefined, stateEvents: undefined }),
    promiscuous,
    fanout: fanoutOf(fanout),
  }
}

function fanoutOf(text: string | undefined): NicOptions['fanout'] {
  if (text === undefined) return undefined
  const [group, mode] = text.split(',')
  return { group: integer('--fanout', group, 0, 0xffff)!, ...(mode !== undefined && { mode: mode as FanoutMode }) }
}

/** Says what a capture cannot do. */
function warned(capture: Capture & { limits?: readonly string[] }): Capture {
  for (const limit of capture.limits ?? []) console.error(`sysring: ${capture.device}: ${limit}`)
  return capture
}

async function pids(values: SourceValues): Promise<LiveOptions['pids']> {
  const only = pidList('--pid', values.pid)
  const not = pidList('--not-pid', values['not-pid'])
  if (only !== undefined && not !== undefined) throw new UsageError('--pid and --not-pid exclude each other', 'name those you want, or those you do not want')
  if (only !== undefined) return { allow: only }
  if (values.readers === true) return { deny: not ?? [] }
  const { consumers } = await import('./consumers.js')
  // With children: tshark leaves the reading to a dumpcap that it starts later.
  return { deny: [...(not ?? []), ...consumers()], children: not === undefined }
}

function pidList(name: string, text: string | undefined): number[] | undefined {
  return list(text)?.map(pid => integer(name, pid, 0)!)
}

function ringBytes(text: string | undefined): number | undefined {
  const mib = integer('--ring', text, 1, 1024)
  return mib === undefined ? undefined : mib * 1024 * 1024
}
