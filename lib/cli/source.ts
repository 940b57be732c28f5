import type { QueueOptions } from '../cluster/capture.js'
import type { Capture, CaptureOptions } from '../iface/capture.js'
import type { FanoutMode, NicOptions } from '../iface/nic/options.js'
import type { LiveOptions } from '../probe/options.js'
import { integer, list, number } from './args.js'
import { interruptible } from './interrupt.js'
import { UsageError } from './report.js'

/** The options that choose what is captured, for the commands that capture. */
export const SOURCE_OPTIONS = {
  interface: { group: 'Source', short: 'i', value: 'DEV', many: true, help: 'capture live from this device: sysdig (default), eth0, cluster:7@0, …; see: sysring devices. Several are merged' },
  read: { short: 'r', value: 'FILE', many: true, help: 'read a .scap, .pcap or .pcapng file, also gzipped; - for standard input. Several are merged' },
  numevents: { short: 'n', value: 'EVENTS', help: 'stop after that many events' },
  duration: { short: 'd', value: 'SECONDS', help: 'stop after that many seconds' },
  pace: { value: 'N', help: 'with -r: as fast as it was recorded times N; 1 as it was (default: as fast as it can be read)' },
} as const

/** The options that only a live capture can obey. */
export const LIVE_OPTIONS = {
  snaplen: { group: 'Live', short: 's', value: 'BYTES', help: 'keep that much of each buffer (default: 80) or packet (default: all)' },
  'dynamic-snaplen': { help: 'keep more of what goes over sockets and looks like HTTP, MySQL, PostgreSQL, MongoDB, DNS or statsd' },
  'full-ports': { value: 'A-B', help: 'the same, and all that goes over these ports, up to 16000 bytes of a buffer' },
  ring: { value: 'MIB', help: 'size of the ring of each CPU (default: 8) or of the network interface (default: 64), in MiB' },
  events: { value: 'MODEL', choices: ['both', 'exit'], help: 'enter and exit events, or only exit events (default: both, or what the kernel module makes)' },
  syscalls: { value: 'A,B,…', help: 'only these system calls; the others cost almost nothing' },
  'drop-failed': { help: 'no exit events of calls that fail' },
  pid: { value: 'A,B,…', help: 'only these processes' },
  'not-pid': { value: 'A,B,…', help: 'all but these processes' },
  readers: { help: 'also those that read the output of this command through a pipe; they are left out, for they would feed it' },
  promiscuous: { group: 'Network interfaces', help: 'also packets that are not for this machine' },
  fanout: { value: 'GROUP[,MODE]', help: 'share the packets with others of that group: hash (default), lb, cpu, rollover' },
  decap: { help: 'show frames that carry a system call as that event' },
} as const

/** Those of them that are about system calls, and those about packets. */
const OF_CALLS = ['dynamic-snaplen', 'full-ports', 'events', 'syscalls', 'drop-failed', 'pid', 'not-pid', 'readers'] as const
const OF_PACKETS = ['promiscuous', 'fanout', 'decap'] as const

type Flag = 'dynamic-snaplen' | 'drop-failed' | 'readers' | 'promiscuous' | 'decap'
type Many = 'interface' | 'read'
export type SourceValues = Partial<
  Record<Many, string[]> & Record<Exclude<keyof typeof SOURCE_OPTIONS, Many> | Exclude<keyof typeof LIVE_OPTIONS, Flag>, string> & Record<Flag, true>>

/** What the command itself asks of a capture. */
export type Wanted = Pick<CaptureOptions, 'filter' | 'state' | 'tables' | 'stateEvents'> & Pick<QueueOptions, 'metadata'> & Pick<LiveOptions, 'tracepoints'> & {
  /** Of system calls, where --snaplen does not say otherwise. */
  snaplen?: number
}

/** Opens what the command line names, until a signal ends it. */
export function openSource(values: SourceValues, wanted: Wanted = {}): Promise<Capture> {
  return interruptible(signal => openUntil(signal, values, wanted))
}

/** How many events are asked for. */
export function eventLimit({ numevents }: SourceValues): number | undefined {
  return integer('-n', numevents, 1)
}

/** One source, or several as one. */
export async function openUntil(signal: AbortSignal, values: SourceValues, wanted: Wanted): Promise<Capture> {
  const sources = await sourcesOf(signal, values)
  return sources.names.length === 1 ? openOne(sources, sources.names[0], wanted) : openMerged(sources, wanted)
}

/** Several sources as they are, for a balancer: it puts them in order by itself. Only a filter has to see all of them together. */
export async function openSources(signal: AbortSignal, values: SourceValues, wanted: Wanted): Promise<Capture[]> {
  const sources = await sourcesOf(signal, values)
  if (sources.names.length > 1 && wanted.filter !== undefined) return [await openMerged(sources, wanted)]
  return openAll(sources.names, name => openOne(sources, name, wanted))
}

/** What the command line names, and what ends it. */
interface Sources {
  names: readonly string[]
  open(name: string, options: CaptureOptions & Wanted): Promise<Capture>
  limits: CaptureOptions
}

