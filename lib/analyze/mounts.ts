import { Proc } from '../state/proc.js'

/** How long what was read is believed, in ms: a device number may be given to another file system. */
const FRESH_MS = 1000

/** Types of the file systems that are mounted on this machine, by their device numbers. */
export class Mounts {
  readonly #proc = new Proc()
  readonly #types = new Map<number, string>()
  /** Mount namespaces of these processes have been read. */
  readonly #asked = new Set<number>()
  #readAt = -Infinity

  /**
   * 'ext4', 'tmpfs' …; undefined where it is not known. `dev` as in the driver's events (new_encode_dev in linux/kdev_t.h). Processes may have
   * mounts that others do not see, so the one whose file it is is asked as well.
   */
  typeOf(dev: number, pid: number): string | undefined {
    if (performance.now() - this.#readAt > FRESH_MS) {
      this.#types.clear()
      this.#asked.clear()
      this.#readAt = performance.now()
    }
    for (const process of [pid, 'self'] as const) {
      if (this.#types.has(dev)) break
      if (process === 'self' || !this.#asked.has(process)) this.#read(process)
    }
    return this.#types.get(dev)
  }

  /** proc_pid_mountinfo(5): number, parent, major:minor, root, mount point, options, any number of fields, "-", type … */
  #read(process: number | 'self'): void {
    if (process !== 'self') this.#asked.add(process)
    // Without an answer it has ended.
    for (const [, major, minor, type] of (this.#proc.text(`${process}/mountinfo`) ?? '').matchAll(/^\d+ \d+ (\d+):(\d+) .* - (\S+) /gm)) this.#types.set(device(Number(major), Number(minor)), type)
  }
}

function device(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0
}
