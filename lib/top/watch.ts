import { isCaptureError } from '../errors.js'
import type { Capture, Stats } from '../iface/capture.js'
import { Gathering, type GatheringOptions, type Question } from './gathering.js'

/** Where the answers come from: what happens now, or a file. */
export interface Watch {
  readonly device: string
  readonly live: boolean
  /** Is there more to come? */
  readonly running: boolean
  /** What is wrong with what was read until now: a file that ends in the middle. */
  readonly problem: string | undefined
  /** Asks something else, from now on or, of a file, from its beginning. @throws FilterError and nothing has changed */
  ask(question: Question): Gathering
  /** What became of all records; undefined before a file is open. */
  stats(): Stats | undefined
  /** Resolves after close(), or throws what is wrong with the capture. */
  readonly ended: Promise<void>
  close(): void
}

/** How long events are looked at before keys have their turn, in ms. */
const TURN_MS = 20

/** One capture of what happens now. Another question takes the place of the one before within it, so nothing is missed in between. */
export class LiveWatch implements Watch {
  readonly live = true
  readonly ended: Promise<void>
  readonly #capture: Capture
  readonly #options: GatheringOptions
  readonly #onChange: () => void
  #gathering: Gathering | undefined
  #running = true
  #close = () => {}

  /** `capture` keeps the state. */
  constructor(capture: Capture, options: GatheringOptions, onChange: () => void) {
    this.#capture = capture
    this.#options = options
    this.#onChange = onChange
    const closed = new Promise<void>(resolve => { this.#close = resolve })
    this.ended = this.#run().then(() => closed)
  }

  readonly problem = undefined

  get device(): string { return this.#capture.device }
  get running(): boolean { return this.#running }

  ask(question: Question): Gathering {
    return this.#gathering = new Gathering(question, this.#options, true, this.#onChange)
  }

  stats(): Stats { return this.#capture.stats() }

  close(): void {
    this.#capture.stop()
    this.#close()
  }

  async #run(): Promise<void> {
    const timer = setInterval(() => this.#gathering?.advance(Date.now()), Math.min(this.#options.everyMs, 250))
    try {
      for await (const burst of this.#capture) for (const ev of burst) this.#gathering?.add(ev)
    } finally {
      clearInterval(timer)
      this.#running = false
    }
    this.#gathering?.end()
    this.#onChange()
  }
}

/** A file, which is read once for each question. */
export class FileWatch implements Watch {
  readonly live = false
  readonly ended: Promise<void>
  readonly #open: () => Promise<Capture>
  readonly #options: GatheringOptions
  readonly #onChange: () => void
  readonly device: string
  /** What is read now, and before: of the last one there are the counters. */
  #capture: Capture | undefined
  #reading = 0
  #running = false
  #problem: string | undefined
  #close = () => {}
  #fail: (error: unknown) => void = () => {}

  constructor(device: string, open: () => Promise<Capture>, options: GatheringOptions, onChange: () => void) {
    this.device = device
    this.#open = open
    this.#options = options
    this.#onChange = onChange
    this.ended = new Promise((resolve, reject) => {
      this.#close = resolve
      this.#fail = reject
    })
  }

  get running(): boolean { return this.#running }
  get problem(): string | undefined { return this.#problem }

  ask(question: Question): Gathering {
    const gathering = new Gathering(question, this.#options, false, () => {})
    this.#problem = undefined
    this.#capture?.stop()
    this.#running = true
    this.#read(gathering, ++this.#reading).catch(this.#fail)
    return gathering
  }

  stats(): Stats | undefined { return this.#capture?.stats() }

  close(): void {
    this.#reading++
    this.#capture?.stop()
    this.#close()
  }

  async #read(gathering: Gathering, reading: number): Promise<void> {
    const capture = await this.#open()
    const isAsked = () => reading === this.#reading
    if (isAsked()) this.#capture = capture
    // What came before the place where the file is wrong is shown all the same.
    const problem = await this.#gather(capture, gathering, isAsked).catch((error: unknown) => {
      if (!isCaptureError(error)) throw error
      return error.message
    })
    if (!isAsked()) return
    gathering.end()
    this.#running = false
    this.#problem = problem
    this.#onChange()
  }

  async #gather(capture: Capture, gathering: Gathering, isAsked: () => boolean): Promise<undefined> {
    let turned = performance.now()
    let shown = turned
    for await (const burst of capture) {
      if (!isAsked()) return
      for (const ev of burst) gathering.add(ev)
      const now = performance.now()
      if (now < turned + TURN_MS) continue
      await new Promise(resolve => setImmediate(resolve))
      turned = now
      if (now < shown + this.#options.everyMs) continue
      shown = now
      this.#onChange()
    }
  }
}
