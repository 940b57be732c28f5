import { READER, TRACER_CPU } from './build.js'
import { Child } from './child.js'

/** What bench/reader.mjs says at its end. */
export interface Seen {
  events: number
  threads: Record<string, number>
  wallMs: number
  cpuMs: number
  slowestMs: number
  seconds: { events: number; dropped: number; bursts: number; longestTurnMs: number; cpuUs: number }[]
  stats: { seen: number; delivered: number; dropped: { total: number }; filtered: number; pending: number; late: number }
  rssMb: number
}

/** A live capture in a process of its own, pinned beside the workload. */
export class Reader {
  readonly #child: Child

  private constructor(child: Child) {
    this.#child = child
  }

  /** `options` are those of open(). */
  static async start(options: object): Promise<Reader> {
    const child = new Child([...READER, JSON.stringify(options)], { cpu: TRACER_CPU })
    await child.line()
    return new Reader(child)
  }

  async finish(): Promise<Seen> {
    this.#child.end()
    const seen = JSON.parse(await this.#child.line()) as Seen
    await this.#child.exit
    return seen
  }
}
