import { CaptureError } from '../errors.js'
import { syscallNumber } from '../event/table.js'
import { guarded, native, type ProbeHandle } from '../native.js'
import type { CheckedLiveOptions } from './options.js'

/** Size of the kernel's table of system calls, with room: MAX_SYSCALLS in native/abi.h. */
const MAX_SYSCALLS = 512
/** Where the probe counts calls whose number it does not know. */
const UNKNOWN_SYSCALL = MAX_SYSCALLS - 1

/** Loads our eBPF programs for these options; `start()` attaches them. */
export function openBpfProbe(options: CheckedLiveOptions): ProbeHandle {
  return guarded(() =>
    native().openBpf({
      ringBytes: options.ringBytes,
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
}

/** One byte per system call number: 1 = wanted. Undefined = all. */
function mask(names: readonly string[] | undefined): Uint8Array | undefined {
  if (names === undefined) return undefined
  const wanted = new Uint8Array(MAX_SYSCALLS)
  for (const name of names) {
    const number = syscallNumber(name)
    if (number === undefined || number >= UNKNOWN_SYSCALL) {
      throw new CaptureError('ERR_CAPTURE_OPTION', `there is no system call named ${name}`, 'names as in `man 2 syscalls`: openat, execve, read')
    }
    wanted[number] = 1
  }
  return wanted
}
