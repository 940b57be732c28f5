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

/** Notes about runs that failed, or are not to be trusted. */
export function failureNotes(series: readonly Series[]): string[] {
  const samples = series.flatMap(({ samples }) => samples).filter(sample => sample !== undefined)
  const foreign = samples.filter(sample => sample.foreign > 0).length
  const busy = samples.filter(sample => sample.othersPercent > 10).length
  return [
    ...(foreign > 0 ? [`${foreign} of ${samples.length} runs: other BPF programs were loaded, which slow down every call`] : []),
    ...(busy > 0 ? [`${busy} of ${samples.length} runs: other programs used more than a tenth of the machine just before`] : []),
    ...failures(series),
  ]
}

function failures(series: readonly Series[]): string[] {
  return series.filter(({ failures }) => failures.length > 0)
    .map(({ name, failures, samples }) => `${name}: ${failures.length} of ${samples.length} runs failed: ${failures[0]}`)
}
