import { CaptureError } from '../errors.js'
import type { Burst, Lost } from './burst.js'
import type { Table } from '../field/field.js'
import type { Share } from '../state/share.js'
import type { State } from '../state/state.js'
import type { BalancerSource } from '../native.js'
import type { MetadataBlock } from './metadata.js'
import type { StreamStats } from './stream.js'

/** One interface of a capture: records refer to it by index. */
export interface Interface {
  readonly name: string
  /** LINKTYPE_* of its packets; system calls go by LINKTYPE_USER0, 147. */
  readonly linktype: number
  /** The longest buffer or packet kept, in bytes; 0 = not limited or not known. */
  readonly snaplen: number
  /** Inode of the network namespace that it is in; undefined where that is not known. */
  readonly netns?: number
}

/** Counters of one CPU's ring. `seen` = delivered + dropped + filtered + pending, exactly, once the capture is closed. */
export interface CpuStats {
  cpu: number
  seen: number
  delivered: number
  dropped: number
  filtered: number
  pending: number
}

/** What became of every record since the capture was opened. */
export interface Stats {
  /** Records that the source produced or met. */
  seen: number
  /** Records offered in bursts. */
  delivered: number
  /**
   * Records lost, by cause; `total` is their sum. Live: `buffer` no room in the ring, `nested` while another one was written
   * on that CPU, `page_fault` an argument was not in memory (kernel module only), `no_ring` on a CPU without a ring,
   * `unrecorded` counted by the kernel module and not in its ring, for a reason it does not tell. Of frames with numbers, which another
   * machine sends (`sysring bounce`): `network` sent and not arrived, `sender` what it could not send, `duplicate` frames that came
   * again, which are no loss and in `seen` as well.
   */
  dropped: Lost
  /** Of `dropped.buffer`, how many were of which kind of call: from kernel modules since 3.0, which count that. */
  bufferDrops?: Readonly<Record<string, number>>
  /** Records that were asked not to be delivered (filter, mask, pid lists). */
  filtered: number
  /** Records still unread in the rings; of a closed capture, left there for good. */
  pending: number
  /** Records that came too late to be put in order: older than one read before them, or overtaken by one on the network. */
  late: number
  perCpu: CpuStats[]
  /** Of frames with numbers: each sender's, by what they tell. The 64 that were heard of last. */
  streams?: StreamStats[]
}

/** Options that every capture has. */
export interface CaptureOptions {
  /** End after that many records. */
  maxEvents?: number
  /** End after that many milliseconds. */
  maxDurationMs?: number
  /** Ends the capture with the signal's reason as error. */
  signal?: AbortSignal
  /**
   * Deliver only the events for which this is true: sysdig's filter language, as in "proc.name = cat and fd.name contains /etc". Live,
   * what can be decided by event type, process, thread, name or failure is decided in the kernel: see explainFilter().
   */
  filter?: string
  /**
   * Follow threads, file descriptors, users and containers through all events, so that `ev.thread`, `ev.fd` and `ev.field()` can tell
   * of them. Without it a filter keeps what it needs for itself, and all events cost less.
   */
  state?: boolean
  /**
   * Events that the filter refuses but that others are understood by (a process that begins, a file that is opened) are delivered too,
   * with FLAG_STATE_ONLY: for files that are to be read with names again.
   */
  stateEvents?: boolean
  /** @internal Instead of `state`: only these tables, for fields that need no others. */
  tables?: ReadonlySet<Table>
  /** @internal Of files: only the events of these threads or processes are delivered, the others go to other readers of the same file. */
  share?: Share
}

/**
 * Records in one burst at most: a ring gets its room back at the end of a burst, so one that takes long must not hold all
 * of it.
 */
const MAX_BURST = 32_768

/** @internal A source that a balancing thread reads. */
export interface LentSource {
  readonly source: BalancerSource
  /** Nothing more is made; the thread reads what there is. */
  stop(): void
  /** Of sources that fill up at once: makes nothing until resume(). What was made before stays. */
  pause?(): void
  resume?(): void
}

/**
 * A source of records: a live interface, a file, or several of them merged. Loop over its bursts, and over
 * the events of each burst.
 *
 * One consumer at a time. Leaving the loop (break, return, throw) closes the capture, as does `await using`.
 */
export abstract class Capture implements AsyncIterable<Burst>, AsyncDisposable {
  /** What was opened: "sysdig", "trace.scap". */
  abstract readonly device: string
  /** Grows while a file with several interfaces is read. */
  abstract readonly interfaces: readonly Interface[]

  /**
   * What is known of the machine where the records were made. A file with several sections replaces it at the start of
   * each, and counts `section` up; a live capture reads it from /proc when it is first asked.
   */
  get metadata(): readonly MetadataBlock[] {
    return []
  }

  /** Number of the section that the current burst belongs to, from 0. */
  get section(): number {
    return 0
  }

  /** What is known of threads, fds, users and containers at the event at hand; undefined where it is not kept. */
  get state(): State | undefined {
    return undefined
  }

  readonly #maxDurationMs: number
  readonly #signal: AbortSignal | undefined
  #taken = false
  #stopping = false
  #finishing = false
  /** When the time is over, by performance.now(). */
  #deadline = Infinity
  /** Records that may still be delivered. */
  #left: number
  /** Records delivered when the burst was opened. */
  #before = 0
  #closed: Promise<void> | undefined

  protected constructor(options: CaptureOptions) {
    this.#left = limit('maxEvents', options.maxEvents)
    this.#maxDurationMs = limit('maxDurationMs', options.maxDurationMs)
    this.#signal = options.signal
  }

