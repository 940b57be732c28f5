import { CaptureError } from '../errors.js'
import { syscallNumber } from '../event/table.js'

/** Size of the kernel's table of system calls, with room: MAX_SYSCALLS in native/abi.h and SYSCALL_TABLE_SIZE of the driver. */
export const MAX_SYSCALLS = 512
/** Where our eBPF probe counts calls whose number it does not know. */
const UNKNOWN_SYSCALL = MAX_SYSCALLS - 1

/** Whose numbers this machine's kernel has. */
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x64'

/**
 * Numbers on this machine of the calls with these names; those that only another architecture has, such as open on arm64, are
 * left out. @throws CaptureError ERR_CAPTURE_OPTION for a name that is none.
 */
export function syscallNumbers(names: readonly string[]): number[] {
  return names.flatMap(name => {
    const known = syscallNumber(name)
    if (known === undefined || known >= UNKNOWN_SYSCALL) {
      throw new CaptureError('ERR_CAPTURE_OPTION', `there is no system call named ${name}`, 'names as in `man 2 syscalls`: openat, execve, read')
    }
    return syscallNumber(name, ARCHITECTURE) ?? []
  })
}
