import { basename } from 'node:path'
import type { Readable } from 'node:stream'
import { CaptureError, isCaptureError } from '../../errors.js'
import type { Capture, CaptureOptions } from '../capture.js'
import { follow } from '../follow.js'
import { SECTION_HEADER } from './blocks.js'
import { FileCapture } from './capture.js'
import type { Format } from './format.js'
import { speedOf } from './pace.js'
import { Pcap, PCAP_MAGIC } from './pcap.js'
import { Pcapng } from './pcapng.js'
import { fileSource, gunzipSource, type Source, streamSource } from './source.js'
import { readError, Window } from './window.js'

export interface FileOptions extends CaptureOptions {
  /**
   * 'capture': each record comes when it is its time, counted from the first one, as fast as it was recorded; a number: so many times
   * as fast. Default: as fast as the loop takes them.
   */
  pace?: 'capture' | number
  /** @internal Bytes read at a time. */
  chunkSize?: number
}

const GZIP_MAGIC = 0x1f8b
/** As many bytes as every format needs to be known. */
const MAGIC = 4

/** What people hand over that is compressed in another way: magic, and the command that undoes it. */
const COMPRESSED: ReadonlyMap<number, string> = new Map([
  [0x28b52ffd, 'zstd -d'],
  [0xfd377a58, 'xz -d'],
  [0x425a6839, 'bunzip2'],
  [0x04224d18, 'lz4 -d'],
  [0x504b0304, 'unzip'],
])

/**
 * Opens a savefile: .scap, .pcap or .pcapng, each also gzipped. What it is its first bytes say, not its name. In comes a
 * path or a stream of bytes; out come bursts whose records lie where the file was read to, valid until the loop's next
 * turn.
 *
 * A file that ends in the middle of a block gives everything before it, then ERR_CAPTURE_TRUNCATED.
 */
export async function openFile(source: string | Readable | AsyncIterable<Uint8Array>, options: FileOptions = {}): Promise<Capture> {
  const device = typeof source === 'string' ? basename(source) : 'stream'
  const { signal } = options
  const speed = speedOf(options.pace)
  signal?.throwIfAborted()
  let bytes = await openSource(source)
  const abort = () => void bytes.close()
  signal?.addEventListener('abort', abort)
  try {
    let head = await readHead(bytes)
    if (head.length >= 2 && (head[0] << 8 | head[1]) === GZIP_MAGIC) {
      bytes = gunzipSource(bytes, head)
      head = await readHead(bytes)
    }
    const window = new Window(bytes, head, options.chunkSize)
    const path = typeof source === 'string' && bytes.immediate && isWhole(options) ? source : undefined
    return new FileCapture(device, window, formatOf(head, window, device), options, await follow(options), speed, path)
  } catch (error) {
    await bytes.close()
    signal?.throwIfAborted()
    throw isCaptureError(error) ? error : readError(error, device)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** Is all of the file asked for, as it stands there? */
function isWhole({ filter, state, tables, stateEvents, maxEvents, maxDurationMs, pace }: FileOptions): boolean {
  return [filter, state, tables, stateEvents, maxEvents, maxDurationMs, pace].every(option => option === undefined)
}

async function openSource(source: string | Readable | AsyncIterable<Uint8Array>): Promise<Source> {
  if (typeof source !== 'string') return streamSource(source)
  try {
    return fileSource(source)
  } catch (error) {
    throw readError(error, source)
  }
}

async function readHead(source: Source): Promise<Uint8Array> {
  const head = new Uint8Array(4096)
  let length = 0
  while (length < MAGIC) {
    const count = await source.read(head.subarray(length))
    if (count === 0) break
    length += count
  }
  return head.subarray(0, length)
}

function formatOf(head: Uint8Array, window: Window, device: string): Format {
  if (head.length < MAGIC) {
    throw new CaptureError('ERR_CAPTURE_TRUNCATED', `${device} is empty, or ends within its first ${MAGIC} bytes`, 'record it again')
  }
  const magic = new DataView(head.buffer, head.byteOffset).getUint32(0)
  if (magic === SECTION_HEADER) return new Pcapng(window)
  const pcap = PCAP_MAGIC.get(magic)
  if (pcap !== undefined) return new Pcap(window, pcap)
  const command = COMPRESSED.get(magic)
  throw new CaptureError(
    'ERR_CAPTURE_FORMAT',
    `${device} is no .scap, .pcap or .pcapng file: it begins with ${Buffer.from(head.subarray(0, MAGIC)).toString('hex')}`,
    command === undefined ? 'see what it is with: file NAME' : `uncompress it first: ${command} NAME`,
  )
}
