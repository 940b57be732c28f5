import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What the environment may ask of every Node process, before ours even begins: reading certificates takes it 70 ms. */
const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...ENVIRONMENT } = process.env

/** Every process that the benchmarks started and that has not ended. */
const running = new Set<Child>()

/** Kills what is still running: no tracer may outlive the benchmarks. */
export async function killAll(): Promise<void> {
  const children = [...running]
  for (const child of children) child.signal('SIGTERM')
  await Promise.race([Promise.all(children.map(child => child.exit)), sleep(2000)])
  for (const child of running) child.signal('SIGKILL')
}

export interface ChildOptions {
  /** Pin it to this CPU. */
  cpu?: number
  env?: Record<string, string>
  /** What becomes of its output; a number is an open file. 'pipe' (default) keeps it for lines() and text(). */
  stdout?: 'pipe' | 'ignore' | number
  /** Another pipe, on descriptor 3. */
  report?: boolean
}

/** A process with its output as text. */
export class Child {
  readonly exit: Promise<number>
  stdout = ''
  stderr = ''
  report = ''
  readonly #process: ChildProcess
  readonly #name: string
  #wake = () => {}
  #exited = false

  constructor(command: readonly string[], options: ChildOptions = {}) {
    const [program, ...args] = options.cpu === undefined ? command : ['taskset', '-c', String(options.cpu), ...command]
    this.#name = command.join(' ')
    const stdio: StdioOptions = ['pipe', options.stdout ?? 'pipe', 'pipe']
    if (options.report === true) stdio.push('pipe')
    this.#process = spawn(program, args, { stdio, env: { ...ENVIRONMENT, LC_ALL: 'C', ...options.env } })
    running.add(this)
    const collect = (fd: number, take: (text: string) => void) => {
      const stream = this.#process.stdio[fd] as NodeJS.ReadableStream | null | undefined
      stream?.setEncoding('utf8').on('data', (text: string) => {
        take(text)
        this.#wake()
      })
    }
    collect(1, text => { this.stdout += text })
    // Only the end of it explains anything, and a tracer may say a lot.
    collect(2, text => { this.stderr = (this.stderr + text).slice(-4000) })
    collect(3, text => { this.report += text })
    this.#process.stdin?.on('error', () => {}) // it has ended before it read
    this.exit = new Promise((resolve, reject) => {
      this.#process.on('error', reject)
      this.#process.on('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 137)))
    })
    this.exit.catch(() => {}).finally(() => {
      this.#exited = true
      running.delete(this)
      this.#wake()
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Waits for a whole line of output, which is returned and taken away. */
  async line(ms = 30_000): Promise<string> {
    const deadline = performance.now() + ms
    for (;;) {
      const end = this.stdout.indexOf('\n')
      if (end >= 0) {
        const line = this.stdout.slice(0, end)
        this.stdout = this.stdout.slice(end + 1)
        return line
      }
      if (this.#exited) throw new Error(`${this.#name} ended early: ${this.stderr.trim()}`)
      if (performance.now() > deadline) throw new Error(`${this.#name} says nothing: ${this.stderr.trim()}`)
      await Promise.race([new Promise<void>(resolve => { this.#wake = resolve }), sleep(1000)])
    }
  }

  send(text: string): void {
    this.#process.stdin?.write(text)
  }

  /** Ends its standard input. */
  end(): void {
    this.#process.stdin?.end()
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#exited) this.#process.kill(signal)
  }

  /** Asks it to end, then makes it. */
  async stop(signal: NodeJS.Signals = 'SIGINT', ms = 8000): Promise<void> {
    this.signal(signal)
    await Promise.race([this.exit, sleep(ms)])
    this.signal('SIGKILL')
    await this.exit
  }

  /** A tracer has attached when the descriptors that it opens for that stop coming. */
  async settled(): Promise<void> {
    let before = -1
    for (let turn = 0; turn < 40; turn++) {
      await sleep(500)
      if (this.#exited) throw new Error(`${this.#name} ended early: ${this.stderr.trim()}`)
      const now = descriptors(this.pid).length
      if (now === before) return
      before = now
    }
  }
}

/** What the descriptors of a process are. */
export function descriptors(pid: number | string): string[] {
  const links: string[] = []
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      try {
        links.push(readlinkSync(`/proc/${pid}/fd/${fd}`))
      } catch { /* closed meanwhile */ }
    }
  } catch { /* ended, or not ours to see */ }
  return links
}

/** Is a process traced by ptrace? */
export function isTraced(pid: number): boolean {
  return /^TracerPid:\s*[1-9]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => { setTimeout(resolve, ms) })
}
