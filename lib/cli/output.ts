import type { Writable } from 'node:stream'
import { CaptureError } from '../errors.js'
import { isBrokenPipe } from './report.js'

/** Characters gathered before a write: one system call for some hundred lines. */
const BATCH = 1 << 16

/** Lines on their way to a stream. */
export class Output {
  readonly #stream: Writable
  #text = ''

  constructor(stream: Writable = process.stdout) {
    this.#stream = stream
    stream.on('error', () => {}) // arrives at whoever awaits the write
  }

  line(text: string): void {
    this.#text += text + '\n'
  }

  /** Time for a `flush()`? */
  get full(): boolean {
    return this.#text.length >= BATCH
  }

  /** Resolves when the stream has taken it all, which keeps memory bounded; rejects with EPIPE when nobody reads. */
  flush(): Promise<void> {
    if (this.#text === '') return Promise.resolve()
    const text = this.#text
    this.#text = ''
    return this.write(text)
  }

  write(chunk: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(chunk, error => (error == null ? resolve() : reject(failure(error))))
    })
  }
}

function failure(error: NodeJS.ErrnoException): Error {
  if (isBrokenPipe(error)) return error
  const hint = error.code === 'ENOSPC' ? 'the disk is full: make room (df -h), or print less' : 'write somewhere else'
  return new CaptureError('ERR_CAPTURE_IO', `cannot write to standard output: ${error.code ?? error.message}`, hint, error)
}
