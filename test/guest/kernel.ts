/** What the guest boots: Debian's cloud kernel, its sysdig module, built here, and a busybox. */
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { missing } from '../helpers/needs.js'
import { run } from '../helpers/run.js'
import { cached, lastUsed } from './cache.js'
import { Debian } from './debian.js'
import { progress } from './progress.js'
import { Unavailable } from './unavailable.js'

const MODULE = 'falcosecurity-scap-dkms'

export interface Kernel {
  /** As `uname -r` says it. */
  release: string
  /** The Debian version of the module's package. */
  moduleVersion: string
  /** Paths of the files. */
  image: string
  module: string
  /** The same module, which says that it is of an API that nobody knows yet. */
  laterModule: string
  busybox: string
}

/** Counts how often what is in a folder of the cache has changed. */
const CONTENTS = 2
/** An API version that no driver has. */
export const LATER_API = 99

/** Downloads and builds what is not in the cache. Throws Unavailable where something cannot be had. */
export async function kernel(): Promise<Kernel> {
  if (process.arch !== 'x64') throw new Unavailable(`the guest is an x86-64 machine, this is ${process.arch}`)
  const lack = missing(['make', 'cc', 'strip'])
  if (lack !== undefined) throw new Unavailable(lack)
  const folder = await newest()
  const [, release, moduleVersion] = /^(.*?-amd64)-(.*)-\d+$/.exec(basename(folder))!
  const path = (name: string) => join(folder, name)
  return { release, moduleVersion, image: path('vmlinuz'), module: path('scap.ko'), laterModule: path('later.ko'), busybox: path('busybox') }
}

/** The cache's folder for the newest packages; where they cannot be had, the one that was used last. */
async function newest(): Promise<string> {
  try {
    const debian = new Debian()
    const depends = await debian.field('linux-headers-cloud-amd64', 'Depends')
    const release = /linux-headers-(\S+)/.exec(depends)![1]
    const name = `${release}-${await debian.field(MODULE, 'Version')}-${CONTENTS}`
    return await cached(name, draft => make(debian, release, draft))
  } catch (error) {
    const last = lastUsed()
    if (!(error instanceof Unavailable) || last === undefined) throw error
    return last
  }
}

async function make(debian: Debian, release: string, folder: string): Promise<void> {
  const tree = join(folder, 'tree')
  const common = `linux-headers-${release.replace(/-cloud-amd64$/, '')}-common`
  const kbuild = `linux-kbuild-${/^\d+\.\d+/.exec(release)![0]}`
  await progress(`packages of ${release}`, () =>
    debian.unpack([`linux-image-${release}`, `linux-headers-${release}`, common, kbuild, MODULE, 'busybox-static'], tree))
  const headers = useHeaders(tree, release)
  const source = join(tree, 'usr/src', readdirSync(join(tree, 'usr/src')).find(entry => entry.startsWith('scap-'))!)
  await progress('scap.ko', () => build(headers, source, join(folder, 'scap.ko')))
  const config = join(source, 'driver_config.h')
  writeFileSync(config, readFileSync(config, 'utf8').replace(/(API_CURRENT_VERSION_MAJOR) \d+/, `$1 ${LATER_API}`))
  await progress('later.ko', () => build(headers, source, join(folder, 'later.ko')))
  copyFileSync(join(tree, 'boot', `vmlinuz-${release}`), join(folder, 'vmlinuz'))
  copyFileSync(join(tree, 'bin/busybox'), join(folder, 'busybox'))
  chmodSync(join(folder, 'busybox'), 0o755)
  rmSync(tree, { recursive: true })
}

/** Returns the folder to build modules in. */
function useHeaders(tree: string, release: string): string {
  const headers = join(tree, 'usr/src', `linux-headers-${release}`)
  const makefile = join(headers, 'Makefile')
  // The one place that says where the headers are installed.
  writeFileSync(makefile, readFileSync(makefile, 'utf8').replace('/usr/src/', `${join(tree, 'usr/src')}/`))
  return headers
}

async function build(headers: string, source: string, module: string): Promise<void> {
  const made = await run('make', ['-s', '-C', headers, `M=${source}`, 'modules'], { timeoutMs: 180_000 })
  if (made.code !== 0) throw new Error(`the sysdig module does not build in ${headers}:\n${made.stdout}${made.stderr}`)
  // Without debug information 3 MB become 0.8.
  const stripped = await run('strip', ['-g', '-o', module, join(source, 'scap.ko')])
  if (stripped.code !== 0) throw new Error(`strip: ${stripped.stderr}`)
}
