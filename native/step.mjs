import { spawn } from 'node:child_process'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's root. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/** A step that cannot be done, with what to do about it. */
export class StepError extends Error {
  /** @param {string} message @param {string} hint @param {string} [output] what the failed command had printed */
  constructor(message, hint, output = '') {
    super(message)
    this.hint = hint
    this.output = output
  }
}

let steps = 0

/** How many steps have been done, those that were not needed left out. */
export function done() {
  return steps
}

/**
 * Does `work` and prints one line with the time it took; prints and does nothing when every output is newer than every
 * input. Paths are relative to the root; a folder stands for all that is in it, and an input that is missing for none.
 *
 * @param {string} title
 * @param {{ inputs: string[], outputs: string[] } | undefined} files undefined: always to be done
 * @param {() => unknown} work
 */
export async function step(title, files, work) {
  if (files !== undefined && isFresh(files)) return
  steps++
  const started = performance.now()
  process.stdout.write(`  ${title} … `)
  try {
    await work()
    process.stdout.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  } catch (error) {
    process.stdout.write('failed\n')
    throw error
  }
}

/** @param {{ inputs: string[], outputs: string[] }} files */
export function isFresh({ inputs, outputs }) {
  const oldest = Math.min(...outputs.map(path => mtime(join(ROOT, path))))
  return oldest > 0 && inputs.every(path => newest(join(ROOT, path)) <= oldest)
}

/** @param {string} path */
function newest(path) {
  const own = mtime(path)
  // A folder's own time tells of files that were removed.
  const entries = own > 0 && statSync(path).isDirectory() ? readdirSync(path) : []
  return entries.reduce((latest, entry) => Math.max(latest, newest(join(path, entry))), own)
}

/** @param {string} path */
function mtime(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/**
 * Runs a command in the root and resolves to what it printed; that is shown only if the command fails.
 *
 * @param {string} command @param {string[]} args
 * @param {{ hint?: string, env?: Record<string, string>, to?: number }} [options] `to`: descriptor for standard output
 */
export function command(command, args, { hint = 'see the output above', env = {}, to } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', to ?? 'pipe', 'pipe'] })
    let output = ''
    child.stdout?.on('data', chunk => { output += chunk })
    child.stderr?.on('data', chunk => { output += chunk })
    child.on('error', error => reject(new StepError(`cannot run ${command}: ${error.message}`, hint)))
    child.on('close', code => {
      if (code === 0) resolve(output)
      else reject(new StepError(`${command} ended with exit code ${code}`, hint, output))
    })
  })
}

/** Runs the main function of a script and prints what went wrong. @param {() => Promise<void>} main */
export async function script(main) {
  try {
    await main()
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    report('setup: ', error)
    process.exitCode = 1
  }
}

/** @param {string} prefix @param {StepError} error */
export function report(prefix, error) {
  const output = error.output.trimEnd().split('\n').slice(-60).join('\n')
  if (output !== '') console.error(output.replace(/^/gm, '  | '))
  console.error(`${prefix}${error.message}\nhint: ${error.hint}`)
}

/** Removes half-made files, so that the next run does not take them for good ones. @param {string[]} paths */
export function discard(paths) {
  for (const path of paths) rmSync(join(ROOT, path), { force: true, recursive: true })
}