/** Only the half of the library that is needed is loaded. */
async function sourcesOf(signal: AbortSignal, values: SourceValues): Promise<Sources> {
  const limits: CaptureOptions = { signal }
  const maxEvents = eventLimit(values)
  const seconds = number('-d', values.duration, 0)
  if (maxEvents !== undefined) limits.maxEvents = maxEvents
  if (seconds !== undefined) limits.maxDurationMs = seconds * 1000

  const { read: files = [], interface: devices = ['sysdig'] } = values
  if (files.length > 0 && values.interface !== undefined) throw new UsageError('-i and -r exclude each other', 'capture from devices or read files')
  if (files.length > 0) {
    for (const name of Object.keys(LIVE_OPTIONS)) {
      if (name in values) throw new UsageError(`--${name} is for live captures, not for -r`, `leave --${name} out`)
    }
    return { names: files, open: (file, options) => openOneFile(values, file, options), limits }
  }
  if (values.pace !== undefined) throw new UsageError('--pace is for -r: what is live comes when it comes', 'leave --pace out')
  await checkKinds(values, devices)
  return { names: devices, open: (device, options) => openDevice(values, device, options), limits }
}

function openOne({ open, limits }: Sources, name: string, wanted: Wanted): Promise<Capture> {
  return open(name, { ...limits, ...wanted })
}

/** They keep all of the state, for packets get the process that owns their socket. */
async function openMerged({ names, open, limits }: Sources, { filter, snaplen }: Wanted): Promise<Capture> {
  const { merge } = await import('../merge/merge.js')
  const captures = await openAll(names, name => open(name, { ...limits.signal && { signal: limits.signal }, state: true, snaplen }))
  try {
    return merge(captures, { ...limits, ...filter !== undefined && { filter } })
  } catch (error) {
    await Promise.allSettled(captures.map(capture => capture.close()))
    throw error
  }
}

/** All of them, or none. */
async function openAll(names: readonly string[], open: (name: string) => Promise<Capture>): Promise<Capture[]> {
  const captures: Capture[] = []
  try {
    for (const name of names) captures.push(await open(name))
    return captures
  } catch (error) {
    await Promise.allSettled(captures.map(capture => capture.close()))
    throw error
  }
}

async function openOneFile(values: SourceValues, file: string, { metadata: _, tracepoints: __, snaplen: ___, ...options }: CaptureOptions & Wanted): Promise<Capture> {
  const { openFile } = await import('../iface/file/open.js')
  const pace = number('--pace', values.pace, 0.001)
  return openFile(file === '-' ? process.stdin : file, { ...options, ...(pace !== undefined && { pace }) })
}

async function openDevice(values: SourceValues, device: string, { metadata, tracepoints, snaplen, ...options }: CaptureOptions & Wanted): Promise<Capture> {
  const { deviceKind, open } = await import('../open.js')
  const { state, ...others } = options
  switch (deviceKind(device)) {
    case 'live': return open(device, { ...options, ...(tracepoints !== undefined && { tracepoints }), ...common(values, snaplen), ...await callOptions(values) } as LiveOptions)
    case 'queue': return open(device, { ...options, ...(metadata !== undefined && { metadata }) })
    default: return warned(await open(device, { ...others, ...common(values), ...packetOptions(values, options) }))
  }
}

/** Refuses options that none of the devices has. */
async function checkKinds(values: SourceValues, devices: readonly string[]): Promise<void> {
  const { deviceKind } = await import('../open.js')
  const kinds = devices.map(deviceKind)
  const haveCalls = kinds.includes('live')
  const havePackets = kinds.includes('nic') || kinds.includes('cap')
  const unfit = haveCalls || havePackets ? [...(havePackets ? [] : OF_PACKETS), ...(haveCalls ? [] : OF_CALLS)] : Object.keys(LIVE_OPTIONS)
  for (const name of unfit) {
    if (name in values) throw new UsageError(`--${name} is not for ${devices.join(', ')}, which has ${CONTENTS[kinds[0]]}`, `leave --${name} out`)
  }
}

const CONTENTS = { live: 'system calls', queue: 'what its balancer puts there', nic: 'packets', cap: 'packets' } as const

/** What both kinds of live capture have. */
function common(values: SourceValues, snaplen?: number): Pick<LiveOptions, 'snaplen' | 'ringBytes'> {
  return { snaplen: integer('-s', values.snaplen, 0) ?? snaplen, ringBytes: ringBytes(values.ring) }
}

async function callOptions(values: SourceValues): Promise<LiveOptions> {
  return {
    events: values.events as 'both' | 'exit' | undefined,
    syscalls: list(values.syscalls),
    pids: await pids(values),
    dynamicSnaplen: dynamicSnaplen(values),
    dropFailed: values['drop-failed'],
  }
}

function dynamicSnaplen({ 'dynamic-snaplen': isDynamic, 'full-ports': range }: SourceValues): LiveOptions['dynamicSnaplen'] {
  if (range === undefined) return isDynamic
  const [first, last = first, ...more] = range.split('-')
  if (more.length > 0) throw new UsageError(`--full-ports takes a range of ports, not '${range}'`, '--full-ports 8000-8099')
  return { fullPorts: [integer('--full-ports', first, 1, 0xffff)!, integer('--full-ports', last, 1, 0xffff)!] }
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
  const { pids, children } = consumers()
  return { deny: [...(not ?? []), ...pids], children: children && not === undefined }
}

function pidList(name: string, text: string | undefined): number[] | undefined {
  return list(text)?.map(pid => integer(name, pid, 0)!)
}

function ringBytes(text: string | undefined): number | undefined {
  const mib = integer('--ring', text, 1, 1024)
  return mib === undefined ? undefined : mib * 1024 * 1024
}
