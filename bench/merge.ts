import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { MERGE } from './build.js'
import { Child } from './child.js'
import { of, rounds, type Sample, type Series, spread } from './rounds.js'
import { failureNotes, type Result, type Suite } from './suite.js'
import { spreadText, targetText } from './table.js'
import { splitTrace } from './split.js'

interface Deal {
  name: string
  files: number
  /** Events in a row that one file has. */
  run: number
  maxNs: number
}

const DEALS: readonly Deal[] = [
  { name: '2 files, alternating', files: 2, run: 1, maxNs: 40 },
  { name: '2 files, 256 in a row', files: 2, run: 256, maxNs: 40 },
  { name: '64 files, alternating', files: 64, run: 1, maxNs: 80 },
  { name: '64 files, 256 in a row', files: 64, run: 256, maxNs: 80 },
]
const MODES = ['unmerged', 'merged'] as const

/** What it costs to read records in time order, next to reading the same files one after the other. */
export const merge: Suite = {
  name: 'merge',
  about: 'merging 2 and 64 sources: cost of a record, next to reading it unmerged',
  rivals: [],
  async run(bench) {
    const deals = DEALS.filter(({ name }) => bench.chosen(name))
    const events = bench.quick ? 500_000 : 2_000_000
    const files = deals.map((deal, index) => {
      bench.progress(`making ${deal.name}`)
      const folder = join(bench.folder, `merge${index}`)
      mkdirSync(folder)
      const paths = Array.from({ length: deal.files }, (_, i) => join(folder, `${i}.scap`))
      splitTrace(paths, events, deal.run)
      return paths
    })
    const series = await rounds(deals.flatMap(({ name }, index) =>
      MODES.map(mode => ({ name: `${name}: ${mode}`, run: () => run(mode, files[index], events) }))), bench)
    return {
      series,
      tables: [{
        title: 'Merge: CPU time of a record of a real trace, files in the page cache',
        head: ['files', 'ns unmerged', 'ns merged', 'ns more', 'target'],
        rows: deals.map(({ name, maxNs }, index) => {
          const [unmerged, merged] = series.slice(2 * index, 2 * index + 2)
          const more = difference(merged, unmerged)
          return [name, ...[of(unmerged, 'ns'), of(merged, 'ns'), more].map(each => spreadText(each)), targetText(more?.median, maxNs)]
        }),
        notes: ['median of 7 passes in one process; differences within a round', ...failureNotes(series)],
      }],
    } satisfies Result
  },
}

async function run(mode: string, paths: readonly string[], events: number): Promise<Sample> {
  const child = new Child([...MERGE, mode, ...paths])
  const sample = JSON.parse(await child.line()) as Sample
  await child.exit
  if (sample.events !== events) throw new Error(`${sample.events} events were read, not ${events}`)
  return sample
}

function difference(one: Series, other: Series) {
  return spread(one.samples.flatMap((sample, round) => {
    const base = other.samples[round]
    return sample === undefined || base === undefined ? [] : sample.ns - base.ns
  }))
}
