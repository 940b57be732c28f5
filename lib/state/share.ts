import type { Event } from '../event/event.js'

/**
 * One of several readers of the same file, each of which folds the events of its own threads or processes: the state follows all of them,
 * for threads share fds and inherit from one another.
 */
export interface Share {
  /** `pid`: all threads of a process go to one reader, as far as the state knows which process they are of. */
  readonly by: 'tid' | 'pid'
  /** From 0. */
  readonly index: number
  readonly of: number
}

/** Numbers of threads are told apart by so many of their bits, which are at one place in a record. */
const NUMBERS = 65_536

/** By the lower 16 bits of a tid or pid: 1 for those of this share. */
export function ownNumbers({ index, of }: Share): Uint8Array {
  // Numbers that follow one another, as those of a shell's children, go to all readers in turn, without a pattern.
  return Uint8Array.from({ length: NUMBERS }, (_, number) => Number((Math.imul(number, 0x9e3779b1) >>> 16) % of === index))
}

/** Is an event, which the state has followed, of this share? */
export function isOwn({ by }: Share, own: Uint8Array): (ev: Event) => boolean {
  if (by === 'tid') return ev => own[ev.tid & (NUMBERS - 1)] === 1
  return ev => own[(ev._thread?.pid ?? ev.tid) & (NUMBERS - 1)] === 1
}
