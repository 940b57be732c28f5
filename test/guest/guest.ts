/** The guest as the tests use it: scenarios run in it, and what they leave. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { missing } from '../helpers/needs.js'
import { ROOT } from '../helpers/run.js'
import { temporary } from './cache.js'
import { Host, type HostResult } from './host.js'
import { initramfs, type Scenario, SCENARIOS } from './initramfs.js'
import { type Kernel, kernel } from './kernel.js'
import { machine, QEMU } from './machine.js'
import { progress } from './progress.js'
import { Unavailable } from './unavailable.js'

/** Seconds for a scenario that does not ask for others with `// timeout: SECONDS` or `# timeout: SECONDS` in its first lines. */
const TIME_LIMIT = 60

export interface Ran {
  name: string
  /** Exit code; 137 when it did not end within its limit. */
  status: number
  seconds: number
  /** Standard output and error. */
  log: string
}

export interface Left {
  ran: readonly Ran[]
  /** The path of a file that a scenario left in /out. */
  file(name: string): string
  /** What this machine did beside the scenario `memory`. */
  host(): Promise<HostResult>
  /** /out/NAME.json; an error with the scenario's log where it did not leave one. */
  result(name: string): unknown
}

/** Throws Unavailable where the guest cannot be had here; makes what is not in the cache. */
export async function prepare(): Promise<Kernel> {
  const lack = missing([QEMU, 'sysdig', 'tar', 'ldd'])
  if (lack !== undefined) throw new Unavailable(lack)
  return kernel()
}

/** Names of all scenarios, or of those that the environment variable GUEST lists. */
export function scenarioNames(): string[] {
  const all = readdirSync(join(ROOT, SCENARIOS)).filter(file => /\.(mjs|sh)$/.test(file)).map(file => file.replace(/\.\w+$/, ''))
  const wanted = process.env.GUEST?.split(',')
  return wanted === undefined ? all : all.filter(name => wanted.includes(name))
}

/** Boots the guest once and runs these scenarios in it, one after the other. */
export async function runInGuest(kernel: Kernel, names: readonly string[], { cpus = 2 } = {}): Promise<Left> {
  const scenarios = names.map(scenario)
  const folder = temporary('run-')
  const host = new Host()
  const memories = names.includes('memory') ? host.memories : []
  const archive = await progress('file system of the guest', () => initramfs(folder, kernel, scenarios))
  const out = await progress(`guest with ${cpus} CPUs: ${names.join(', ')}`, () =>
    machine(folder, { kernel: kernel.image, initramfs: archive, cpus, limits: scenarios.map(({ limit }) => limit), memories, begin: () => { if (memories.length > 0) host.begin() } }))
    .finally(() => host.end())

  const ran = scenarios.map(({ file }, i): Ran => {
    const [status, started, ended] = readFileSync(join(out, `${file}.status`), 'utf8').split(' ').map(Number)
    return { name: names[i], status, seconds: ended - started, log: readFileSync(join(out, `${file}.log`), 'utf8') }
  })
  const result = (name: string): unknown => {
    const { status, log } = ran.find(one => one.name === name) ?? { status: 0, log: 'it was not run' }
    if (status !== 0) throw new Error(`scenario ${name} ended with ${status}:\n${log}`)
    return JSON.parse(readFileSync(join(out, `${name}.json`), 'utf8'))
  }
  return { ran, file: name => join(out, name), result, host: () => host.result }
}

function scenario(name: string): Scenario {
  const file = readdirSync(join(ROOT, SCENARIOS)).find(file => file === `${name}.mjs` || file === `${name}.sh`)
  if (file === undefined) throw new Error(`there is no scenario ${name} in ${SCENARIOS}`)
  const start = readFileSync(join(ROOT, SCENARIOS, file), 'utf8').slice(0, 500)
  return { file, limit: Number(/^(?:\/\/|#) *timeout: *(\d+)/m.exec(start)?.[1] ?? TIME_LIMIT) }
}
