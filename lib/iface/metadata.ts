/**
 * What a .scap file says about the machine before its first event: machine, interfaces, users, processes, file
 * descriptors. Passed on as the blocks of the format, so that copying a file changes nothing in them.
 */
export interface MetadataBlock {
  /** Block type: 0x201 machine info, 0x219 interfaces, 0x220 users, 0x215 processes, 0x218 fds, and their older numbers. */
  readonly type: number
  /** The block's body without its framing and padding. */
  readonly body: Uint8Array
}
