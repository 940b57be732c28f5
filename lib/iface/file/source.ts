import { closeSync, fstatSync, openSync, createReadStream, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import type { Gunzip } from 'node:zlib'
import { CaptureError } from '../../errors.js'

/** Where the bytes of a file come from, in order. */
export interface Source {
  /** Puts bytes at the beginning of `into` and gives their number: at least 1, or 0 at the end. A promise where they may be long in coming. */
  read(into: Uint8Array): number | Promise<number>
  /** Is every read answered at once? */
  readonly immediate: boolean
  /** Gives back what the source holds. Does not wait for a read that may never end. */
  close(): Promise<void>
}

/** Compressed bytes given to zlib at a time, and uncompressed ones taken from it. */
const GZIP_INPUT = 64 * 1024
const GZIP_OUTPUT = 256 * 1024

/**
 * A file by its path, read synchronously: a read of a chunk from the page cache takes a tenth of a millisecond, the way
 * through the thread pool and back about as long as walking the chunk. What is no regular file (a FIFO, /dev/stdin) may
 * keep one waiting and is read as a stream.
 */
export function fileSource(path: string): Source {
  const fd = openSync(path, 'r')
  if (!fstatSync(fd).isFile()) return streamSource(createReadStream('', { fd }))
  let open = true
  return {
    immediate: true,
    read: into => readSync(fd, into, 0, into.length, null),
    async close() {
      if (open) closeSync(fd)
      open = false
    },
  }
}

export function streamSource(bytes: Readable | AsyncIterable<Uint8Array>): Source {
  const chunks = bytes[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  let rest: Uint8Array = new Uint8Array(0)
  return {
    immediate: false,
    async read(into) {
      while (rest.length === 0) {
        const turn = await chunks.next()
        if (turn.done === true) return 0
        if (!(turn.value instanceof Uint8Array)) {
          throw new CaptureError('ERR_CAPTURE_OPTION', 'the stream gives text, not bytes', 'call setEncoding() on no stream that is given to openFile()')
        }
        rest = turn.value
      }
      const count = Math.min(rest.length, into.length)
      into.set(rest.subarray(0, count))
      rest = rest.subarray(count)
      return count
    },
    async close() {
      // The iterator's own return() would queue behind a read that is still waiting for its bytes.
      if (bytes instanceof Readable) bytes.destroy()
      else chunks.return?.().catch(() => {})
    },
  }
}

/** `source` uncompressed; `head` is what has been read of it already. */
export function gunzipSource(source: Source, head: Uint8Array): Source {
  const { read } = streamSource(inflate(source, head))
  return { immediate: false, read, close: () => source.close() }
}

/**
 * Inflates only as fast as it is asked, so memory stays bounded whatever the ratio. zlib's stream throws away what it
 * has buffered when it fails: it therefore learns of the end of its input only after everything before was taken, and a
 * truncated file gives all of its bytes before the error.
 */
async function* inflate(source: Source, head: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const { createGunzip } = await import('node:zlib')
  const zlib: Gunzip = createGunzip({ chunkSize: GZIP_OUTPUT, readableHighWaterMark: GZIP_OUTPUT } as object)
  const input = new Uint8Array(GZIP_INPUT)
  let failure: NodeJS.ErrnoException | undefined
  let ended = false
  let idle = true
  let wake = () => {}
  zlib.on('readable', () => wake())
  zlib.on('end', () => { ended = true; wake() })
  zlib.on('error', error => { failure = error; wake() })
  const write = (bytes: Uint8Array) => {
    idle = false
    zlib.write(bytes, () => { idle = true; wake() })
  }
  try {
    write(head)
    for (;;) {
      const output: Uint8Array | null = zlib.read()
      if (output !== null) {
        yield output
      } else if (failure !== undefined) {
        throw inflateError(failure)
      } else if (ended) {
        return
      } else if (idle && !zlib.writableEnded) {
        const count = await source.read(input)
        if (count === 0) zlib.end()
        else write(input.subarray(0, count))
      } else {
        await new Promise<void>(resolve => { wake = resolve })
      }
    }
  } finally {
    zlib.destroy()
  }
}

function inflateError(error: NodeJS.ErrnoException): CaptureError {
  return error.code === 'Z_BUF_ERROR'
    ? new CaptureError('ERR_CAPTURE_TRUNCATED', 'the compressed data end early', 'everything before was delivered; copy or record the file again', error)
    : new CaptureError('ERR_CAPTURE_FORMAT', `the compressed data are damaged: ${error.message}`, 'check the file with: gzip -t FILE', error)
}
