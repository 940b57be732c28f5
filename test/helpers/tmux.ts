/** A terminal for programs that fill the screen: tmux, with a server of our own. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { folder } from './folder.js'
import { ROOT } from './run.js'

const { file } = folder()
const SERVER = `sysring-test-${process.pid}`
const TRIES_MS = 50

function tmux(...args: string[]): string {
  return execFileSync('tmux', ['-L', SERVER, '-f', '/dev/null', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

process.on('exit', () => {
  try {
    tmux('kill-server')
  } catch {
    // There is none.
  }
})

let count = 0

/** A program in a terminal of its own. */
export class Tmux {
  readonly #name = `s${++count}`

  /** `line` is the shell's, and ends with one program, which takes the place of the shell. */
  constructor(line: string, { width = 120, height = 30, env = {} }: { width?: number; height?: number; env?: Record<string, string> } = {}) {
    const script = file(`${this.#name}.sh`)
    // A shell that reads a script does not put the terminal in order after a program, so what it left can be seen.
    writeFileSync(script, `stty -a > ${this.#path('before')}
sh -c 'echo $$ > ${this.#path('pid')}; exec ${line}' 2> ${this.#path('stderr')}
echo $? > ${this.#path('code')}
stty -a > ${this.#path('after')}
exec sleep 1000
`)
    // With its last session the server would go, and the next one meet it on its way.
    if (count === 1) tmux('new-session', '-d', '-s', 'kept', 'sleep', '10000')
    const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
    tmux('new-session', '-d', '-s', this.#name, '-x', String(width), '-y', String(height), '-c', ROOT, ...variables, 'sh', script)
  }

  #path(name: string): string {
    return file(`${this.#name}.${name}`)
  }

  /** As tmux calls keys: 'q', 'Enter', 'C-c'. */
  press(...keys: string[]): void {
    tmux('send-keys', '-t', this.#name, ...keys)
  }

  type(text: string): void {
    tmux('send-keys', '-t', this.#name, '-l', text)
  }

  resize(width: number, height: number): void {
    tmux('resize-window', '-t', this.#name, '-x', String(width), '-y', String(height))
  }

  /** What is on the screen. */
  get screen(): string {
    return tmux('capture-pane', '-p', '-t', this.#name)
  }

  get lines(): string[] {
    return this.screen.trimEnd().split('\n')
  }

  /** Waits until the screen looks like that. */
  async shows(...expected: RegExp[]): Promise<string> {
    for (let left = 20_000; ; left -= TRIES_MS) {
      const { screen } = this
      if (expected.every(pattern => pattern.test(screen))) return screen
      if (left <= 0) throw new Error(`the screen does not show ${expected.join(', ')}:\n${screen}\n${this.#read('stderr')}`)
      await new Promise(resolve => setTimeout(resolve, TRIES_MS))
    }
  }

  get pid(): number {
    return Number(this.#read('pid'))
  }

  /** Waits until the program has ended, and says how, and what it left of the terminal. */
  async ended(): Promise<{ code: number; stderr: string; stty: string; before: string; cursor: boolean; alternate: boolean }> {
    for (let left = 20_000; !/\n/.test(this.#read('after')); left -= TRIES_MS) {
      if (left <= 0) throw new Error(`it does not end:\n${this.screen}`)
      await new Promise(resolve => setTimeout(resolve, TRIES_MS))
    }
    const [alternate, cursor] = tmux('display', '-p', '-t', this.#name, '#{alternate_on} #{cursor_flag}').trim().split(' ')
    return {
      code: Number(this.#read('code')), stderr: this.#read('stderr'), stty: settings(this.#read('after')), before: settings(this.#read('before')),
      cursor: cursor === '1', alternate: alternate === '1',
    }
  }

  /** The terminal goes away, and whatever runs in it hears of that. */
  close(): void {
    tmux('kill-session', '-t', this.#name)
  }

  #read(name: string): string {
    return existsSync(this.#path(name)) ? readFileSync(this.#path(name), 'utf8') : ''
  }
}

/** What stty says but for the size, which is not the program's. */
function settings(stty: string): string {
  return stty.replace(/ rows \d+; columns \d+;/, '')
}
