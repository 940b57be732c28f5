import { HEADER } from '../event/record.js'
import { guarded, native } from '../native.js'
import { nativeNeeds } from './decision.js'
import { type CheckedLiveOptions, RING_BYTES } from './options.js'
import type { Probe } from './probe.js'

/** Loads our eBPF programs for these options; `start()` attaches them. */
export function openBpfProbe(options: CheckedLiveOptions): Probe {
  const handle = guarded(() =>
    native().openBpf({
      ringBytes: options.ringBytes ?? RING_BYTES,
      snaplen: options.snaplen,
      ...options.dynamicSnaplen,
      exitOnly: (options.events ?? (options.decision?.exitOnly === true ? 'exit' : 'both')) === 'exit',
      selfTgid: options.includeSelf ? 0 : process.pid,
      pidFilter: options.pidFilter,
      pids: options.pids,
      pidChildren: options.pidChildren,
      dropFailed: options.dropFailed,
      ...nativeNeeds(options),
    }),
  )
  return { info: { device: 'sysdig:bpf' }, handle, hits: 'exact', header: HEADER, start: () => guarded(() => handle.start()) }
}
