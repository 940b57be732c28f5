import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** What is measured is the bundle: what a user runs. */
export const BUNDLE = join(HERE, '..', 'dist', 'index.js')
export const BUNDLE_URL = pathToFileURL(BUNDLE).href
export const COMMAND = [process.execPath, join(HERE, '..', 'dist', 'cli.js')]
export const READER = [process.execPath, join(HERE, 'reader.mjs'), BUNDLE_URL]
export const MERGE = [process.execPath, join(HERE, 'merge.mjs'), BUNDLE_URL]
export const QUEUE = [process.execPath, join(HERE, 'queue.mjs'), BUNDLE_URL]
export const BALANCED = [process.execPath, join(HERE, 'balanced.mjs'), join(HERE, '..', 'dist')]
export const ANALYZER = [process.execPath, join(HERE, 'analyzer.mjs'), join(HERE, '..', 'dist')]
export const NIC = [process.execPath, join(HERE, 'nic.mjs')]
export const TAP = [process.execPath, join(HERE, 'tap.mjs')]
export const FIRST = [process.execPath, join(HERE, 'first.mjs'), BUNDLE_URL]

export function requireBundle(): void {
  if (!existsSync(BUNDLE) || !existsSync(COMMAND[1])) throw new Error('the project is not built; run: npm run setup')
}

/** The traced program has the last CPU, the tracer the one before. */
export const WORK_CPU = cpus().length - 1
export const TRACER_CPU = Math.max(0, WORK_CPU - 1)

export type Program = 'getppid' | 'mixed' | 'file' | 'tcp' | 'timed' | 'packets' | 'tap'

/** Compiles one of bench/programs; returns its path. */
export function compile(program: Program, folder: string): string {
  const path = join(folder, program)
  if (!existsSync(path)) {
    execFileSync('cc', ['-O2', '-Wall', '-o', path, join(HERE, 'programs', `${program}.c`)], { stdio: ['ignore', 'inherit', 'inherit'] })
  }
  return path
}

/** Those that use the cluster's own code, and what of it. */
const NATIVE = {
  produce: ['cluster/memory.cc', 'cluster/file.cc', 'cluster/queue.cc', 'ring/ring.cc'],
  consume: ['cluster/attached_queue.cc', 'cluster/file.cc', 'cluster/queue.cc', 'ring/ring.cc'],
} as const

/** Compiles one of bench/programs with parts of native/; returns its path. */
export function compileNative(program: keyof typeof NATIVE, folder: string): string {
  const path = join(folder, program)
  const native = join(HERE, '..', 'native')
  if (!existsSync(path)) {
    execFileSync('c++', ['-O2', '-std=c++20', '-pthread', '-I', native, '-o', path, join(HERE, 'programs', `${program}.cc`), ...NATIVE[program].map(file => join(native, file))], { stdio: ['ignore', 'inherit', 'inherit'] })
  }
  return path
}
