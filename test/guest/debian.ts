/** Packages of Debian's archive, downloaded and unpacked without being installed, as any user. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { missing } from '../helpers/needs.js'
import { type Outcome, run } from '../helpers/run.js'
import { temporary } from './cache.js'
import { Unavailable } from './unavailable.js'

// As root, apt would warn that its user _apt cannot write into our folder.
const PLAIN = ['-o', 'APT::Sandbox::User=root']

export class Debian {
  /** Options that name the package lists: the machine's own, until they turn out to be missing or out of date. */
  #lists: string[] = []

  constructor() {
    const lack = missing(['linux', 'apt-get', 'dpkg'])
    if (lack !== undefined) throw new Unavailable(`Debian's packages are needed, and this is no Debian: ${lack}`)
  }

  /** A field of a package's newest version, such as Version or Depends. */
  async field(name: string, field: string): Promise<string> {
    const { stdout, stderr } = await this.#withLists(() => run('apt-cache', [...this.#lists, 'show', '--no-all-versions', name]))
    const value = new RegExp(`^${field}: (.*)$`, 'm').exec(stdout)?.[1]
    if (value === undefined) throw new Unavailable(`apt knows no package ${name}: ${firstLine(stderr)}`)
    return value
  }

  /** Unpacks the newest versions of these packages into a folder. */
  async unpack(names: string[], folder: string): Promise<void> {
    const debs = join(folder, 'debs')
    mkdirSync(debs, { recursive: true })
    const download = () => run('apt-get', [...PLAIN, ...this.#lists, 'download', '-q', ...names], { cwd: debs, timeoutMs: 240_000 })
    const { code, stderr } = await this.#withLists(download)
    if (code !== 0) throw new Unavailable(`apt-get download: ${firstLine(stderr)}`)
    for (const deb of readdirSync(debs)) {
      const { code, stderr } = await run('dpkg', ['-x', join(debs, deb), folder])
      if (code !== 0) throw new Error(`dpkg -x ${deb}: ${stderr}`)
    }
  }

  /** Tries again with fresh lists of our own when the machine's do not do. */
  async #withLists(attempt: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = await attempt()
    if (outcome.code === 0 || this.#lists.length > 0) return outcome
    const state = temporary('new-')
    mkdirSync(join(state, 'lists/partial'), { recursive: true })
    this.#lists = ['-o', `Dir::State::lists=${state}/lists`, '-o', `Dir::Cache=${state}`]
    const update = ['update', '-q', '--error-on=any']
    const { code, stderr } = await run('apt-get', [...PLAIN, ...this.#lists, ...update], { timeoutMs: 120_000 })
    return code === 0 ? attempt() : { ...outcome, stderr: outcome.stderr + stderr }
  }
}

function firstLine(text: string): string {
  return text.split('\n').find(line => /^[EW]: /.test(line))?.slice(3) ?? (text.trim() || 'no message')
}
