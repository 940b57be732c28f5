import { pipeline } from 'node:stream'
import { createGzip } from 'node:zlib'
import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import { HEADER, hasLargeLengths } from '../event/record.js'
import type { Capture } from '../iface/capture.js'
import { metadataBlocks, sectionHeader, wholeBlocks } from './block.js'
import type { Chunk } from './chunk.js'
import { type Format, write } from './format.js'

export interface ScapOptions {
  /** Compress the whole file, as `sysdig -z`. Events then reach it some hundred kilobytes late. */
  gzip?: boolean
}

/**
 * Writes sysdig's own savefile: what is known of the machine, then the records as they are.
 *
 * @example await pipeline(capture, scap(), createWriteStream('trace.scap', { mode: 0o600 }))
 */
export function scap(options: ScapOptions = {}): (source: Capture) => AsyncGenerator<Uint8Array, void, void> {
  return (source) => {
    const chunks = write(source, new ScapFormat())
    return options.gzip === true ? gzipped(chunks) : chunks
  }
}

/** @internal */
export class ScapFormat implements Format {
  readonly overhead = EVENT_OVERHEAD
  #sections = 0

  header(_source: Capture, out: Chunk): void {
    sectionHeader(out, SCAP_MINOR)
  }

  section(source: Capture, out: Chunk): void {
    if (this.#sections++ > 0) {
      out.reserve(64)
      sectionHeader(out, SCAP_MINOR)
    }
    metadataBlocks(out, source.metadata)
  }

  record(event: Event, out: Chunk): void {
    eventBlock(event, out)
  }

  end(): void {}

  whole(chunk: Uint8Array, limit: number): number {
    return wholeBlocks(chunk, limit)
  }
}

/** What sysdig 0.29 writes; its readers look at the major version only. */
const SCAP_MINOR = 2

/** Event block with a 26-byte header, with a 22-byte one, and with u32 parameter lengths. */
const EVENT_V2 = 0x216
const EVENT_V1 = 0x204
const EVENT_LARGE = 0x221
/** The same with flags. The numbers look hexadecimal and count decimal: after 0x204 … 0x209 comes 0x210. */
const EVENT_FLAGS_V2 = 0x217
const EVENT_FLAGS_V1 = 0x208
const EVENT_FLAGS_LARGE = 0x222

/** Bytes of an event block besides the record: both lengths and the type, CPU, flags, padding. */
export const EVENT_OVERHEAD = 12 + 2 + 4 + 3

/** Writes one record as an event block; `out` has room for it. */
export function eventBlock(event: Event, out: Chunk): void {
  if (event._packet !== undefined) {
    throw new CaptureError(
      'ERR_CAPTURE_FORMAT',
      'a .scap file holds system calls only, and this capture has network packets',
      "write a pcapng file: pcapng({ framing: 'ethernet' })",
    )
  }
  const { view, at } = out
  const { flags, len } = event
  const body = flags === 0 ? 10 : 14
  const total = (body + len + 4 + 3) & ~3

  // Zeros for the padding, which is part of the last word before the length; the record writes over the rest of it.
  view.setUint32(at + total - 8, 0, true)
  view.setUint32(at, blockType(event), true)
  view.setUint32(at + total - 4, total, true)
  view.setUint32(at + 4, total, true)
  view.setUint16(at + 8, event.cpu, true)
  if (flags !== 0) view.setUint32(at + 10, flags, true)
  out.at = at + body
  out.copy(event._memory, event._view, event._at, len)
  out.at = at + total
}

function blockType(event: Event): number {
  if (event._header !== HEADER) return event.flags === 0 ? EVENT_V1 : EVENT_FLAGS_V1
  if (hasLargeLengths(event.type)) return event.flags === 0 ? EVENT_LARGE : EVENT_FLAGS_LARGE
  return event.flags === 0 ? EVENT_V2 : EVENT_FLAGS_V2
}

/** @internal The chunks through gzip; an error of the source arrives at the reader. */
export async function* gzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const gzip = createGzip()
  pipeline(chunks, gzip, () => { /* the loop below gets the error */ })
  yield* gzip
}
