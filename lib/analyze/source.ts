import { CaptureError } from '../errors.js'
import { type Event, PACKET } from '../event/event.js'
import { compileFilter } from '../filter/filter.js'
import type { Capture } from '../iface/capture.js'
import type { MergedStats } from '../merge/capture.js'
import { deviceKind, open } from '../open.js'
import type { Analyzer } from './analyzer.js'
import { tablesOf } from './folding.js'
import type { Job, RunOptions, SourceOptions } from './job.js'

/** A capture, and which of its records are to be folded. */
export interface Source {
  capture: Capture
  wanted: (ev: Event) => boolean
}

/** Opens what there is to look at, if it is not open yet. */
export function openOn(on: RunOptions['on'], { tracepoints, snaplen, ...options }: SourceOptions): Promise<Capture> {
  const wanted = { ...options, ...tracepoints !== undefined && { tracepoints }, ...snaplen !== undefined && { snaplen } }
  if (typeof on === 'string') return open(on, deviceKind(on) === 'live' ? wanted : options)
  return typeof on === 'function' ? on(wanted) : Promise.resolve(on)
}

/** The capture, and what of its events is asked for where it does not know that itself. */
export async function openFor<S>(analyzer: Analyzer<S>, job: Job): Promise<Source> {
  if (analyzer.packet !== undefined) return openWithPackets(analyzer, job)
  const { on, filter, source } = job
  const tables = tablesOf(analyzer, job.start.args)
  if (typeof on === 'string' || typeof on === 'function') {
    return { capture: await openOn(on, { ...source, ...(filter !== undefined && { filter }), ...(tables.size > 0 && { tables }) }), wanted: isEvent }
  }
  const compiled = filter === undefined ? undefined : compileFilter(filter)
  if (on.state === undefined && (tables.size > 0 || (compiled?.plan.needs.size ?? 0) > 0)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer.name} asks for more than stands in the records of ${on.device}`, 'open it with { state: true }')
  }
  return { capture: on, wanted: compiled === undefined ? isEvent : ev => isEvent(ev) && compiled.test(ev) }
}

/** The filters are asked here: that of the analyzer is about events alone. */
async function openWithPackets<S>(analyzer: Analyzer<S>, job: Job): Promise<Source> {
  const ofEvents = analyzer.event === undefined ? () => false : testOf(job.filter)
  const ofPackets = testOf(job.userFilter)
  const capture = await openAttributed(analyzer, job)
  return { capture, wanted: ev => (ev.type === PACKET ? ofPackets(ev) : ofEvents(ev)) }
}

/** A capture in which packets have their process. */
export async function openAttributed({ name }: Pick<Analyzer<never>, 'name'>, { on, source }: Pick<Job, 'on' | 'source'>): Promise<Capture> {
  const capture = await openOn(on, { ...source, state: true })
  if ((capture.stats() as Partial<MergedStats>).attribution === undefined) {
    await capture.close()
    throw new CaptureError('ERR_CAPTURE_OPTION', `${name} asks for packets and whose they are, and ${capture.device} alone does not tell that`, 'take system calls and packets together: -i sysdig -i eth0, -r calls.scap -r packets.pcap, or merge([…])')
  }
  return capture
}

/** @throws CaptureError ERR_CAPTURE_OPTION for a recording where the analyzer can tell nothing of one; the capture is closed then */
export async function checkLive<S>({ name, liveOnly }: Analyzer<S>, capture: Capture): Promise<void> {
  if (liveOnly === undefined || !capture.canWait) return
  await capture.close()
  throw new CaptureError('ERR_CAPTURE_OPTION', `${name} tells of the running machine only: ${liveOnly}`, 'leave the file out')
}

function isEvent(ev: Event): boolean {
  return ev.type !== PACKET
}

/** What a filter says of a record. */
export function testOf(filter: string | undefined): (ev: Event) => boolean {
  return filter === undefined ? () => true : compileFilter(filter).test
}

/** Calls `stop` when the signal is given, or at once if it has been. */
export function onAbort(signal: AbortSignal, stop: () => void): void {
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
}
