import { CaptureError } from '../../errors.js'
import type { CounterLayout, DriverInfo } from '../../native.js'
import { HEADER, HEADER_V1 } from '../../event/record.js'
import type { HitCount } from '../probe.js'

/**
 * What a consumer has to know of one version of the kernel module. Source: the driver's main.c, ppm_ringbuffer.h and
 * ppm_events_public.h from 0.1.72 (2014) to 10.2.0 (2026).
 */
export interface Generation {
  /** Bytes of a record's header. */
  readonly header: number
  /** Possible sizes of a ring in bytes, the likeliest first. */
  readonly ringBytes: readonly number[]
  /** Is the size a parameter of the module (g_buffer_bytes_dim)? */
  readonly variable: boolean
  readonly counters: CounterLayout
  /** What the kernel can be told to leave out. */
  readonly mask: 'nothing' | 'events' | 'syscalls'
  /** Are page faults attached for all when the first consumer opens, by an ioctl for all, or for this consumer as a tracepoint? */
  readonly pageFaults: 'from_open' | 'by_request' | 'by_tracepoint'
  /** What makes records flow: an ioctl per node, a bit set of tracepoints, or one ioctl per tracepoint. */
  readonly enable: 'capture' | 'manage_tp' | 'enable_tp'
  /** What n_evts is worth. */
  readonly hits: HitCount
  /** Is the mask by event one for all consumers of the module, not one for each? */
  readonly sharedMask: boolean
  /** Does each call give an enter and an exit event, or an exit event only? */
  readonly events: 'both' | 'exit'
}

/** Codes in the table of 0.1.93, the first that counted no hits after DISABLE_CAPTURE. */
const EVENTS_OF_0_1_93 = 214

const MIB = 1 << 20
const FIXED = { ringBytes: [8 * MIB], variable: false }
/** The default, then whatever the parameter may say: a power of two, more than two pages. */
const VARIABLE = { ringBytes: [8 * MIB, ...Array.from({ length: 17 }, (_, i) => 1 << (14 + i)).filter(size => size !== 8 * MIB)], variable: true }

const COUNTERS_48: CounterLayout = { dropsPf: 24, preemptions: 32, bufferDrops: {} }
const COUNTERS_144 = split(120, [
  'clone_fork_enter', 'clone_fork_exit', 'execve_enter', 'execve_exit', 'connect_enter', 'connect_exit', 'open_enter', 'open_exit',
  'dir_file_enter', 'dir_file_exit', 'other_interest_enter', 'other_interest_exit',
])
const COUNTERS_160 = split(136, [...Object.keys(COUNTERS_144.bufferDrops), 'close_exit', 'proc_exit'])
const COUNTERS_128 = split(104, [
  'clone_fork_exit', 'execve_exit', 'connect_enter', 'connect_exit', 'open_enter', 'open_exit', 'dir_file_exit', 'other_interest_exit', 'close_exit', 'proc_exit',
])

/** The u64s from byte 24 on are drops by kind of call, in this order; the other counters follow. */
function split(dropsPf: number, kinds: readonly string[]): CounterLayout {
  return { dropsPf, preemptions: dropsPf + 8, bufferDrops: Object.fromEntries(kinds.map((kind, i) => [kind, 24 + 8 * i])) }
}

/** The newest that is known of each. A new major says that something a consumer relies on is another now. */
const NEWEST = { api: 10, schema: 4 }

/** @throws CaptureError ERR_CAPTURE_VERSION for a version that we do not know how to read. */
export function generationOf(driver: DriverInfo): Generation {
  const api = major(driver.api)
  const schema = major(driver.schema)
  if (driver.api === 0n) return beforeApi(driver)
  if (api < 1 || api > NEWEST.api || schema < 1 || schema > NEWEST.schema) {
    throw new CaptureError(
      'ERR_CAPTURE_VERSION',
      `the kernel module ${describeDriver(driver)} is not one that this library knows: API 1 to ${NEWEST.api}, schema 1 to ${NEWEST.schema}`,
      'use the eBPF probe, sysdig:bpf, or a later sysring',
    )
  }
  const minor = Number((driver.schema >> 24n) & 0xfffffn)
  const modern = {
    header: HEADER,
    // Since 7.3.0, whose schema was the first with this number.
    hits: schema > 2 || (schema === 2 && minor >= 22) ? 'without_nested' : 'all',
    sharedMask: false,
    events: schema >= 4 ? 'exit' : 'both',
  } as const
  if (api === 1) return { ...modern, ...FIXED, counters: COUNTERS_48, mask: 'events', enable: 'capture', pageFaults: 'by_request' }
  if (api === 2) return { ...modern, ...VARIABLE, counters: COUNTERS_144, mask: 'events', enable: 'capture', pageFaults: 'from_open' }
  if (api === 3) return { ...modern, ...VARIABLE, counters: COUNTERS_144, mask: 'syscalls', enable: 'manage_tp', pageFaults: 'by_tracepoint' }
  // Between 8.0.3 and 8.0.4 of the API the counters moved: the schema tells.
  const counters = schema >= 4 ? COUNTERS_128 : api === 4 ? COUNTERS_144 : COUNTERS_160
  return { ...modern, ...VARIABLE, counters, mask: 'syscalls', enable: 'enable_tp', pageFaults: 'by_tracepoint' }
}

/** Until 2021 nothing told a consumer what it had before it. The request for the version came with the longer header. */
function beforeApi({ version, events }: DriverInfo): Generation {
  const old = version === ''
  return {
    header: old ? HEADER_V1 : HEADER,
    // The rings grew in 0.1.94, and a ring can only be mapped by its size.
    ringBytes: old ? [8 * MIB, MIB] : [8 * MIB],
    variable: false,
    counters: COUNTERS_48,
    hits: events >= EVENTS_OF_0_1_93 ? 'all' : 'also_when_off',
    mask: events > 0 ? 'events' : 'nothing',
    sharedMask: true,
    enable: 'capture',
    pageFaults: 'by_request',
    events: 'both',
  }
}

/** "scap 0.1.1dev (API 1.0.0, schema 1.0.0)" */
export function describeDriver({ device, version, api, schema }: DriverInfo): string {
  const name = version === '' ? `${device} (before 0.23)` : `${device} ${version}`
  return api === 0n ? name : `${name} (API ${versionText(api)}, schema ${versionText(schema)})`
}

// As the driver packs them (PPM_VERSION_PACK): 19 bits, 20 bits, 24 bits.
function major(packed: bigint): number {
  return Number((packed >> 44n) & 0x7ffffn)
}

function versionText(packed: bigint): string {
  return `${major(packed)}.${(packed >> 24n) & 0xfffffn}.${packed & 0xff_ffffn}`
}
