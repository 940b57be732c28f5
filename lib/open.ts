import { CaptureError } from './errors.js'
import { snapshot } from './export/metadata.js'
import type { Capture } from './iface/capture.js'
import { LiveCapture } from './iface/live.js'
import { guarded } from './native.js'
import { openBpfProbe } from './probe/bpf.js'
import { checkLiveOptions, type LiveOptions } from './probe/options.js'
import { warm } from './ring/warm.js'

/**
 * Opens an interface for live capture. `sysdig` is the system calls of this machine, by the best probe there is;
 * `sysdig:bpf` asks for our eBPF probe.
 *
 * @throws CaptureError ERR_CAPTURE_NO_DEVICE, ERR_CAPTURE_PERM, ERR_CAPTURE_NO_PROBE, ERR_CAPTURE_OPTION
 * @example
 * await using calls = await open('sysdig', { maxDurationMs: 10_000 })
 * for await (const burst of calls)
 *   for (const ev of burst) console.log(ev.ts, ev.tid, ev.name)
 */
export async function open(device: string, options: LiveOptions = {}): Promise<Capture> {
  if (device !== 'sysdig' && device !== 'sysdig:bpf') {
    throw new CaptureError('ERR_CAPTURE_NO_DEVICE', `there is no interface named ${device}`, 'see what there is: sysring devices')
  }
  const checked = checkLiveOptions(options)
  options.signal?.throwIfAborted()
  const probe = openBpfProbe(checked)
  try {
    const capture = new LiveCapture(device, probe, checked, options, snapshot)
    warm()
    guarded(() => probe.start())
    return capture
  } catch (error) {
    probe.close()
    throw error
  }
}
