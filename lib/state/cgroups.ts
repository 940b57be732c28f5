import { nulSeparated } from '../event/strings.js'

/** The cgroups of a thread, and the container that they stand for. All processes of a service or container have the same list. */
export interface Cgroups {
  /** "memory=/system.slice/…" */
  readonly paths: readonly string[]
  /** Twelve digits; '' on the host. */
  readonly containerId: string
}

export const NO_CGROUPS: Cgroups = Object.freeze({ paths: [], containerId: '' })

/** Lists that are kept as bytes; as many as there are kinds of processes that start at a time. */
const KEPT = 16

/**
 * The lists that events brought last. The event of each new process has one of several hundred bytes, nearly always the same as
 * the one before: comparing bytes is a fraction of reading them.
 */
export class CgroupLists {
  readonly #known: { bytes: Uint8Array; cgroups: Cgroups }[] = []
  readonly #containerOf: (paths: readonly string[]) => string

  constructor(containerOf: (paths: readonly string[]) => string) {
    this.#containerOf = containerOf
  }

  of(paths: readonly string[]): Cgroups {
    const normal = normalCgroups(paths)
    return { paths: normal, containerId: this.#containerOf(normal) }
  }

  /** The list in an event: strings that each end with a NUL. */
  in(memory: Uint8Array, start: number, end: number): Cgroups {
    const known = this.#known
    for (let i = 0; i < known.length; i++) {
      const entry = known[i]
      if (!isSame(entry.bytes, memory, start, end)) continue
      if (i > 0) {
        known[i] = known[0]
        known[0] = entry
      }
      return entry.cgroups
    }
    const entry = { bytes: Uint8Array.prototype.slice.call(memory, start, end), cgroups: this.of(nulSeparated(memory, start, end)) }
    if (known.length >= KEPT) known.pop()
    known.unshift(entry)
    return entry.cgroups
  }

  /** What was known of containers has changed. */
  forget(): void {
    this.#known.length = 0
  }
}

function isSame(bytes: Uint8Array, memory: Uint8Array, start: number, end: number): boolean {
  const { length } = bytes
  if (length !== end - start) return false
  for (let i = 0; i < length; i++) if (bytes[i] !== memory[start + i]) return false
  return true
}

/** The kernel's names of cgroup subsystems have changed; these are the ones that everybody knows. */
export function normalCgroups(cgroups: readonly string[]): string[] {
  return cgroups.flatMap(cgroup => {
    const end = cgroup.lastIndexOf('=')
    if (end < 0) return []
    const subsystem = cgroup.slice(0, end).replace('_cgroup', '')
    return `${SUBSYSTEMS[subsystem] ?? subsystem}${cgroup.slice(end)}`
  })
}

const SUBSYSTEMS: Readonly<Record<string, string>> = { perf: 'perf_event', mem: 'memory', io: 'blkio' }
