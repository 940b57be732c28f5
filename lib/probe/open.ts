import { CaptureError, isCaptureError } from '../errors.js'
import { snapshot } from '../export/metadata.js'
import { LiveCapture } from '../iface/live.js'
import { openBpfProbe } from './bpf.js'
import { openKmodProbe } from './kmod/open.js'
import { type CheckedLiveOptions, checkLiveOptions, type LiveOptions } from './options.js'
import type { Probe } from './probe.js'
import { warm } from '../ring/warm.js'

/** How to open each device. */
const PROBES: Readonly<Record<string, (options: CheckedLiveOptions) => Probe>> = {
  'sysdig': openBestProbe,
  'sysdig:kmod': openKmodProbe,
  'sysdig:bpf': openBpfProbe,
}

/** The devices that are system calls. */
export const LIVE_DEVICES: readonly string[] = Object.keys(PROBES)

/** Opens one of LIVE_DEVICES; see open(). */
export async function openLive(device: string, options: LiveOptions): Promise<LiveCapture> {
  const following = await followed(options)
  const checked = checkLiveOptions(options, following?.decision)
  options.signal?.throwIfAborted()
  const probe = PROBES[device](checked)
  try {
    const capture = new LiveCapture(device, probe, checked, options, snapshot, following?.stage)
    warm(probe.sieve)
    probe.start()
    if (following !== undefined) capture.begin(following.snapshot(), following.lookup, following.runtimes)
    return capture
  } catch (error) {
    probe.handle.close()
    throw error
  }
}

/** What a filter or state take, loaded when they are asked for. */
async function followed(options: LiveOptions) {
  if (options.filter === undefined && options.state !== true && options.tables === undefined) return undefined
  const [{ following }, { decisionOf }, { listed, readSnapshot }, { ProcLookup }, { Runtimes }] = await Promise.all([
    import('../iface/following.js'), import('../filter/decision.js'), import('../state/snapshot.js'), import('../state/lookup.js'),
    import('../state/runtime.js'),
  ])
  const stage = following(options)
  const asksRuntimes = options.state === true || stage.plan?.needs.has('container') === true
  return {
    stage,
    decision: decisionOf(stage),
    snapshot: () => listed(readSnapshot({ source: 'iterators' })),
    lookup: new ProcLookup(),
    ...(asksRuntimes && { runtimes: new Runtimes() }),
  }
}

/** The kernel module if it can serve these options, else our eBPF probe. */
function openBestProbe(options: CheckedLiveOptions): Probe {
  let unusable: CaptureError
  try {
    return openKmodProbe(options)
  } catch (error) {
    if (!isCaptureError(error)) throw error
    unusable = error
  }
  // No module: then nobody needs to hear of it.
  if (unusable.code === 'ERR_CAPTURE_NO_PROBE') return openBpfProbe(options)
  try {
    const probe = openBpfProbe(options)
    return { ...probe, info: { ...probe.info, insteadOfModule: unusable } }
  } catch (error) {
    // A module that is there says more than an eBPF probe that cannot be.
    throw isCaptureError(error) && error.code === 'ERR_CAPTURE_NO_PROBE' ? unusable : error
  }
}
