import { write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CaptureError } from '../errors.js'
import { TextBuffer } from '../event/textbuffer.js'
import { isBrokenPipe } from './report.js'

/** Bytes gathered before a write: one system call for some thousand lines, and little enough to stay in the CPU's cache. */
const BATCH = 1 << 18
const STDOUT = 1
const NEWLINE = 0x0a

const writeSome = promisify(write)

/**
 * Lines and bytes on their way to standard output. Not through process.stdout, which writes to pipes synchronously:
 * behind a reader that has stopped, even Ctrl-C would wait.
 */
export class Output {
  #text = new TextBuffer()
  /** Buffers whose bytes are out, to be used again. */
  readonly #idle: TextBuffer[] = []
  #pending: Promise<void> = Promise.resolve()

  /**
   * Where bytes are gathered until the next `flush()`; after that it is another one. Whoever adds a line ends it with
   * `newline()`.
   */
  get text(): TextBuffer {
    return this.#text
  }

  newline(): void {
    this.#text.reserve(1)
    this.#text.byte(NEWLINE)
  }

  line(text: string): void {
    this.#text.text(text)
    this.newline()
  }

  /** Time for a `flush()`? */
  get full(): boolean {
    return this.#text.length >= BATCH
  }

  /** Resolves when the reader has taken it all, which keeps memory bounded; rejects with EPIPE when there is none. */
  flush(): Promise<void> {
    const text = this.#text
    if (text.length === 0) return this.#pending
    this.#text = this.#idle.pop() ?? new TextBuffer()
    return this.write(text.bytes.subarray(0, text.length)).then(() => {
      text.length = 0
      this.#idle.push(text)
    })
  }

  /**
   * Lets what is gathered go, and resolves when what went before is out: while one batch is written the next is made, and there
   * are never more than the two.
   */
  handOff(): Promise<void> {
    const before = this.#pending
    // An error is that of the next call, which waits for it.
    this.flush().catch(() => {})
    return before
  }

  /** One after the other, whoever asks. */
  write(chunk: Uint8Array): Promise<void> {
    return (this.#pending = this.#pending.then(() => writeAll(chunk)))
  }
}

async function writeAll(chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length;) {
    try {
      at += (await writeSome(STDOUT, chunk, at, chunk.length - at)).bytesWritten
    } catch (error) {
      // Somebody who shares the pipe has made it non-blocking.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw failure(error as NodeJS.ErrnoException)
      await sleep(5)
    }
  }
}

function failure(error: NodeJS.ErrnoException): Error {
  if (isBrokenPipe(error)) return error
  const hint = error.code === 'ENOSPC' ? 'the disk is full: make room (df -h), or print less' : 'write somewhere else'
  return new CaptureError('ERR_CAPTURE_IO', `cannot write to standard output: ${error.code ?? error.message}`, hint, error)
}
