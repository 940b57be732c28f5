import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'

/**
 * How much of a regular file this process has read, from 0 to 1: the kernel keeps the place of the file descriptor. Also
 * right for compressed files, where nobody knows how much there is to come. Undefined where that cannot be told.
 */
export function readingPosition(path: string): (() => number) | undefined {
  try {
    const { size } = statSync(path)
    const real = realpathSync(path)
    const fd = readdirSync('/proc/self/fd').find(fd => target(fd) === real)
    return fd === undefined || size === 0 ? undefined : () => position(fd) / size
  } catch {
    return undefined // not on Linux, or no file
  }
}

function target(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return undefined // closed meanwhile
  }
}

function position(fd: string): number {
  try {
    return Number(/^pos:\t(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? 0)
  } catch {
    return NaN // read to its end, and closed
  }
}

/** "42 %, " to stand before other text; nothing where it is not known. */
export function percentText(position: (() => number) | undefined): string {
  const share = position?.() ?? NaN
  return Number.isNaN(share) ? '' : `${(100 * share).toFixed(0)} %, `
}
