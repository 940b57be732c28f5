/**
 * Releases of the driver, one for each row of its history where something changed that a reader of its rings must know.
 * Read from the driver's own sources (draios/sysdig, later falcosecurity/libs), apart from what lib/ and native/ believe.
 */
import { eventInfo, EVENT_COUNT } from '../../../lib/event/table.js'

/** Counters of a ring that are not the same in every release: name and offset in the ring's info page, all u64. */
export type Counters = Readonly<Record<string, number>>

export interface Driver {
  version: string
  date: string
  device: 'sysdig' | 'scap'
  /** Bytes of a record's header. */
  header: 22 | 26
  /** Bytes of a ring; 0: the module's parameter g_buffer_bytes_dim. */
  ring: number
  counters: Counters
  eventMax: number
  /** Numbers of the ioctls that exist. */
  ioctls: ReadonlySet<number>
  /** One consumer at a time, whatever thread it opens from. */
  single?: boolean
  /** Captures from open() on. */
  enabledByOpen?: boolean
  /** Has devices for the CPUs that were online when it was loaded, numbered without gaps. Later: for all that can be. */
  onlineOnly?: boolean
  /** Records nothing before all devices are open. */
  needsAll?: boolean
  mask: 'none' | 'events' | 'syscalls'
  /** What it answers to GET_API_VERSION and GET_SCHEMA_VERSION. */
  api?: string
  schema?: string
  /** n_evts leaves out the hits that n_preemptions counts. */
  nestedApart?: boolean
  snaplenMax: number
}

const MiB = 1 << 20
const SNAPLEN_2014 = 256 * MiB

function counters(...names: string[]): Counters {
  return Object.fromEntries([...names, 'n_drops_pf', 'n_preemptions', 'n_context_switches'].map((name, index) => [name, 24 + 8 * index]))
}
const pairs = (names: string[]) => names.flatMap(name => [`${name}_enter`, `${name}_exit`])
const CATEGORIES = pairs(['clone_fork', 'execve', 'connect', 'open', 'dir_file', 'other_interest'])
const INFO_48 = counters()
const INFO_144 = counters(...CATEGORIES)
const INFO_160 = counters(...CATEGORIES, 'close_exit', 'proc_exit')
const INFO_128 = counters(
  'clone_fork_exit', 'execve_exit', ...pairs(['connect', 'open']), 'dir_file_exit', 'other_interest_exit', 'close_exit', 'proc_exit',
)

/** numbers('0-4, 8') */
function numbers(text: string): ReadonlySet<number> {
  return new Set(text.split(', ').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  }))
}

const SYSDIG = { device: 'sysdig', header: 22, ring: 8 * MiB, counters: INFO_48, mask: 'events', snaplenMax: SNAPLEN_2014 } as const
const ALONE = { ...SYSDIG, single: true, enabledByOpen: true, onlineOnly: true } as const
const LIBS = { device: 'scap', header: 26, ring: 0, mask: 'syscalls', snaplenMax: 65_000, enabledByOpen: true } as const
const LIBS_144 = { ...LIBS, counters: INFO_144 } as const
const LIBS_160 = { ...LIBS, counters: INFO_160 } as const
const LIBS_160_APART = { ...LIBS_160, nestedApart: true } as const
const LIBS_128 = { ...LIBS_160_APART, counters: INFO_128 } as const
const BY_TRACEPOINT = numbers('2-4, 8-13, 16, 20-25, 29-34')
const WITH_TRACERS = new Set([...BY_TRACEPOINT, 17])

