import type { RoundOptions, Series } from './rounds.js'
import type { Table } from './table.js'

/** What a benchmark is given. */
export interface Bench extends RoundOptions {
  /** A directory of its own, removed at the end. */
  folder: string
  /** Is the case chosen on the command line? */
  chosen(name: string): boolean
  quick: boolean
}

export interface Result {
  series: Series[]
  tables: Table[]
}

/** One benchmark: what it is compared with, and what to do. */
export interface Suite {
  name: string
  about: string
  rivals: readonly string[]
  run(bench: Bench): Promise<Result>
}

/** Notes about runs that failed. */
export function failureNotes(series: readonly Series[]): string[] {
  return series.filter(({ failures }) => failures.length > 0)
    .map(({ name, failures, samples }) => `${name}: ${failures.length} of ${samples.length} runs failed: ${failures[0]}`)
}
