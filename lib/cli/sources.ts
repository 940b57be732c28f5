import type { Capture } from '../iface/capture.js'
import { LIVE_OPTIONS, OF_CALLS, OF_PACKETS, openUntil, SOURCE_OPTIONS, type SourceValues, type Wanted } from './source.js'
import { UsageError } from './report.js'

const { interface: device, read, numevents: _numevents, ...others } = SOURCE_OPTIONS

/** As SOURCE_OPTIONS, of commands that take several captures together. */
export const SOURCES_OPTIONS = {
  interface: { ...device, multiple: true, help: `${device.help}; several are put in order by time` },
  read: { ...read, multiple: true },
  ...others,
} as const

export type SourcesValues = Omit<SourceValues, 'interface' | 'read' | 'numevents'> & { interface?: string[]; read?: string[] }

/** Opens all that the command line names. */
export async function openSources(signal: AbortSignal, { interface: devices, read = [], ...values }: SourcesValues, wanted: Wanted): Promise<Capture[]> {
  const live = devices ?? (read.length === 0 ? ['sysdig'] : [])
  const { deviceKind } = await import('../open.js')
  const kinds = new Set(live.map(deviceKind))
  if (wanted.filter !== undefined && (kinds.has('nic') || kinds.has('cap')) && (kinds.size > 1 || read.length > 0) && values.decap !== true) {
    throw new UsageError("the filter of packets is tcpdump's, and that of all others sysdig's", 'leave it out, and give one to each queue: --filter 0:EXPR')
  }
  const opened: Capture[] = []
  try {
    for (const device of live) opened.push(await openUntil(signal, { ...forKind(values, deviceKind(device), kinds), interface: device }, wanted))
    // What only a live capture can obey is meant for those beside the files, if there are any.
    for (const path of read) opened.push(await openUntil(signal, { ...(live.length > 0 ? without(values, Object.keys(LIVE_OPTIONS)) : values), read: path }, wanted))
  } catch (error) {
    await Promise.all(opened.map(capture => capture.close()))
    throw error
  }
  return opened
}

/** Where there are captures of several kinds, each gets the options that it knows. */
function forKind({ pace: _pace, ...values }: SourceValues, kind: string, kinds: ReadonlySet<string>): SourceValues {
  if (kinds.size === 1) return values
  return without(values, kind === 'queue' ? Object.keys(LIVE_OPTIONS) : kind === 'live' ? OF_PACKETS : OF_CALLS)
}

function without(values: SourceValues, names: readonly string[]): SourceValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))
}
