import { readdirSync } from 'node:fs'

/** The interface's name in Wireshark's list. */
export const INTERFACE = 'sysdig'

/** One option as Wireshark's dialog shows it. */
interface Shown {
  display: string
  type: 'string' | 'unsigned' | 'selector' | 'boolflag'
  tooltip: string
  default?: string
  placeholder?: string
  range?: string
  validation?: string
  /** What a selector offers: value and text. */
  values?: () => readonly (readonly [value: string, display: string])[]
  /** May the values be asked for again? */
  reload?: true
}

/** Values that stand for what is not chosen: Wireshark passes on no empty ones. */
export const AUTO = 'auto'
export const NONE = 'none'

/** In the order in which they are shown. Preferences of Wireshark are called like them: `-o extcap.sysdig.dropfailed:true`. */
const SHOWN: Readonly<Record<string, Shown>> = {
  filter: {
    display: 'Filter',
    type: 'string',
    placeholder: 'proc.name = cat and evt.type = openat',
    tooltip: 'Only events for which this is true, in sysdig\'s filter language; "sysring fields" lists what can be asked. The capture filter of the interface is of the same language; given both, both have to be true',
  },
  framing: {
    display: 'Framing',
    type: 'selector',
    default: AUTO,
    values: () => [[AUTO, 'automatic'], ['scap', 'Sysdig events'], ['ethernet', 'Ethernet frames'], ['user0', 'frames of link type USER0']],
    tooltip: 'How an event is carried. Sysdig events are dissected by Wireshark and read by sysdig; Ethernet frames (EtherType 0x88B5) can stand beside packets. Automatic: Sysdig events, or Ethernet frames where packets are merged',
  },
  merge: {
    display: 'Merge with',
    type: 'selector',
    default: NONE,
    values: () => [[NONE, 'no network interface'], ...networkInterfaces().map(name => [name, name] as const)],
    reload: true,
    tooltip: 'The packets of this network interface too, in the order of time, each with the process that owns its socket as a comment',
  },
  snaplen: {
    display: 'Bytes of each buffer',
    type: 'unsigned',
    default: '80',
    range: '0,60000',
    tooltip: 'How much is kept of what a call reads or writes. Packets are kept whole',
  },
  'dynamic-snaplen': {
    display: 'More bytes of known protocols',
    type: 'boolflag',
    default: 'false',
    tooltip: 'Up to 2000 bytes of what goes over sockets and looks like HTTP, MySQL, PostgreSQL, MongoDB, DNS or statsd',
  },
  events: {
    display: 'Events of a call',
    type: 'selector',
    default: AUTO,
    values: () => [[AUTO, 'automatic'], ['both', 'enter and exit'], ['exit', 'exit only']],
    tooltip: 'An enter and an exit event for each call, or one event at its exit, which costs less. Automatic: both, or what the kernel module makes',
  },
  'drop-failed': {
    display: 'No calls that fail',
    type: 'boolflag',
    default: 'false',
    tooltip: 'Leave out the exit events of calls that fail',
  },
  pids: {
    display: 'Only these processes',
    type: 'string',
    placeholder: '1234,5678',
    validation: '^[0-9, ]*$',
    tooltip: 'Process IDs with commas; all processes if empty',
  },
  readers: {
    display: 'Wireshark too',
    type: 'boolflag',
    default: 'false',
    tooltip: 'Capture Wireshark and its dumpcap as well: what they do with each event makes further events',
  },
}

export type OptionName = 'filter' | 'framing' | 'merge' | 'snaplen' | 'dynamic-snaplen' | 'events' | 'drop-failed' | 'pids' | 'readers'

/** The same for parseArgs(). */
export const OPTIONS: Readonly<Record<string, { type: 'string' | 'boolean' }>> = Object.fromEntries(
  Object.entries(SHOWN).map(([name, { type }]) => [name, { type: type === 'boolflag' ? 'boolean' : 'string' }]))

/** All that can be set, as the sentences of extcap(4). */
export function sentences(): string[] {
  return Object.keys(SHOWN).flatMap((name, number) => {
    const { values: _, reload, ...shown } = SHOWN[name]
    return [sentence('arg', { number, call: `--${name}`, ...shown, ...(reload === true && { reload, placeholder: 'look again' }) }), ...valuesOf(name)]
  })
}

/** What a selector offers now. */
export function valuesOf(name: string): string[] {
  const option = name.replace(/^--/, '')
  const number = Object.keys(SHOWN).indexOf(option)
  if (number < 0) return []
  const { values, default: chosen } = SHOWN[option]
  return (values?.() ?? []).map(([value, display]) => sentence('value', { arg: number, value, display, default: value === chosen }))
}

function sentence(kind: 'arg' | 'value', parts: object): string {
  return `${kind} ${Object.entries(parts).map(([name, value]) => `{${name}=${value}}`).join('')}`
}

/** What sysfs links to; a file beside them belongs to bonding. */
function networkInterfaces(): string[] {
  try {
    return readdirSync('/sys/class/net', { withFileTypes: true }).filter(entry => entry.isSymbolicLink()).map(({ name }) => name).sort()
  } catch {
    return []
  }
}
