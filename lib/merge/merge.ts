import { CaptureError } from '../errors.js'
import { compileFilter } from '../filter/filter.js'
import type { Capture, CaptureOptions } from '../iface/capture.js'
import { MergedCapture } from './capture.js'

export interface MergeOptions extends Pick<CaptureOptions, 'maxEvents' | 'maxDurationMs' | 'signal'> {
  /**
   * Deliver only the records for which this is true, in sysdig's language. Packets are seen with their process: "proc.name = curl"
   * keeps its system calls and its packets. Sources need `state: true` for it; what they filter themselves costs less.
   */
  filter?: string
  /**
   * How long the records of live sources are held back for those of other live sources, which reach their rings later, in ms, 0 to
   * 10,000; 20 by default. A capture that is drained later than that, or packets that a NIC keeps for longer, come late.
   */
  windowMs?: number
  /** What becomes of records that are older than one that was handed out: 'deliver' them (default), or 'drop' them. They are counted. */
  late?: 'deliver' | 'drop'
  /**
   * Shall packets carry the process that owns their socket: `ev.process`, `ev.peer`? By default where there are packets, and a source
   * of system calls with `state: true` that tells of sockets. Live, network namespaces with the same addresses are told apart; where
   * several processes have the same claim to a packet, it is given to none and counted in `stats().attribution.ambiguous`.
   */
  attribute?: boolean
}

/** @internal */
export type CheckedMergeOptions = Omit<MergeOptions, 'windowMs' | 'filter'> & { windowMs: number }

const WINDOW_MS = 20
const MAX_WINDOW_MS = 10_000

/**
 * Merges captures, live ones and files, into one in time order. It takes them over: their own loops can no longer be used, and they
 * are closed with it. Each keeps its filter, its state and its limits.
 *
 * Files are waited for. A live source that has nothing to say never holds up the others for longer than `windowMs` and the time
 * until it is looked at again. When a source fails, what was there is delivered, then its error is thrown.
 *
 * Compared are the times that the records carry, ns of the wall clock. When that is set forward, records stamped before may come late,
 * those of `windowMs` at most. When it is set back, records stamped before are handed out at once if they are more than 100 ms in the
 * future, and order begins anew behind them; for up to 1 s, until the probe follows the step, system calls and packets are ordered
 * as they arrive.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION, ERR_CAPTURE_FILTER, ERR_CAPTURE_CLOSED for a capture that has a consumer or is closed
 * @example
 * await using both = merge([await open('sysdig', { state: true }), await openFile('eth0.pcap')])
 * for await (const burst of both)
 *   for (const ev of burst) if (ev.packet) console.log(ev.ts, ev.process?.comm, ev.process?.direction)
 */
export function merge(captures: readonly Capture[], options: MergeOptions = {}): MergedCapture {
  const { windowMs = WINDOW_MS, late = 'deliver', attribute, filter, ...common } = options
  if (captures.length === 0) throw new CaptureError('ERR_CAPTURE_OPTION', 'there is nothing to merge', 'merge([capture, …])')
  if (!(windowMs >= 0 && windowMs <= MAX_WINDOW_MS)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `windowMs must be 0 to ${MAX_WINDOW_MS}, not ${windowMs}`, `leave it out for ${WINDOW_MS}`)
  }
  if (late !== 'deliver' && late !== 'drop') {
    throw new CaptureError('ERR_CAPTURE_OPTION', `late must be 'deliver' or 'drop', not '${late as string}'`, "leave it out for 'deliver'")
  }
  if (attribute === true && !captures.some(({ state }) => state?.keepsFds === true)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', 'no source tells of sockets', "open the system calls with { state: true }")
  }
  const accept = filter === undefined ? undefined : compileFilter(filter).test
  return new MergedCapture(captures, { ...common, windowMs, late, ...attribute !== undefined && { attribute } }, accept)
}
