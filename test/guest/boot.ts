/**
 * Runs scenarios in the guest and shows what they print: `npx tsx test/guest/boot.ts [--cpus N] [--keep FOLDER] NAME …`
 */
import { cpSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { prepare, runInGuest, scenarioNames } from './guest.js'

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cpus: { type: 'string', default: '2' }, keep: { type: 'string' } },
})
const names = positionals.length > 0 ? positionals : scenarioNames()
const left = await runInGuest(await prepare(), names, { cpus: Number(values.cpus) }).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
for (const { name, status, seconds, log } of left.ran) {
  console.log(`\n${name}: ended with ${status} after ${seconds.toFixed(1)} s`)
  console.log(log.trimEnd().replace(/^/gm, '  | '))
  if (status !== 0) process.exitCode = 1
}
if (values.keep !== undefined) cpSync(left.file(''), values.keep, { recursive: true })
