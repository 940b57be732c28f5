/**
 * How a record becomes a packet: the frame that carries it through tools which know only link types.
 *
 *     ethernet   6 destination | 6 source | EtherType 0x88B5 | sysring header | record        LINKTYPE_ETHERNET
 *     user0                                                    sysring header | record        LINKTYPE_USER0
 *
 * The sysring header has 4 bytes: u8 version, u8 flags, u16 cpu (little endian, as the record). A frame that a snaplen
 * has cut still begins with all of this; the record's own `len` then says more than there is.
 *
 * What a NicSender sends also has a number, behind the record, where its `len` ends (FRAME_SEQUENCE in the flags): u32 stream,
 * drawn by each sender, u32 sequence, from 0, which runs over. Ethernet's padding comes after it. And it says from time to time, in a
 * frame of its own (FRAME_SUMMARY), how far its numbers have come: in the record's place u32 stream, u32 sequence of the next
 * frame, u32 events that it could not send. All little endian.
 *
 * 0x88B5 is IEEE 802 "Local Experimental Ethertype 1". Both addresses are locally administered. Enter events go from
 * the process (…:01) to the kernel (…:02) and exit events back, so that `ether src` tells them apart.
 */
export const LINKTYPE_ETHERNET = 1
/** DLT_USER0: the first of the link types for private use. */
export const LINKTYPE_USER0 = 147

/** The two ends of a call: where an enter event comes from, and an exit event. */
export const ADDRESS_OF_PROCESS = '02:73:79:73:00:01'
export const ADDRESS_OF_KERNEL = '02:73:79:73:00:02'

export const ETHERTYPE = 0x88b5
export const FRAME_VERSION = 1

/** In the header's flags: the record only updates state. The same bit as FLAG_STATE_ONLY of an event. */
export const FRAME_STATE_ONLY = 0x01
/** In the header's flags: the number of the frame stands behind the record. */
export const FRAME_SEQUENCE = 0x02
/** In the header's flags: no record, but what the sender says of its numbers. */
export const FRAME_SUMMARY = 0x04
/** In the header's flags: the record is from before 2018 and has a header of 22 bytes. */
export const FRAME_V1 = 0x80

export type Framing = 'ethernet' | 'user0'

export const ETHERNET_HEADER = 14
const SYSRING_HEADER = 4

/** Bytes behind the record that say its number. */
export const SEQUENCE_TRAILER = 8
/** Bytes of a summary in the record's place. */
export const SUMMARY = 12

/** Bytes before the record. */
export function frameHeader(framing: Framing): number {
  return framing === 'ethernet' ? ETHERNET_HEADER + SYSRING_HEADER : SYSRING_HEADER
}

export function frameLinktype(framing: Framing): number {
  return framing === 'ethernet' ? LINKTYPE_ETHERNET : LINKTYPE_USER0
}

/** Writes what comes before the record and returns where the record belongs. */
export function wrap(view: DataView, at: number, framing: Framing, type: number, flags: number, cpu: number): number {
  if (framing === 'ethernet') {
    const process = 0x0001
    const kernel = 0x0002
    const exit = (type & 1) === 1
    view.setUint32(at, 0x02_73_79_73) // 02 's' 'y' 's'
    view.setUint16(at + 4, exit ? process : kernel)
    view.setUint32(at + 6, 0x02_73_79_73)
    view.setUint16(at + 10, exit ? kernel : process)
    view.setUint16(at + 12, ETHERTYPE)
    at += ETHERNET_HEADER
  }
  view.setUint8(at, FRAME_VERSION)
  view.setUint8(at + 1, flags)
  view.setUint16(at + 2, cpu, true)
  return at + SYSRING_HEADER
}

/**
 * Where the record begins in a packet of `caplen` bytes at `at`; -1 when this is an ordinary packet. What the header
 * says of the record is then at frameFlags() and frameCpu() of that place.
 */
export function unwrap(view: DataView, at: number, caplen: number, linktype: number): number {
  const end = at + caplen
  if (linktype === LINKTYPE_ETHERNET) {
    if (caplen < ETHERNET_HEADER + SYSRING_HEADER || view.getUint16(at + 12) !== ETHERTYPE) return -1
    at += ETHERNET_HEADER
  } else if (linktype !== LINKTYPE_USER0) {
    return -1
  }
  return at + SYSRING_HEADER <= end && view.getUint8(at) === FRAME_VERSION ? at + SYSRING_HEADER : -1
}

/** The flags (FRAME_*) of the record that unwrap() found. */
export function frameFlags(view: DataView, record: number): number {
  return view.getUint8(record - 3)
}

/** The CPU of the record that unwrap() found. */
export function frameCpu(view: DataView, record: number): number {
  return view.getUint16(record - 2, true)
}

/** Of a record in a frame: adds FRAME_SEQUENCE, and the number behind its `end`. */
export function writeNumber(view: DataView, record: number, end: number, stream: number, sequence: number): void {
  view.setUint8(record - 3, view.getUint8(record - 3) | FRAME_SEQUENCE)
  view.setUint32(end, stream, true)
  view.setUint32(end + 4, sequence, true)
}

/** Writes what a sender says of its numbers in the record's place; the flags before it are FRAME_SUMMARY. */
export function writeSummary(view: DataView, record: number, stream: number, sequence: number, notSent: number): void {
  view.setUint32(record, stream, true)
  view.setUint32(record + 4, sequence, true)
  view.setUint32(record + 8, notSent, true)
}
