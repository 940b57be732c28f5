import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'

/** Leaves the scenario's result, as /out/SCENARIO.json. */
export function leave(result) {
  const name = basename(process.argv[1], '.mjs')
  writeFileSync(`/out/${name}.json`, JSON.stringify(result, (_, value) => typeof value === 'bigint' ? String(value) : value))
}
