import type { ContainerInfo } from './container.js'
import type { ContainerTable } from './containers.js'
import type { Description } from './runtimes/description.js'
import { Host } from './runtimes/host.js'
import { SOURCES } from './runtimes/sources.js'

export interface RuntimeOptions {
  /** Where the host's root directory is, '' by default: in a container that watches its host, say, "/host". */
  root?: string
  /** Milliseconds that all answers about one container may take, 2000 by default. */
  timeoutMs?: number
  /** Milliseconds until one that nobody knew is asked about once more, 1000 by default. */
  retryMs?: number
}

/** Containers that are asked about at the same time. */
const AT_ONCE = 4

/**
 * Asks the runtimes of this machine what they know of containers: their servers by local sockets, else their files. The answers
 * come later than the container's first events, so those see it `pending`, and at the latest after two tries, `failed` with
 * the reason. Each container is asked about once; nothing here throws, and nothing keeps the process alive.
 */
export class Runtimes {
  readonly #root: string
  readonly #timeoutMs: number
  readonly #retryMs: number
  readonly #waiting: ContainerInfo[] = []
  /** Those that nobody knew at first, and the timers until they are asked about again. */
  readonly #retries = new Map<ContainerInfo, NodeJS.Timeout>()
  readonly #running = new Map<ContainerInfo, AbortController>()
  #turn: NodeJS.Immediate | undefined
  #closed = false

  constructor({ root = '', timeoutMs = 2000, retryMs = 1000 }: RuntimeOptions = {}) {
    this.#root = root
    this.#timeoutMs = timeoutMs
    this.#retryMs = retryMs
  }

  /** Asks about all containers of the table that nothing is known of, and about each new one. */
  watch(table: ContainerTable): void {
    table.onNew = container => this.ask(container)
    for (const container of table.values()) this.ask(container)
  }

  /** Asks about one, at the event loop's next turn. */
  ask(container: ContainerInfo): void {
    if (container.lookup !== 'pending') return
    if (this.#closed) return fail(container, CLOSED)
    this.#waiting.push(container)
    this.#continue()
  }

  /** Ends what is under way; what is not known by now is `failed`. May be called twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearImmediate(this.#turn)
    for (const timer of this.#retries.values()) clearTimeout(timer)
    for (const container of [...this.#waiting, ...this.#retries.keys(), ...this.#running.keys()]) fail(container, CLOSED)
    for (const controller of this.#running.values()) controller.abort()
    this.#waiting.length = 0
  }

  /** Not within an event: the loop over events goes first. */
  #continue(): void {
    if (this.#turn !== undefined || this.#running.size >= AT_ONCE || this.#waiting.length === 0 || this.#closed) return
    this.#turn = setImmediate(() => {
      this.#turn = undefined
      while (this.#running.size < AT_ONCE && this.#waiting.length > 0) void this.#lookup(this.#waiting.shift()!)
    })
    this.#turn.unref()
  }

  async #lookup(container: ContainerInfo): Promise<void> {
    const controller = new AbortController()
    this.#running.set(container, controller)
    const found = await this.#describe(container, controller)
    this.#running.delete(container)
    if (this.#closed) return
    if (typeof found === 'string' && !this.#retries.has(container)) {
      this.#askAgain(container)
    } else {
      this.#retries.delete(container)
      if (typeof found === 'string') fail(container, found)
      else Object.assign(container, found, { lookup: 'known' })
    }
    this.#continue()
  }

  /** A container's first process may run before its files are written. */
  #askAgain(container: ContainerInfo): void {
    const timer = setTimeout(() => {
      this.#waiting.push(container)
      this.#continue()
    }, this.#retryMs)
    timer.unref()
    this.#retries.set(container, timer)
  }

  /** The first answer; else, as a text, why there is none. */
  async #describe({ type, fullId }: ContainerInfo, controller: AbortController): Promise<Description | string> {
    const host = new Host(this.#root, controller.signal)
    const reasons: string[] = []
    const asked = (async () => {
      for (const source of SOURCES[type] ?? []) {
        try {
          const found = await source(host, fullId)
          if (found !== undefined) return found
        } catch (error) {
          reasons.push((error as Error).message)
        }
        if (controller.signal.aborted) break
      }
      return reasons[0] ?? `no runtime of this machine knows a ${type} container with this id`
    })()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string>(resolve => {
      timer = setTimeout(() => {
        controller.abort()
        resolve(reasons[0] ?? `no answer within ${this.#timeoutMs} ms`)
      }, this.#timeoutMs)
      timer.unref()
    })
    try {
      return await Promise.race([asked, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

const CLOSED = 'the capture has ended before there was an answer'

function fail(container: ContainerInfo, reason: string): void {
  container.lookup = 'failed'
  container.reason = reason
}
