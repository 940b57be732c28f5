import { CaptureError } from '../errors.js'
import type { MetadataBlock } from '../iface/metadata.js'

/** What stands behind the last block, so that one who was hung up on does not take what has come for all: neither type nor length. */
const END: MetadataBlock = { type: 0, body: new Uint8Array(0) }

/** Blocks as one piece of bytes, for a socket: of each u32 type, u32 length, body. */
export function packBlocks(blocks: readonly MetadataBlock[]): Buffer {
  return Buffer.concat([...blocks, END].flatMap(({ type, body }) => {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(type, 0)
    head.writeUInt32LE(body.length, 4)
    return [head, body]
  }))
}

/** @throws CaptureError ERR_CAPTURE_TRUNCATED */
export function unpackBlocks(bytes: Buffer): MetadataBlock[] {
  const blocks: MetadataBlock[] = []
  for (let at = 0; ;) {
    const length = at + 8 <= bytes.length ? bytes.readUInt32LE(at + 4) : Infinity
    if (length > bytes.length - at - 8) {
      throw new CaptureError('ERR_CAPTURE_TRUNCATED', 'what the balancer says of the machine ends early', 'it may have ended; try again')
    }
    const type = bytes.readUInt32LE(at)
    if (type === END.type) return blocks
    blocks.push({ type, body: bytes.subarray(at + 8, at + 8 + length) })
    at += 8 + length
  }
}
