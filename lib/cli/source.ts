import type { Capture, CaptureOptions } from '../iface/capture.js'
import type { LiveOptions } from '../probe/options.js'
import { integer, list, number } from './args.js'
import { interruptible } from './interrupt.js'
import { UsageError } from './report.js'

/** The options that choose what is captured, for the commands that capture. */
export const SOURCE_OPTIONS = {
  interface: { group: 'Source', short: 'i', value: 'DEV', help: 'capture live from this device (default: sysdig); see: sysring devices' },
  read: { short: 'r', value: 'FILE', help: 'read a .scap, .pcap or .pcapng file, also gzipped; - for standard input' },
  numevents: { short: 'n', value: 'EVENTS', help: 'stop after that many events' },
  duration: { short: 'd', value: 'SECONDS', help: 'stop after that many seconds' },
} as const

/** The options that only a live capture can obey. */
export const LIVE_OPTIONS = {
  snaplen: { group: 'Live', short: 's', value: 'BYTES', help: 'keep that much of each buffer that is read or written (default: 80)' },
  events: { value: 'MODEL', choices: ['both', 'exit'], help: 'enter and exit events, or only exit events (default: both, or what the kernel module makes)' },
  syscalls: { value: 'A,B,…', help: 'only these system calls; the others cost almost nothing' },
  pid: { value: 'A,B,…', help: 'only these processes' },
  'not-pid': { value: 'A,B,…', help: 'all but these processes' },
  readers: { help: 'also those that read the output of this command through a pipe; they are left out, for they would feed it' },
  ring: { value: 'MIB', help: 'size of the ring of each CPU, in MiB' },
} as const

type Flag = 'readers'
export type SourceValues = Partial<Record<keyof typeof SOURCE_OPTIONS | Exclude<keyof typeof LIVE_OPTIONS, Flag>, string> & Record<Flag, true>>

/** What the command itself asks of a capture. */
export type Wanted = Pick<CaptureOptions, 'filter' | 'tables' | 'stateEvents'>

/** Opens what the command line names, until a signal ends it. */
export function openSource(values: SourceValues, wanted: Wanted = {}): Promise<Capture> {
  return interruptible(signal => openUntil(signal, values, wanted))
}

/** How many events are asked for. */
export function eventLimit({ numevents }: SourceValues): number | undefined {
  return integer('-n', numevents, 1)
}

/** Only the half of the library that is needed is loaded. */
async function openUntil(signal: AbortSignal, values: SourceValues, wanted: Wanted): Promise<Capture> {
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
    return openFile(read === '-' ? process.stdin : read, limits)
  }

  const live = {
    ...limits,
    snaplen: integer('-s', values.snaplen, 0),
    events: values.events as 'both' | 'exit' | undefined,
    syscalls: list(values.syscalls),
    ringBytes: ringBytes(values.ring),
    pids: await pids(values),
  }
  const { open } = await import('../open.js')
  return open(values.interface ?? 'sysdig', live)
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
