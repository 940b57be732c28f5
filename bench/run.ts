/**
 * The benchmarks: `npm run bench -- [SUITE | SUITE/PART OF A CASE'S NAME …] [--quick] [-k REPEATS] [--patience SECONDS] [--urgent] [--json FILE]`.
 *
 * Every run is a fresh process. Within a suite all cases and their rivals take turns, in another order each round; the
 * tables show median [min..max], and ratios are taken within a round.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { analyze } from './analyze.js'
import { balance } from './balance.js'
import { requireBundle } from './build.js'
import { killAll } from './child.js'
import { drain } from './drain.js'
import { describe, machineText } from './machine.js'
import { merge } from './merge.js'
import { nic } from './nic.js'
import { overhead } from './overhead.js'
import { read } from './read.js'
import { missing } from './rivals.js'
import { start } from './start.js'
import type { Suite } from './suite.js'
import { tableText } from './table.js'
import { tap } from './tap.js'

const SUITES: readonly Suite[] = [overhead, drain, nic, tap, read, merge, start, balance, analyze]

process.exitCode = await main()

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      repeats: { type: 'string', short: 'k' },
      patience: { type: 'string', default: '5' },
      urgent: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const repeats = Number(values.repeats ?? (values.quick ? 3 : 5))
  const patience = Number(values.patience)
  const unknown = positionals.filter(text => !SUITES.some(({ name }) => name === text.split('/')[0]))
  if (values.help || unknown.length > 0 || !(repeats >= 1) || !(patience >= 0)) {
    for (const name of unknown) console.error(`there is no benchmark ${name}`)
    console.error('npm run bench -- [SUITE | SUITE/CASE …] [--quick] [-k REPEATS] [--patience SECONDS] [--urgent] [--json FILE]')
    for (const { name, about } of SUITES) console.error(`  ${name.padEnd(9)} ${about}`)
    return values.help ? 0 : 2
  }
  requireBundle()
  // Inherited by everything that is measured: on a busy machine this has the CPUs nearly to itself.
  if (values.urgent) setPriority(-20)

  const suites = SUITES.filter(({ name }) => positionals.length === 0 || positionals.some(text => text.split('/')[0] === name))
  const rivals = [...new Set(suites.flatMap(suite => suite.rivals))]
  const folder = mkdtempSync(join(tmpdir(), 'sysring-bench-'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      void killAll().finally(() => {
        rmSync(folder, { recursive: true, force: true })
        process.exit(130)
      })
    })
  }

  const machine = describe(rivals)
  for (const line of [...machineText(machine), ...missing(rivals).map(text => `missing   ${text}`)]) console.log(line)
  console.log(`method    ${repeats} rounds in shuffled order, median [min..max], ratios within a round${values.urgent ? ', at nice -20' : ''}`)

  const results: object[] = []
  try {
    for (const suite of suites) {
      const wanted = positionals.filter(text => text.startsWith(`${suite.name}/`)).map(text => text.slice(suite.name.length + 1))
      const { series, tables } = await suite.run({
        folder, repeats, patience,
        quick: values.quick,
        chosen: name => wanted.length === 0 || wanted.some(text => name.includes(text)),
        progress,
      })
      for (const table of tables) for (const line of tableText(table)) console.log(line)
      results.push({ suite: suite.name, series, tables })
      // Written after each suite: an interrupted run has shown something too.
      if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, repeats, urgent: values.urgent, results }, undefined, 1)}\n`)
    }
  } finally {
    await killAll()
    rmSync(folder, { recursive: true, force: true })
  }
  return 0
}

function progress(text: string): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r\x1b[K${text.slice(0, 100)}`)
}