export const DRIVERS: readonly Driver[] = [
  { ...ALONE, version: '0.1.72', date: '2014-04-01', ring: MiB, mask: 'none', eventMax: 154, ioctls: numbers('0-4'), needsAll: true },
  { ...ALONE, version: '0.1.83', date: '2014-05-31', ring: MiB, mask: 'none', eventMax: 166, ioctls: numbers('0-4'), needsAll: true },
  { ...ALONE, version: '0.1.85', date: '2014-07-08', ring: MiB, eventMax: 168, ioctls: numbers('0-7'), needsAll: true },
  { ...ALONE, version: '0.1.93', date: '2014-12-17', ring: MiB, eventMax: 214, ioctls: numbers('0-9') },
  { ...ALONE, version: '0.1.97', date: '2015-02-20', eventMax: 222, ioctls: numbers('0-9') },
  { ...SYSDIG, version: '0.1.99', date: '2015-03-16', onlineOnly: true, eventMax: 232, ioctls: numbers('0-13') },
  { ...SYSDIG, version: '0.1.101', date: '2015-06-03', onlineOnly: true, eventMax: 240, ioctls: numbers('0-16') },
  // The one early release whose mask ends where its last word ends: a bit too many would be somebody else's.
  { ...SYSDIG, version: '0.2.0', date: '2015-09-15', eventMax: 256, ioctls: numbers('0-16') },
  { ...SYSDIG, version: '0.10.0', date: '2016-06-06', eventMax: 276, ioctls: numbers('0-17') },
  { ...SYSDIG, version: '0.22.0', date: '2018-07-12', eventMax: 306, ioctls: numbers('0-20'), snaplenMax: 65_000 },
  { ...SYSDIG, version: '0.23.0', date: '2018-08-06', header: 26, eventMax: 312, ioctls: numbers('0-21'), snaplenMax: 65_000 },
  { ...SYSDIG, version: '0.24.2', date: '2018-12-21', header: 26, eventMax: 312, ioctls: numbers('0-22'), snaplenMax: 65_000 },
  { ...SYSDIG, version: '0.27.1', date: '2020-09-30', header: 26, eventMax: 320, ioctls: numbers('0-23'), snaplenMax: 65_000 },
  {
    ...SYSDIG, version: '0.1.1dev+e5c53d64', date: '2022-03-16', device: 'scap', header: 26, eventMax: 336, ioctls: numbers('0-25'),
    snaplenMax: 65_000, api: '1.0.0', schema: '1.0.0',
  },
  {
    ...SYSDIG, version: '2.0.0+driver', date: '2022-07-11', device: 'scap', header: 26, eventMax: 368, ioctls: numbers('0-25'), snaplenMax: 65_000,
    api: '1.0.0', schema: '2.0.0',
  },
  {
    ...LIBS_144, version: '3.0.1+driver', date: '2022-10-12', enabledByOpen: false, mask: 'events', eventMax: 374,
    ioctls: numbers('0-13, 16, 17, 20-26'), api: '2.0.0', schema: '2.1.0',
  },
  {
    ...LIBS_144, version: '4.0.1+driver', date: '2023-01-30', eventMax: 378, ioctls: numbers('2-4, 8-13, 16, 17, 20-30'),
    api: '3.0.1', schema: '2.2.0',
  },
  { ...LIBS_144, version: '5.0.1+driver', date: '2023-05-26', eventMax: 404, ioctls: WITH_TRACERS, api: '4.0.1', schema: '2.4.1' },
  { ...LIBS_144, version: '5.1.0+driver', date: '2023-08-31', eventMax: 410, ioctls: WITH_TRACERS, api: '4.0.2', schema: '2.5.0' },
  { ...LIBS_160, version: '6.0.1+driver', date: '2023-09-27', eventMax: 418, ioctls: WITH_TRACERS, api: '5.0.0', schema: '2.10.0' },
  { ...LIBS_160, version: '7.0.0+driver', date: '2023-12-19', eventMax: 418, ioctls: BY_TRACEPOINT, api: '8.0.1', schema: '2.14.0' },
  { ...LIBS_160, version: '7.2.1+driver', date: '2024-08-19', eventMax: 430, ioctls: BY_TRACEPOINT, api: '8.0.3', schema: '2.20.1' },
  { ...LIBS_160_APART, version: '7.3.0+driver', date: '2024-09-10', eventMax: 430, ioctls: BY_TRACEPOINT, api: '8.0.3', schema: '2.22.1' },
  { ...LIBS_160_APART, version: '8.0.0+driver', date: '2025-01-29', eventMax: 430, ioctls: BY_TRACEPOINT, api: '8.0.3', schema: '3.5.0' },
  { ...LIBS_160_APART, version: '8.1.0+driver', date: '2025-05-28', eventMax: 430, ioctls: BY_TRACEPOINT, api: '8.0.3', schema: '3.6.1' },
  { ...LIBS_128, version: '9.0.0+driver', date: '2025-10-13', eventMax: 430, ioctls: BY_TRACEPOINT, api: '8.0.4', schema: '4.0.1' },
  { ...LIBS_128, version: '9.1.0+driver', date: '2025-12-15', eventMax: 430, ioctls: BY_TRACEPOINT, api: '8.0.4', schema: '4.1.0' },
  { ...LIBS_128, version: '10.0.0+driver', date: '2026-04-01', eventMax: 450, ioctls: BY_TRACEPOINT, api: '10.0.0', schema: '4.3.0' },
  { ...LIBS_128, version: '10.2.0+driver', date: '2026-05-19', eventMax: 454, ioctls: BY_TRACEPOINT, api: '10.1.0', schema: '4.5.1' },
]

export function driver(version: string): Driver {
  return DRIVERS.find(each => each.version.startsWith(version))!
}

/** Before the driver moved to libs, the mask of events was one for all consumers. */
export function sharesMask({ device, mask }: Driver): boolean {
  return device === 'sysdig' && mask === 'events'
}

/** A version as the ioctls give it: patch in bits 0–23, minor in 24–43, major in 44–62. */
export function packed(version: string): bigint {
  const [major, minor, patch] = version.split('.').map(BigInt)
  return (major << 44n) | (minor << 24n) | patch
}

/** Numbers of the tracepoints, as MANAGE_TP and ENABLE_TP take them. */
export const TRACEPOINT = {
  sys_enter: 0, sys_exit: 1, sched_process_exit: 2, sched_switch: 3, page_fault_user: 4, page_fault_kernel: 5, signal_deliver: 6,
  sched_process_fork: 7, sched_process_exec: 8,
}
const ALL = (1 << 9) - 1
const FAULTS = (1 << 4) | (1 << 5)

/** The tracepoints that an opened device is attached to. */
export function firstTracepoints({ ioctls }: Driver): number {
  if (ioctls.has(26) && ioctls.has(0)) return ALL
  return ioctls.has(1) ? ALL & ~FAULTS : 0
}

/** Codes of the events with that name that this release knows. */
export function eventsNamed(name: string, { eventMax }: Driver): number[] {
  return Array.from({ length: Math.min(eventMax, EVENT_COUNT) }, (_, code) => code).filter(code => eventInfo(code)!.name === name)
}
