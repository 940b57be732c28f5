import type { MetadataBlock } from '../iface/metadata.js'
import type { Chunk } from './chunk.js'

/**
 * Blocks, as pcapng and .scap have them: u32 type, u32 length of everything, body, zeros up to a multiple of 4, the
 * length again. Source: the IETF draft "PCAP Next Generation Capture File Format", sections 3 and 4.
 */
export const SECTION_HEADER = 0x0a0d0d0a
export const INTERFACE_DESCRIPTION = 1
export const INTERFACE_STATISTICS = 5
export const ENHANCED_PACKET = 6

const BYTE_ORDER_MAGIC = 0x1a2b3c4d
/** Bytes of type and both lengths. */
const FRAME = 12

/** Writes the start of a block and returns where it begins, for endBlock(). */
export function startBlock(out: Chunk, type: number): number {
  const start = out.at
  out.u32(type)
  out.u32(0)
  return start
}

export function endBlock(out: Chunk, start: number): void {
  out.pad(start)
  const total = out.at + 4 - start
  out.view.setUint32(start + 4, total, true)
  out.u32(total)
}

/** The head of a section of unknown length. sysdig writes minor version 2 and no options, pcapng has 0. */
export function sectionHeader(out: Chunk, minor: number, options?: () => void): void {
  const start = startBlock(out, SECTION_HEADER)
  out.u32(BYTE_ORDER_MAGIC)
  out.u16(1)
  out.u16(minor)
  out.u64(-1)
  options?.()
  endBlock(out, start)
}

const ENCODER = new TextEncoder()
/** Longest option value: its length field has 16 bits. */
const MAX_OPTION = 0xfffc

/** The most that textOption() may write, to be reserved before the block is started: reserving moves its start. */
export function textOptionSize(text: string): number {
  return text.length * 3 + 8
}

/** A text option, after `prefix` zero bytes; nothing is written for an empty text. */
export function textOption(out: Chunk, code: number, text: string | undefined, prefix = 0): void {
  if (text === undefined || text === '') return
  const bytes = ENCODER.encode(text).subarray(0, MAX_OPTION)
  const start = out.at
  out.u16(code)
  out.u16(bytes.length + prefix)
  for (let i = 0; i < prefix; i++) out.u8(0)
  out.bytes(bytes)
  out.pad(start)
}

export function endOfOptions(out: Chunk): void {
  out.u32(0)
}

/** The source's metadata, byte for byte, so that a copied file says the same. */
export function metadataBlocks(out: Chunk, blocks: readonly MetadataBlock[]): void {
  for (const { type, body } of blocks) {
    out.reserve(body.length + FRAME + 3)
    const start = startBlock(out, type)
    out.bytes(body)
    endBlock(out, start)
  }
}

/** Bytes of the whole blocks within the first `limit` bytes of `chunk`, which begins with one. */
export function wholeBlocks(chunk: Uint8Array, limit: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  let at = 0
  while (at + FRAME <= limit) {
    const next = at + view.getUint32(at + 4, true)
    if (next > limit) break
    at = next
  }
  return at
}
