import { quiet, tracers } from './machine.js'

/** How often a run is done again because something else was tracing the machine at its end. */
const TRIES = 4

/** What one run of a case measured, by name. */
export type Sample = Record<string, number>

export interface Case {
  name: string
  run(): Promise<Sample>
}

/** The samples of a case, one a round; `undefined` where the run failed. */
export interface Series {
  name: string
  samples: (Sample | undefined)[]
  failures: string[]
}

export interface RoundOptions {
  repeats: number
  /** Seconds to wait before each run for a quiet machine. */
  patience: number
  progress(text: string): void
}

/**
 * Runs every case once a round, in another order each time: what drifts on the machine meets all of them, and a ratio
 * compares runs of the same round.
 */
export async function rounds(cases: readonly Case[], options: RoundOptions): Promise<Series[]> {
  const series = cases.map(({ name }): Series => ({ name, samples: [], failures: [] }))
  for (let round = 0; round < options.repeats; round++) {
    for (const index of shuffled(cases.length)) {
      const { name, run } = cases[index]
      options.progress(`round ${round + 1} of ${options.repeats}: ${name}`)
      const othersPercent = await quiet(options.patience)
      try {
        let sample = await run()
        let foreign = tracers().length
        for (let tries = 1; foreign > 0 && options.patience > 0 && tries < TRIES; tries++) {
          await quiet(options.patience)
          sample = await run()
          foreign = tracers().length
        }
        series[index].samples[round] = { ...sample, othersPercent, foreign }
      } catch (error) {
        series[index].samples[round] = undefined
        series[index].failures.push(error instanceof Error ? error.message : String(error))
      }
    }
  }
  options.progress('')
  return series
}

function shuffled(length: number): number[] {
  const order = Array.from({ length }, (_, index) => index)
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[order[i], order[j]] = [order[j], order[i]]
  }
  return order
}

export interface Spread {
  median: number
  min: number
  max: number
}

export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

/** Of one number in a series. */
export function of(series: Series, key: string): Spread | undefined {
  return spread(series.samples.flatMap(sample => sample?.[key] ?? []))
}

/** Of the quotients of two series, each taken within a round. */
export function ratio(series: Series, other: Series, key: string): Spread | undefined {
  return spread(series.samples.flatMap((sample, round) => {
    const base = other.samples[round]?.[key]
    return sample?.[key] === undefined || base === undefined || base === 0 ? [] : sample[key] / base
  }))
}
