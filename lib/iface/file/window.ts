import { CaptureError, isCaptureError } from '../../errors.js'
import type { Source } from './source.js'
import { SLACK } from '../../event/validate.js'

/** Bytes asked of the source at a time. What is read at once had better stay in the CPU's cache until it is walked … */
const CHUNK_SIZE = 64 * 1024
/** … where each read costs a turn of the event loop, fewer turns are worth more. */
const CHUNK_SIZE_AHEAD = 2 * 1024 * 1024
/**
 * The first reads are small and grow: the loops over bursts then come to their ends a few times before V8 compiles them.
 * Compiled earlier, they would be thrown away at the first end, 50 ms of work each time.
 */
const FIRST_READ = 4 * 1024
/** Room before each chunk, for the part of a block that the chunk before ended with. Grows when a block is longer. */
const LEAD = 128 * 1024

/** The memory of one chunk, with `lead` bytes of room before it. */
class Chunk {
  readonly memory: Uint8Array
  readonly view: DataView
  readonly words: Int32Array
  constructor(readonly lead: number, size: number) {
    // Not zeroed: nothing is ever read of it beyond what a source has put there.
    this.memory = new Uint8Array(Buffer.allocUnsafeSlow(lead + size + SLACK).buffer)
    this.view = new DataView(this.memory.buffer)
    this.words = new Int32Array(this.memory.buffer, 0, this.memory.length >> 2)
  }
}

/**
 * The part of a file that is in memory: `memory[at … end)`.
 *
 * Of two chunks one is walked while the next chunk is read into the other, if reading takes time; what can be read at
 * once is read when it is needed. The incomplete block that the one ends with is put in front of the next chunk, so that
 * every block is in one piece and nothing else is copied. What the window shows may be looked at until advance(): then
 * its memory is read into again.
 */
export class Window {
  memory: Uint8Array
  view: DataView
  /** The same memory as words of the machine: little endian, or else what looks at them finds nothing that it knows. */
  words: Int32Array
  /** Where the reader stands. Beyond `end`, it passes over what is not read yet. */
  at = 0
  end = 0
  /** The source has nothing more than what the window shows. */
  ended = false

  readonly #source: Source
  readonly #size: number
  /** Bytes to ask for next. */
  #ask = FIRST_READ
  #current: Chunk
  #spare: Chunk
  /** Offset in the file of `memory[0]`. */
  #origin = 0
  /** Bytes that are being read into `#spare`, behind its lead. Undefined where nothing is read ahead. */
  #ahead: Promise<number> | undefined

  /** `head` is what has been read of the source already. */
  constructor(source: Source, head: Uint8Array, size = source.immediate ? CHUNK_SIZE : CHUNK_SIZE_AHEAD) {
    this.#source = source
    this.#size = size
    this.#current = new Chunk(head.length, 0)
    this.#spare = new Chunk(LEAD, size)
    this.memory = this.#current.memory
    this.view = this.#current.view
    this.words = this.#current.words
    this.memory.set(head)
    this.end = head.length
    this.#readAhead()
  }

  /** Offset in the file of where the reader stands. */
  get offset(): number {
    return this.#origin + this.at
  }

  /**
   * Moves on by a chunk. What was not walked stays in front of it; where the caller needs a longer piece than is there,
   * `need` bytes from `at` on, it comes with as many calls as it takes chunks.
   */
  async advance(need: number): Promise<void> {
    const rest = Math.max(0, this.end - this.at)
    let got = await (this.#ahead ?? this.#read(this.#spare, 0))
    // Small pieces, from a pipe say: put together here, so that the rest is moved once per chunk and not once per piece.
    while (got > 0 && got < this.#size && rest + got < need) {
      const more = await this.#read(this.#spare, got)
      if (more === 0) break
      got += more
    }
    const from = this.#current
    const to = rest <= this.#spare.lead ? this.#spare : this.#grown(need, got)
    to.memory.set(from.memory.subarray(this.end - rest, this.end), to.lead - rest)
    this.#origin += this.end - to.lead
    this.at = to.lead + (this.at - this.end)
    this.end = to.lead + got
    this.memory = to.memory
    this.view = to.view
    this.words = to.words
    this.ended = got === 0
    this.#current = to
    this.#spare = from.lead < LEAD ? new Chunk(LEAD, this.#size) : from
    this.#readAhead()
  }

  close(): Promise<void> {
    return this.#source.close()
  }

  /** The spare chunk with room for blocks of `need` bytes: the next power of two, so that it does not grow step by step. */
  #grown(need: number, got: number): Chunk {
    const { memory, lead } = this.#spare
    const grown = new Chunk(2 ** Math.ceil(Math.log2(need)), this.#size)
    grown.memory.set(memory.subarray(lead, lead + got), grown.lead)
    return grown
  }

  #readAhead(): void {
    if (this.#source.immediate) return
    this.#ahead = this.#read(this.#spare, 0)
    this.#ahead.catch(() => {}) // reported by the advance() that waits for it, which may never be called
  }

  async #read(into: Chunk, from: number): Promise<number> {
    const count = Math.min(this.#ask, this.#size - from)
    this.#ask = Math.min(this.#ask * 2, this.#size)
    try {
      return await this.#source.read(into.memory.subarray(into.lead + from, into.lead + from + count))
    } catch (error) {
      throw isCaptureError(error) ? error : readError(error)
    }
  }
}

/** What the system said when a file was opened or read. */
export function readError(error: unknown, path?: string): CaptureError {
  const { code, message } = error as NodeJS.ErrnoException
  const what = path === undefined ? 'cannot read' : `cannot read ${path}`
  const hint = code === 'ENOENT' ? `no such file; look with: ls -l ${path ?? ''}`
    : code === 'EACCES' || code === 'EPERM' ? `it may not be read by this user: ls -l ${path ?? ''}`
    : code === 'EISDIR' ? 'it is a directory: name a file in it'
    : 'the system refused; see the cause of this error'
  return new CaptureError('ERR_CAPTURE_IO', `${what}: ${message ?? String(error)}`, hint, error)
}