  /** The one burst, reused. */
  protected abstract readonly burst: Burst

  /**
   * Puts the next records before the burst's cursor. Resolves to true when there are some, to false at the end of the
   * source, and in any case by `deadline` (a performance.now() value): with undefined when nothing came until then.
   */
  protected abstract fill(deadline: number): boolean | undefined | Promise<boolean | undefined>

  /**
   * The time is over, or stop() was called. A source that still has records to deliver, and none to come, returns true and
   * delivers them; then fill() ends the capture.
   */
  protected finish(): boolean {
    return false
  }

  /** The burst has ended: its memory may be given back to the producer. */
  protected abstract releaseBurst(): void

  /** Frees everything. Called once. */
  protected abstract dispose(): void | Promise<void>

  abstract stats(): Stats

  /** Can its source be kept waiting? A file's can; what the machine does goes on, and is dropped where there is no room for it. */
  get canWait(): boolean {
    return this._lookedAt === undefined
  }

  /** @internal Of a queue: what its balancer knows of the machine now. */
  _machine(): Promise<readonly MetadataBlock[]> | undefined {
    return undefined
  }

  /** @internal Can a balancing thread read the source, because nobody has to look at its records in JavaScript? */
  get _lendable(): boolean {
    return false
  }

  /** @internal The path of a file that others can open as well and find the same in it, from its beginning to its end, as whoever has this one. */
  get _path(): string | undefined {
    return undefined
  }

  /**
   * @internal Leaves a lendable source to a balancing thread, which is its one reader from then on: this object only stops it and
   * counts. Its interfaces are numbered from `iface`. To be called after _take().
   */
  _lend(_iface: number): LentSource {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${this.device} cannot be read by a balancing thread`, 'this is a fault of sysring; please report it')
  }

  /** @internal What it was told to end by. Whoever takes it without calling _advance() has to see to that. */
  get _limits(): { maxEvents: number; maxDurationMs: number; signal: AbortSignal | undefined } {
    return { maxEvents: this.#left, maxDurationMs: this.#maxDurationMs, signal: this.#signal }
  }

  /**
   * Delivers nothing more of these processes, by pid in the initial namespace: at most 1024, and the list takes the place of the one
   * before. Their events count as filtered. For those who read what comes of this capture and would feed it. Of a capture that is
   * not of this machine's running system calls (a file, a network interface, a queue), nothing changes.
   */
  leaveOut(_pids: readonly number[]): void {}

  /** Ends the capture in an orderly way: no new records, but the loop still gets those that were made until now. */
  stop(): void {
    this.#stopping = true
  }

  /**
   * Stops the capture at once and frees its memory. Events of an open burst are no longer valid. May be called twice; what goes wrong,
   * the first call tells, be it that of a loop that ends.
   */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed.catch(() => {})
    return this.#closed = this.#close()
  }

  async #close(): Promise<void> {
    try {
      this.burst.release()
      this.releaseBurst()
    } finally {
      await this.dispose()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Burst, void, void> {
    this._take()
    try {
      for (;;) {
        const more = await this._advance()
        if (more === false) return
        if (more === undefined) continue
        yield this.burst
        this._release()
      }
    } finally {
      await this.close()
    }
  }

  // What the loop above does step by step, for stages that read several captures at a time.

  /** @internal Makes the caller the one consumer; its time begins to run. */
  _take(): void {
    if (this.#taken || this.#closed !== undefined) {
      throw new CaptureError(
        'ERR_CAPTURE_CLOSED',
        this.#closed === undefined ? 'this capture already has a consumer' : 'this capture is closed',
        'open it again for another loop; to share one capture, balance it',
      )
    }
    this.#taken = true
    this.#deadline = performance.now() + this.#maxDurationMs
  }

  /** @internal The one burst, to be walked after _advance() until _release(). */
  get _burst(): Burst {
    return this.burst
  }

  /**
   * @internal Opens the burst on the next records. Resolves to true when there are some, to false at the end, to undefined when
   * there were none for a while. Throws the signal's reason, and what is wrong with the source.
   */
  async _advance(): Promise<boolean | undefined> {
    if (this.#left <= 0 || this.#closed !== undefined) return false
    this.#signal?.throwIfAborted()
    if (!this.#finishing && (this.#stopping || performance.now() >= this.#deadline)) {
      this.#finishing = true
      if (!this.finish()) return false
    }
    const more = await this.#filled(this.#deadline)
    this.#signal?.throwIfAborted()
    if (more === false || this.#closed !== undefined) return false
    if (more === true) {
      this.#before = this.burst._count
      this.burst._open(Math.min(this.#left, MAX_BURST))
    }
    return more
  }

  /** @internal The burst is over: ends its lease. */
  _release(): void {
    this.burst.release()
    this.releaseBurst()
    this.#left -= this.burst._count - this.#before
  }

  /**
   * @internal Of a live source: when it last looked for new records, in ms since the epoch. What it delivers after those that it
   * found then is younger, or was on its way at that moment. Undefined for a source that is worth waiting for: it always has a
   * next record or an end.
   */
  get _lookedAt(): number | undefined {
    return undefined
  }

  /** fill() without the errors that close() causes in a wait that is under way. */
  async #filled(deadline: number): Promise<boolean | undefined> {
    try {
      return await this.fill(deadline)
    } catch (error) {
      if (this.#closed !== undefined) return false
      throw error
    }
  }
}

function limit(name: string, value: number | undefined): number {
  if (value === undefined) return Infinity
  if (!(value >= 0)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${name} must be a number of at least 0, not ${value}`, `leave ${name} out for no limit`)
  }
  return value
}
