import { HEADER } from '../event/record.js'
import { guarded, native } from '../native.js'
import { type CheckedLiveOptions, RING_BYTES } from './options.js'
import type { Probe } from './probe.js'
import { MAX_SYSCALLS, syscallNumbers } from './syscalls.js'

/** Loads our eBPF programs for these options; `start()` attaches them. */
export function openBpfProbe(options: CheckedLiveOptions): Probe {
  const handle = guarded(() =>
    native().openBpf({
      ringBytes: options.ringBytes ?? RING_BYTES,
      snaplen: options.snaplen,
      exitOnly: options.events === 'exit',
      selfTgid: options.includeSelf ? 0 : process.pid,
      wanted: mask(options.syscalls),
      pidFilter: options.pidFilter,
      pids: options.pids,
      pidChildren: options.pidChildren,
      procexit: options.tracepoints.includes('procexit'),
      signaldeliver: options.tracepoints.includes('signaldeliver'),
      switch: options.tracepoints.includes('switch'),
      page_fault: options.tracepoints.includes('page_fault'),
    }),
  )
  return { info: { device: 'sysdig:bpf' }, handle, hits: 'exact', header: HEADER, start: () => guarded(() => handle.start()) }
}

/** One byte per system call number: 1 = wanted. Undefined = all. */
function mask(names: readonly string[] | undefined): Uint8Array | undefined {
  if (names === undefined) return undefined
  const wanted = new Uint8Array(MAX_SYSCALLS)
  for (const number of syscallNumbers(names)) wanted[number] = 1
  return wanted
}
