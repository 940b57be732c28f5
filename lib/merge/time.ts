/**
 * Times as two words that order as signed numbers: what a merge compares for every record. V8 keeps signed words as small
 * integers; see lib/ring/rings.ts.
 */
export function order(word: number): number {
  return word ^ 0x8000_0000
}

/** Earlier than any time, and later: for whom there is nothing to wait for, and who has nothing more to say. */
export const OLDEST = -0x8000_0000
export const YOUNGEST = 0x7fff_ffff

/** 2^32 ns in ms. */
const HIGH_MS = 4294.967296

/** The upper word of a time in ms since the epoch, which may be infinite; right to a microsecond with the lower one. */
export function highOf(ms: number): number {
  if (ms === Infinity) return YOUNGEST
  return ms <= 0 ? OLDEST : order(Math.floor(ms / HIGH_MS))
}

export function lowOf(ms: number): number {
  if (ms === Infinity) return YOUNGEST
  if (ms <= 0) return OLDEST
  const ns = Math.round((ms - Math.floor(ms / HIGH_MS) * HIGH_MS) * 1e6)
  return order(Math.min(Math.max(ns, 0), 0xffff_ffff))
}
