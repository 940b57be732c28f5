import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export interface Outcome {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** Standard output as bytes. */
  bytes: Buffer
  ms: number
}

export interface RunOptions {
  input?: string | Uint8Array
  cwd?: string
  env?: NodeJS.ProcessEnv
  /** The process is killed after that long; 60 000 unless said otherwise. */
  timeoutMs?: number
  /** Sends a signal when that text (or any, with '') has come on standard error or output. */
  signalOn?: { text: string; signal: NodeJS.Signals; afterMs?: number }
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[] = [], options: RunOptions = {}): Promise<Outcome> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL',
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let { signalOn } = options
    const watch = (chunk: Buffer) => {
      if (signalOn === undefined || !chunk.includes(signalOn.text)) return
      const { signal, afterMs = 0 } = signalOn
      signalOn = undefined
      setTimeout(() => child.kill(signal), afterMs)
    }
    child.stdout.on('data', (chunk: Buffer) => { stdout.push(chunk); watch(chunk) })
    child.stderr.on('data', (chunk: Buffer) => { stderr.push(chunk); watch(chunk) })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const bytes = Buffer.concat(stdout)
      resolve({ code, signal, bytes, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString(), ms: performance.now() - started })
    })
    child.stdin.on('error', () => {}) // a program need not read all of it
    child.stdin.end(options.input)
  })
}

/** A shell command line, for pipes. The exit code is the last program's; PIPESTATUS is bash's. */
export function shell(line: string, options: RunOptions = {}): Promise<Outcome> {
  return run('bash', ['-c', line], { ...options, env: { ...options.env, SYSRING: SYSRING.join(' ') } })
}

/** Runs the command `sysring`. */
export function sysring(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(SYSRING[0], [...SYSRING.slice(1), ...args], options)
}

/** Runs the command `sysring` as root without root's powers: as another user it might not be able to read the clone. */
export function powerless(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run('setpriv', ['--bounding-set=-all', '--inh-caps=-all', ...SYSRING, ...args], options)
}

/** How to start the command: the bundle that ships, or the sources where they are newer. `$SYSRING` in shell(). */
export const SYSRING: readonly string[] = bundleIsFresh()
  ? [process.execPath, join(ROOT, 'dist/cli.js')]
  : [process.execPath, '--import', join(ROOT, 'node_modules/tsx/dist/loader.mjs'), join(ROOT, 'lib/cli/main.ts')]

function bundleIsFresh(): boolean {
  const bundle = join(ROOT, 'dist/cli.js')
  if (!existsSync(bundle)) return false
  const built = statSync(bundle).mtimeMs
  return readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })
    .every(path => statSync(join(ROOT, 'lib', path)).mtimeMs <= built)
}
