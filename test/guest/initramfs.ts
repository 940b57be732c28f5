/** The guest's file system: one archive, unpacked into its memory. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'tsup'
import { ROOT, run, SYSRING } from '../helpers/run.js'
import { Archive } from './archive.js'
import { COMPARED, PROGRAMS } from './programs.js'
import type { Kernel } from './kernel.js'

export const SCENARIOS = 'test/guest/scenarios'
const ADDON = 'native/build/Release/sysring.node'
/** Where the guest has this package. */
const HOME = '/sysring'

export interface Scenario {
  /** A file of test/guest/scenarios. */
  file: string
  /** Seconds that it may take in the guest. */
  limit: number
}

/** Writes the archive to `folder`/initramfs and returns that path; `folder` is also where things are compiled. */
export async function initramfs(folder: string, kernel: Kernel, scenarios: readonly Scenario[]): Promise<string> {
  const [dist, programs] = await Promise.all([bundle(folder), compile(folder)])
  const path = join(folder, 'initramfs')
  const archive = new Archive(path)
  archive.device('/dev/console', 5, 1)
  for (const mount of ['/proc', '/sys', '/tmp', '/out']) archive.directory(mount)
  archive.copy('/init', join(ROOT, 'test/guest/init.sh'), 0o755)
  archive.copy('/bin/busybox', kernel.busybox, 0o755)
  archive.copy('/scap.ko', kernel.module, 0o644)
  archive.copy('/later.ko', kernel.laterModule, 0o644)
  archive.file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n', 0o644)
  archive.file('/etc/group', 'root:x:0:\nnogroup:x:65534:\n', 0o644)
  const addon = join(ROOT, ADDON)
  const sysdig = (await run('sh', ['-c', 'command -v sysdig'])).stdout.trim()
  for (const [name, path] of [['/bin/node', process.execPath], ['/bin/sysdig', sysdig], [`${HOME}/${ADDON}`, addon]]) {
    archive.copy(name, realpathSync(path), 0o755)
    await addLibraries(archive, path)
  }
  for (const program of programs) archive.copy(`/bin/${program}`, join(folder, program), 0o755)
  // Not in $PATH, where busybox has programs of its own for some of these names.
  for (const { source } of COMPARED) archive.copy(`/compared/${basename(source)}`, join(folder, basename(source)), 0o755)
  archive.file('/compared.json', JSON.stringify(COMPARED.map(({ name, source, args }) => ({ name, program: `/compared/${basename(source)}`, args }))), 0o644)

  archive.copy(`${HOME}/package.json`, join(ROOT, 'package.json'), 0o644)
  addFolder(archive, `${HOME}/dist`, dist, name => !/\.map$|\.d\.c?ts$/.test(name))
  addFolder(archive, `${HOME}/${SCENARIOS}`, join(ROOT, SCENARIOS))
  archive.file('/scenarios', scenarios.map(({ file, limit }) => `${file} ${limit}\n`).join(''), 0o644)
  archive.close()
  return path
}

/** The bundle that ships; a new one where the sources are newer. */
async function bundle(folder: string): Promise<string> {
  if (SYSRING.includes(join(ROOT, 'dist/cli.js'))) return join(ROOT, 'dist')
  const outDir = join(folder, 'dist')
  const entry = { index: join(ROOT, 'lib/index.ts'), cli: join(ROOT, 'lib/cli/main.ts') }
  await build({ config: false, silent: true, entry, outDir, format: 'esm', target: 'node20', shims: true, splitting: true })
  return outDir
}

/** Compiles the C programs, without libraries; returns the names of the guest's own. A folder is one program. */
async function compile(folder: string): Promise<string[]> {
  const own = readdirSync(join(ROOT, PROGRAMS)).filter(name => name.endsWith('.c')).map(name => `${PROGRAMS}/${name.slice(0, -2)}`)
  const sources = [...new Set([...own, ...COMPARED.map(({ source }) => source)])]
  await Promise.all(sources.map(async source => {
    const path = join(ROOT, source)
    const files = existsSync(path) ? readdirSync(path).filter(name => name.endsWith('.c')).map(name => join(path, name)) : [`${path}.c`]
    const { code, stderr } = await run('cc', ['-O1', '-Wall', '-static', '-pthread', '-o', join(folder, basename(source)), ...files])
    if (code !== 0) throw new Error(`cc ${source}:\n${stderr}`)
  }))
  return own.map(source => basename(source))
}

/** The libraries that a file is linked to, each where the loader looks for it. */
async function addLibraries(archive: Archive, path: string): Promise<void> {
  const { code, stdout, stderr } = await run('ldd', [path])
  if (code !== 0) throw new Error(`ldd ${path}: ${stderr}`)
  for (const [, library] of stdout.matchAll(/(\/\S+) \(0x/g)) archive.copy(library, realpathSync(library), 0o755)
}

function addFolder(archive: Archive, name: string, folder: string, wanted = (_: string) => true): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !wanted(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    archive.file(name + path.slice(folder.length), readFileSync(path), 0o644)
  }
}
