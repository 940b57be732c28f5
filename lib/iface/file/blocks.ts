/**
 * Blocks and their types. Those of pcapng are from draft-ietf-opsawg-pcapng; those of .scap from libscap's scap_savefile.h, where
 * 0x8…ABCD are the numbers in use before its first release. The numbering looks decimal: 0x210 follows 0x209.
 */
/** Bytes around a block's body: type and length before it, length again after it. */
export const FRAMING = 12
/** Bytes before the record in an event block, and in one with flags after that. */
export const CPU_SIZE = 2
export const FLAGS_SIZE = 4

export const SECTION_HEADER = 0x0a0d0d0a
export const INTERFACE_DESCRIPTION = 1
/** Obsolete form of a packet. */
export const PACKET_BLOCK = 2
export const SIMPLE_PACKET = 3
export const INTERFACE_STATISTICS = 5
export const ENHANCED_PACKET = 6

export const EVENT_V1 = 0x204
export const EVENT_V1_PRERELEASE = 0x8010abcd
export const EVENT_FLAGS_V1 = 0x208
export const EVENT = 0x216
export const EVENT_FLAGS = 0x217
export const EVENT_LARGE = 0x221
export const EVENT_FLAGS_LARGE = 0x222

export const MACHINE_INFO = 0x201
export const MACHINE_INFO_PRERELEASE = 0x8002abcd
export const INTERFACE_LIST_V1 = 0x205
export const INTERFACE_LIST_PRERELEASE = 0x8011abcd
export const INTERFACE_LIST = 0x219
export const USER_LIST_V1 = 0x206
export const USER_LIST_PRERELEASE = 0x8012abcd
export const USER_LIST = 0x220
export const FD_LIST_V1 = 0x203
export const FD_LIST_PRERELEASE = 0x8001abcd
export const FD_LIST = 0x218

/** Version of a process list by block type. */
export const PROCESS_LIST: ReadonlyMap<number, number> = new Map([
  [0x202, 1], [0x8000abcd, 1], [0x207, 2], [0x8013abcd, 2], [0x209, 3], [0x8014abcd, 3],
  [0x210, 4], [0x211, 5], [0x212, 6], [0x213, 7], [0x214, 8], [0x215, 9],
])

const METADATA: ReadonlySet<number> = new Set([
  ...PROCESS_LIST.keys(),
  MACHINE_INFO, MACHINE_INFO_PRERELEASE,
  INTERFACE_LIST_V1, INTERFACE_LIST_PRERELEASE, INTERFACE_LIST,
  USER_LIST_V1, USER_LIST_PRERELEASE, USER_LIST,
  FD_LIST_V1, FD_LIST_PRERELEASE, FD_LIST,
])

export type BlockKind = 'section' | 'interface' | 'statistics' | 'packet' | 'event' | 'metadata' | 'other'

export function blockKind(type: number): BlockKind {
  switch (type) {
    case EVENT: case EVENT_FLAGS: case EVENT_LARGE: case EVENT_FLAGS_LARGE:
    case EVENT_V1: case EVENT_V1_PRERELEASE: case EVENT_FLAGS_V1:
      return 'event'
    case ENHANCED_PACKET: case SIMPLE_PACKET: case PACKET_BLOCK:
      return 'packet'
    case SECTION_HEADER: return 'section'
    case INTERFACE_DESCRIPTION: return 'interface'
    case INTERFACE_STATISTICS: return 'statistics'
    default: return METADATA.has(type) ? 'metadata' : 'other'
  }
}
