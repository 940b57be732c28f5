import type { Value } from '../field/field.js'
import type { Row } from './report.js'

/** One part of a key: what a field gave. */
export type KeyPart = Exclude<Value, Uint8Array>
/** Parts of a key in order, down to its sum: looking for a number or a name costs less than making a text of them all. */
type Level = Map<KeyPart, Level | number>

/** Sums by key: numbers that are added up for each combination of some fields. */
export interface Sums {
  levels: Level
  /** How many keys there are, and how many there may be. */
  keys: number
  maxKeys: number
  /** How often something was to be added to one more. */
  cut: number
}

export function emptySums(maxKeys: number): Sums {
  return { levels: new Map(), keys: 0, maxKeys, cut: 0 }
}

/** Adds to the sum of `key`, all of which has to be there. */
export function addTo(sums: Sums, key: readonly KeyPart[], amount: number): void {
  let level = sums.levels
  const last = key.length - 1
  for (let i = 0; i < last; i++) {
    let next = level.get(key[i]) as Level | undefined
    if (next === undefined) {
      if (sums.keys >= sums.maxKeys) return void sums.cut++
      level.set(key[i], next = new Map())
    }
    level = next
  }
  const before = level.get(key[last]) as number | undefined
  if (before === undefined && ++sums.keys > sums.maxKeys) {
    sums.keys--
    sums.cut++
    return
  }
  level.set(key[last], (before ?? 0) + amount)
}

export function mergeSums(into: Sums, from: Sums): void {
  into.cut += from.cut
  for (const { key, sum } of entries(from)) addTo(into, key, sum)
}

/** The largest `top` of them as rows: the sum, and what it is of. Of equal ones those whose key comes first. */
export function largest(sums: Sums, top: number): Row[] {
  return [...entries(sums)]
    .sort((a, b) => b.sum - a.sum || compareKeys(a.key, b.key))
    .slice(0, top)
    .map(({ key, sum }) => [sum, ...key])
}

export interface Sum {
  readonly key: readonly KeyPart[]
  readonly sum: number
}

export function* entries({ levels }: Sums, before: readonly KeyPart[] = []): Generator<Sum> {
  for (const [part, next] of levels) {
    const key = [...before, part]
    if (typeof next === 'number') yield { key, sum: next }
    else yield* entries({ levels: next } as Sums, key)
  }
}

function compareKeys(a: readonly KeyPart[], b: readonly KeyPart[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1
  return 0
}
