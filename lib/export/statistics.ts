import type { Stats } from '../iface/capture.js'
import { endBlock, endOfOptions, INTERFACE_STATISTICS, startBlock, textOption, textOptionSize } from './block.js'
import { Chunk } from './chunk.js'

/** When the records of a file were made, each time as the two halves of its nanoseconds. */
export interface Period {
  startHi: number
  startLo: number
  endHi: number
  endLo: number
}

const COMMENT = 1
const START_TIME = 2
const END_TIME = 3
const RECEIVED = 4
const DROPPED = 5
const DROPPED_BY_OS = 7
const DELIVERED = 8

/**
 * The Interface Statistics Block of interface 0: what the source produced and what was lost. A capture counts over all
 * its interfaces, so there is one block for all.
 *
 * The loss stands in two options: isb_osdrop is where the standard wants what the kernel's buffers had no room for;
 * dumpcap writes the same number to isb_ifdrop, and that is the one which Wireshark shows. Causes go into a comment
 * unless the block has to have a known size.
 */
export function statisticsBlock(out: Chunk, stats: Stats, period: Period, comment = true): void {
  const text = comment ? causes(stats) : ''
  out.reserve(STATISTICS_SIZE + textOptionSize(text))
  const start = startBlock(out, INTERFACE_STATISTICS)
  out.u32(0)
  out.u32(period.endHi)
  out.u32(period.endLo)
  time(out, START_TIME, period.startHi, period.startLo)
  time(out, END_TIME, period.endHi, period.endLo)
  counter(out, RECEIVED, stats.seen)
  counter(out, DROPPED, stats.dropped.total)
  counter(out, DROPPED_BY_OS, stats.dropped.total)
  counter(out, DELIVERED, stats.delivered)
  textOption(out, COMMENT, text)
  endOfOptions(out)
  endBlock(out, start)
}

/** Bytes of the block without comment. */
const STATISTICS_SIZE = 8 + 12 + 6 * 12 + 4 + 4

/** The block alone, always of the same size. */
export function statisticsBytes(stats: Stats, period: Period): Uint8Array {
  const out = new Chunk()
  statisticsBlock(out, stats, period, false)
  return out.take()
}

function causes(stats: Stats): string {
  return Object.entries(stats.dropped)
    .filter(([cause, count]) => cause !== 'total' && count > 0)
    .map(([cause, count]) => `${cause} ${count}`)
    .join(', ')
    .replace(/^(?=.)/, 'dropped: ')
}

function time(out: Chunk, code: number, high: number, low: number): void {
  out.u16(code)
  out.u16(8)
  out.u32(high)
  out.u32(low)
}

function counter(out: Chunk, code: number, count: number): void {
  out.u16(code)
  out.u16(8)
  out.u64(count)
}
