import { Burst } from '../../lib/iface/burst.js'
import { Capture, type CaptureOptions, type Interface, type Stats } from '../../lib/iface/capture.js'
import { ArrayCursor, type SyntheticPacket, type SyntheticRecord } from './capture.js'

/** A live source that delivers what it is given, and has nothing to say until then. */
export class QueueCapture extends Capture {
  readonly device: string
  readonly interfaces: readonly Interface[]
  closed = false
  protected readonly burst: Burst
  readonly #cursor = new ArrayCursor()
  #waiting: (readonly (SyntheticRecord | SyntheticPacket)[])[] = []
  #ended = false
  #error: unknown
  #produced = 0
  #lookedAt = Date.now()

  readonly #slowMs: number

  /** `slowMs`: how long it takes from a look until what was found is there. */
  constructor(device = 'queue', options: CaptureOptions & { slowMs?: number } = {}) {
    super(options)
    this.#slowMs = options.slowMs ?? 0
    this.device = device
    this.interfaces = [{ name: device, linktype: 147, snaplen: 0 }]
    this.burst = new Burst(this.#cursor)
  }

  /** The records of one burst. */
  push(records: readonly (SyntheticRecord | SyntheticPacket)[]): void {
    this.#waiting.push(records)
    this.#produced += records.length
  }

  /** There will be no more. */
  end(error?: unknown): void {
    this.#ended = true
    this.#error = error
  }

  override get _lookedAt(): number {
    return this.#lookedAt
  }

  protected fill(): boolean | undefined | Promise<boolean | undefined> {
    this.#lookedAt = Date.now()
    const records = this.#waiting.shift()
    if (records === undefined) {
      if (this.#error !== undefined) throw this.#error
      return this.#ended ? false : new Promise(resolve => setTimeout(resolve, 2, undefined))
    }
    this.#cursor.load(records)
    return this.#slowMs === 0 || new Promise(resolve => setTimeout(resolve, this.#slowMs, true))
  }

  protected override finish(): boolean {
    this.#ended = true
    return true
  }

  protected releaseBurst(): void {
    this.#cursor.memory.fill(0xdd)
  }

  protected dispose(): void {
    this.closed = true
  }

  stats(): Stats {
    const pending = this.#waiting.reduce((sum, records) => sum + records.length, 0)
    return { seen: this.#produced, delivered: this.#produced - pending, dropped: { total: 0 }, filtered: 0, pending, late: 0, perCpu: [] }
  }
}
