import { write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { CaptureError } from '../errors.js'
import { isBrokenPipe } from './report.js'

/** Characters gathered before a write: one system call for some hundred lines. */
const BATCH = 1 << 16
const STDOUT = 1

const writeSome = promisify(write)

/**
 * Lines and bytes on their way to standard output. Not through process.stdout, which writes to pipes synchronously:
 * behind a reader that has stopped, even Ctrl-C would wait.
 */
export class Output {
  #text = ''
  #pending: Promise<void> = Promise.resolve()

  line(text: string): void {
    this.#text += text + '\n'
  }

  /** Time for a `flush()`? */
  get full(): boolean {
    return this.#text.length >= BATCH
  }

  /** Resolves when the reader has taken it all, which keeps memory bounded; rejects with EPIPE when there is none. */
  flush(): Promise<void> {
    if (this.#text === '') return this.#pending
    const text = this.#text
    this.#text = ''
    return this.write(Buffer.from(text))
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
