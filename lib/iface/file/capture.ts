import { CaptureError } from '../../errors.js'
import { Burst, type Lost, lostSince } from '../burst.js'
import { Capture, type CaptureOptions, type Interface, type Stats } from '../capture.js'
import type { Follower } from '../../state/follower.js'
import type { State } from '../../state/state.js'
import type { Following } from '../following.js'
import type { MetadataBlock } from '../metadata.js'
import type { Format } from './format.js'
import { Pace } from './pace.js'
import type { Window } from './window.js'

/** How long a file that is read at once may keep timers and signals waiting, in milliseconds. */
const TURN_MS = 10

/** How long a signal may go unnoticed while a pipe gives nothing, or no record is due, in milliseconds. */
const NOTICE_MS = 100
/** The longest sleep until a record is due, in milliseconds: timers end at 2^31. */
const LONGEST_MS = 60_000

/**
 * A file as a capture. A burst is what lies complete in the window, up to the next block that is no record; its memory is
 * the window's, which moves on when the loop takes its next turn.
 */
export class FileCapture extends Capture {
  readonly device: string
  protected readonly burst: Burst
  readonly #window: Window
  readonly #format: Format
  readonly #pace: Pace | undefined
  readonly #noticeMs: number
  readonly #path: string | undefined
  /** The window is being moved on. */
  #advancing: Promise<void> | undefined
  /** When the event loop last had its turn. */
  #turned = performance.now()
  /** Ends the wait for it. */
  #wake = () => {}
  /** What was lost when the burst was opened. */
  readonly #lostBefore: Lost = { total: 0 }
  readonly #following: Following | undefined
  readonly #follower: Follower | undefined
  /** The section that the state is of, and how many of its metadata blocks are in it. */
  #followedSection = -1
  #followedBlocks = 0

  /** `speed`: times as fast as it was recorded; undefined: as fast as can be. `path`: where it lies, if others can read the same there. */
  constructor(device: string, window: Window, format: Format, options: CaptureOptions, following?: Following, speed?: number, path?: string) {
    super(options)
    this.device = device
    this.#window = window
    this.#format = format
    this.#path = path
    this.#noticeMs = options.signal === undefined ? Infinity : NOTICE_MS
    this.#following = following
    this.#pace = speed === undefined ? undefined : new Pace(format, window, speed)
    const source = this.#pace ?? format
    this.#follower = following?.begin(source)
    this.burst = new Burst(this.#follower ?? source)
  }

  override get state(): State | undefined { return this.#follower?.state }

  override get _path(): string | undefined { return this.#path }

  get interfaces(): readonly Interface[] { return this.#format.interfaces }

  /** The blocks of the section as far as it was read. The list grows if some come after the first event. */
  override get metadata(): readonly MetadataBlock[] { return this.#format.metadata }

  override get section(): number { return this.#format.section }

  protected fill(deadline: number): boolean | Promise<boolean | undefined> {
    return this.#advancing === undefined && this.#format.settle() === 0 && this.#early() <= 0 ? this.#opened() : this.#fillSoon(deadline)
  }

  async #fillSoon(deadline: number): Promise<boolean | undefined> {
    if (performance.now() - this.#turned > TURN_MS) {
      await new Promise(resolve => setImmediate(resolve))
      this.#turned = performance.now()
    }
    for (;;) {
      if (this.#advancing === undefined) {
        const need = this.#format.settle()
        if (need === 0) {
          const early = this.#early()
          if (early <= 0) return this.#opened()
          await this.#settles(undefined, Math.min(early, deadline - performance.now(), this.#noticeMs, LONGEST_MS))
          return undefined
        }
        if (this.#window.ended) return this.#ended()
        this.#advancing = this.#window.advance(need)
        this.#advancing.catch(() => {}) // thrown below, now or at the next turn
      }
      const patience = Math.min(deadline - performance.now(), this.#noticeMs)
      if (!(await this.#settles(this.#advancing, patience))) return undefined
      this.#advancing = undefined
    }
  }

  /** Milliseconds until the next record is due. */
  #early(): number {
    return this.#pace?.wait() ?? 0
  }

  /**
   * False when the promise has not settled after that many milliseconds, or at stop(); throws what it was rejected with. Without
   * a promise it only waits.
   */
  async #settles(promise: Promise<void> | undefined, ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<false>(resolve => {
      this.#wake = () => resolve(false)
      if (ms !== Infinity) timer = setTimeout(resolve, Math.max(0, ms), false)
    })
    try {
      return await (promise === undefined ? patience : Promise.race([promise.then(() => true as const), patience]))
    } finally {
      clearTimeout(timer)
    }
  }

  override stop(): void {
    super.stop()
    this.#wake()
  }

  #opened(): true {
    if (this.#follower !== undefined) this.#takeIn(this.#follower)
    this.burst.lost = lostSince(this.#lostBefore, this.#lost())
    return true
  }

  /** What the file says was lost, and what the numbers of frames in it tell, where there are any. */
  #lost(): Lost {
    const { dropped, sequences } = this.#format
    return sequences.isEmpty ? dropped : sequences.lost(dropped)
  }

  /** Lists that have come since the last burst become part of the state. */
  #takeIn(follower: Follower): void {
    const { section, metadata } = this.#format
    if (section !== this.#followedSection) this.#following!.restart(follower, metadata)
    else if (metadata.length > this.#followedBlocks) this.#following!.extend(follower, metadata.slice(this.#followedBlocks))
    this.#followedSection = section
    this.#followedBlocks = metadata.length
  }

  /** The source is at its end: is the file? */
  #ended(): false {
    const { at, end, offset } = this.#window
    if (at === end) return false
    throw new CaptureError(
      'ERR_CAPTURE_TRUNCATED',
      `${this.device} ends inside of what begins at offset ${offset}`,
      'everything before was delivered; end the program that records it before copying the file',
    )
  }

  protected releaseBurst(): void {}

  protected dispose(): Promise<void> {
    this.#wake()
    return this.#window.close()
  }

  stats(): Stats {
    const delivered = this.burst._count
    const { sequences } = this.#format
    const dropped = this.#lost()
    const filtered = this.#follower?.filtered ?? 0
    return {
      seen: delivered + filtered + dropped.total, delivered, dropped, filtered, pending: 0, late: sequences.reordered, perCpu: [],
      ...!sequences.isEmpty && { streams: sequences.streams() },
    }
  }
}
