import { CaptureError } from '../errors.js'
import { syscallNumber } from '../event/table.js'

/** Size of the kernel's table of system calls, with room: MAX_SYSCALLS in native/abi.h and SYSCALL_TABLE_SIZE of the driver. */
export const MAX_SYSCALLS = 512
/** Where our eBPF probe counts calls whose number it does not know. */
const UNKNOWN_SYSCALL = MAX_SYSCALLS - 1

/** Numbers of the calls with these names. @throws CaptureError ERR_CAPTURE_OPTION for a name that is none. */
export function syscallNumbers(names: readonly string[]): number[] {
  return names.map(name => {
    const number = syscallNumber(name)
    if (number !== undefined && number < UNKNOWN_SYSCALL) return number
    throw new CaptureError('ERR_CAPTURE_OPTION', `there is no system call named ${name}`, 'names as in `man 2 syscalls`: openat, execve, read')
  })
}
