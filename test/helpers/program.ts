/** The C programs of the kernel tests: compiled when they are needed, told to start when the capture runs. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { folder } from './folder.js'
import { ROOT } from './run.js'

const { path: home, file } = folder()

/** Compiles test/kernel/programs/NAME.c, or all of NAME/*.c, or those of another folder, and returns the program's path. */
export function compile(name: string, folder = 'test/kernel/programs'): string {
  const home = join(ROOT, folder, name)
  const sources = existsSync(home) ? readdirSync(home).filter(source => source.endsWith('.c')).map(source => join(home, source)) : [`${home}.c`]
  execFileSync('cc', ['-O1', '-Wall', '-pthread', '-o', file(name), ...sources], { stdio: ['ignore', 'inherit', 'inherit'] })
  return file(name)
}

export interface Program {
  readonly pid: number
  /** Lets it run on. */
  go(): void
  /** Everything that it printed after its "pid N", once it has ended; an exit code other than 0 is an error. */
  readonly output: Promise<string>
}

/** Starts a program that prints "pid N" and then waits for SIGUSR1; resolves when it waits. Unless `cwd` says otherwise it
 * works in a folder that is removed in the end. */
export function start(path: string, args: readonly (string | number)[] = [], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Program> {
  const child: ChildProcess = spawn(path, args.map(String), { cwd: home, stdio: ['ignore', 'pipe', 'inherit'], ...options })
  let text = ''
  return new Promise((resolve, reject) => {
    const output = new Promise<string>((done, failed) => {
      child.once('error', failed)
      child.once('close', (code, signal) => {
        if (code === 0) return done(text.slice(text.indexOf('\n') + 1))
        failed(new Error(`${path} ended with ${signal ?? code}: ${text}`))
      })
    })
    output.catch(reject)
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const pid = Number(/^pid (\d+)\n/.exec(text)?.[1])
      if (pid > 0) resolve({ pid, output, go: () => void process.kill(pid, 'SIGUSR1') })
    })
  })
}

/** The CPUs that this process may use. */
export function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}
