/** What a network does to numbered frames, and how their numbers are to be counted: in a plain way. */
import { WINDOW } from '../../lib/iface/stream.js'

export const TWO32 = 0x1_0000_0000

/** A small generator with a seed: a failure can be looked at again. */
export function random(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / TWO32
}

/** The counts of one sender, with numbers that do not run over and everything kept. */
export class Model {
  readonly arrived = new Set<number>()
  duplicates = 0
  reordered = 0
  next: number
  constructor(readonly first: number) { this.next = first }

  see(number: number): boolean {
    if (number >= this.next) this.next = number + 1
    else if (number < this.next - WINDOW || this.arrived.has(number)) {
      this.duplicates++
      return false
    } else this.reordered++
    this.arrived.add(number)
    return true
  }

  told(next: number): void {
    this.next = Math.max(this.next, next)
  }

  get missing(): number {
    let missing = 0
    for (let number = this.first; number < this.next; number++) if (!this.arrived.has(number)) missing++
    return missing
  }
}

/** Numbers as a network may deliver them: some lost, some twice, some late, each by up to `late` places. */
export function delivery(next: () => number, first: number, count: number, late: number): number[] {
  const sent: { number: number; at: number }[] = []
  const [loss, copies, delay] = [next() * 0.2, next() * 0.1, next() * 0.3]
  for (let i = 0; i < count; i++) {
    // Now and then the line is down for a while.
    if (next() < 0.0005) i += Math.floor(next() * 3000)
    if (next() < loss) continue
    const at = () => i + (next() < delay ? next() * late : 0)
    sent.push({ number: first + i, at: at() })
    if (next() < copies) sent.push({ number: first + i, at: at() })
  }
  return sent.sort((one, other) => one.at - other.at).map(({ number }) => number)
}
