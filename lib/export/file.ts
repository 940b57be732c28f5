import { type FileHandle, open } from 'node:fs/promises'
import { CaptureError, isCaptureError } from '../errors.js'
import type { Capture } from '../iface/capture.js'
import { ChromeFormat } from './chrome.js'
import { type Format, type FormatName, formatForPath, type Source, write, type WriteHooks } from './format.js'
import { PcapFormat, type PcapOptions } from './pcap.js'
import { type PcapngOptions, pcapngFormat } from './pcapng.js'
import { gzipped, ScapFormat } from './scap.js'

export interface WriteFileOptions extends Omit<PcapngOptions, 'framing'>, Pick<PcapOptions, 'precision'>, WriteHooks {
  /** Otherwise told from the path's ending; pcapng when that says nothing. */
  format?: FormatName
  /** Not for .scap and .json, and in a .pcap `ethernet` or `user0`. */
  framing?: PcapngOptions['framing']
  /** Otherwise: does the path end in .gz? */
  gzip?: boolean
}

/** What has been written. */
export interface Written {
  format: FormatName
  bytes: number
}

/**
 * Writes a capture into a file, to its end: the way to save that also survives a full disk.
 *
 * Captures hold what programs read and write, passwords too: a new file is for its owner alone (mode 0600), and an
 * existing one stops being readable for everybody. Whatever goes wrong, the file ends with a whole block; with a
 * compressed file that cannot be promised.
 *
 * @example await writeFile(await open('sysdig', { maxEvents: 10_000 }), 'trace.scap')
 */
export async function writeFile(capture: Capture, path: string, options: WriteFileOptions = {}): Promise<Written> {
  try {
    return await save(capture, path, options)
  } finally {
    await capture.close() // also when the file could not even be opened
  }
}

/** @internal The same for what is no capture of its own; it stays open. */
export async function save(source: Source, path: string, options: WriteFileOptions): Promise<Written> {
  const wanted = formatForPath(path)
  const { format: name = wanted.format, gzip = wanted.gzip } = options
  formatOf(name, options, false) // the options are checked before a file is emptied
  await using file = await Output.open(path)
  const format = formatOf(name, options, file.seekable && !gzip)
  const { onEvent, until } = options
  // The size of a compressed file is what has come out of the compressor.
  const chunks = write(source, format, { onEvent, until: gzip && until ? event => until(event, file.length) : until })
  try {
    for await (const chunk of gzip ? gzipped(chunks) : chunks) await file.append(chunk)
    await file.flush()
  } catch (error) {
    await file.flush().catch(() => { /* then `error` is what that says */ })
    if (!gzip) await file.cut(format)
    throw error
  } finally {
    const patch = gzip ? undefined : format.patch?.(source)
    if (patch !== undefined && patch.position >= 0) await file.overwrite(patch.position, patch.bytes)
  }
  return { format: name, bytes: file.length }
}

/** The bytes of a savefile, for a stream: what cannot seek gets no statistics that have to stand before the records. */
export function chunksOf(capture: Capture, options: WriteFileOptions = {}): AsyncGenerator<Uint8Array, void, void> {
  const { format = 'pcapng', gzip = false } = options
  const chunks = write(capture, formatOf(format, options, false), options)
  return gzip ? gzipped(chunks) : chunks
}

function formatOf(name: FormatName, options: WriteFileOptions, seekable: boolean): Format {
  const { framing } = options
  if (name === 'pcapng') return pcapngFormat(options, seekable)
  if (name === 'pcap') return new PcapFormat(options as PcapOptions)
  if (framing !== undefined && (framing !== 'scap' || name === 'chrome')) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `a ${name} file has no framing '${framing}'`, 'leave framing out, or write pcapng')
  }
  return name === 'chrome' ? new ChromeFormat() : new ScapFormat()
}

/** Bytes that may wait while a write is under way; then the capture waits. */
const QUEUE = 1024 * 1024

/** The open file. A write is under way while the next chunks are made; what has gathered by its end goes out in one. */
class Output implements AsyncDisposable {
  /** Is it a regular file, in which one can go back? */
  readonly seekable: boolean
  /** Bytes that are in the file. */
  length = 0
  readonly #file: FileHandle
  readonly #path: string
  #queue: Uint8Array[] = []
  #queued = 0
  #writing: Promise<void> | undefined
  /** The chunk of which a part could not be written, and how much of it could. */
  #torn: { chunk: Uint8Array; written: number } | undefined

  static async open(path: string): Promise<Output> {
    try {
      const file = await open(path, 'w', 0o600)
      const { mode } = await file.stat()
      const regular = (mode & S_IFMT) === S_IFREG
      if (regular && (mode & 0o007) !== 0) await file.chmod(mode & 0o770)
      return new Output(file, path, regular)
    } catch (cause) {
      throw failure(path, cause)
    }
  }

  private constructor(file: FileHandle, path: string, seekable: boolean) {
    this.#file = file
    this.#path = path
    this.seekable = seekable
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#queue.push(chunk)
    this.#queued += chunk.length
    if (this.#writing === undefined) {
      this.#writing = this.#drain()
      this.#writing.catch(() => { /* whoever waits for it next gets it */ })
    }
    if (this.#queued >= QUEUE || this.#torn !== undefined) await this.#writing
  }

  async flush(): Promise<void> {
    await this.#writing
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const chunks = this.#queue
      this.#queue = []
      this.#queued = 0
      await this.#write(chunks)
    }
    this.#writing = undefined
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    let rest = chunks
    let part = 0 // bytes of the first of them that are in the file
    try {
      while (rest.length > 0) {
        const { bytesWritten } = await this.#file.writev([rest[0].subarray(part), ...rest.slice(1)])
        this.length += bytesWritten
        part += bytesWritten
        let done = 0
        while (done < rest.length && part >= rest[done].length) part -= rest[done++].length
        rest = rest.slice(done)
      }
    } catch (cause) {
      this.#torn = { chunk: rest[0], written: part }
      throw failure(this.#path, cause)
    }
  }

  /** After a failed write: takes back what there is of a block that is not whole. */
  async cut(format: Format): Promise<void> {
    if (this.#torn === undefined || !this.seekable) return
    const { chunk, written } = this.#torn
    const position = this.length - written
    this.length = position + format.whole(chunk, written, position)
    await this.#file.truncate(this.length)
  }

  async overwrite(position: number, bytes: Uint8Array): Promise<void> {
    if (position + bytes.length > this.length) return // the disk was full before the place for it was written
    try {
      await this.#file.write(bytes, 0, bytes.length, position)
    } catch (cause) {
      throw failure(this.#path, cause)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

const S_IFMT = 0o170000
const S_IFREG = 0o100000

function failure(path: string, cause: unknown): CaptureError {
  if (isCaptureError(cause)) return cause
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException
  return new CaptureError('ERR_CAPTURE_IO', `cannot write ${path}: ${code}`, HINTS[code] ?? `check: ls -l ${path}`, cause)
}

const HINTS: Record<string, string> = {
  ENOSPC: 'the disk is full: make room (df -h), or keep less with maxEvents, a filter or snaplen',
  EDQUOT: 'the quota is used up: write elsewhere, or keep less with maxEvents, a filter or snaplen',
  EFBIG: 'the file reached the size limit: ulimit -f',
  EPIPE: 'the reader at the other end has gone; start it first, or write to a file',
  EACCES: 'choose a path that you may write to',
  EPERM: 'choose a path that you may write to',
  ENOENT: 'create the directory first: mkdir -p',
  EISDIR: 'that is a directory: add a file name',
  EROFS: 'the file system is read-only: choose another path',
}
