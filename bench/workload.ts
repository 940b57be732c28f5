import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile, type Program, WORK_CPU } from './build.js'
import { Child, isTraced, sleep } from './child.js'

export type Loop = Exclude<Program, 'timed' | 'packets'>

interface Finished {
  calls: number
  wallNs: number
  cpuNs: number
}

/** One of the loops in bench/programs, pinned to the work CPU and waiting for the word to start. */
export class Workload {
  readonly #child: Child

  private constructor(child: Child, readonly pid: number) {
    this.#child = child
  }

  /** Without `calls` it runs until finish(). */
  static async start(loop: Loop, folder: string, calls = 0): Promise<Workload> {
    const file = join(folder, 'file.bin')
    if (loop === 'file') writeFileSync(file, new Uint8Array(512))
    const child = new Child([compile(loop, folder), String(WORK_CPU), String(calls)], { env: { BENCH_FILE: file } })
    return new Workload(child, Number(await child.line()))
  }

  go(): void {
    this.#child.send('\n')
  }

  /** Waits for the last call; ends a loop without a number of calls. */
  async finish(endless = false): Promise<Finished> {
    if (endless) this.#child.end()
    const finished = JSON.parse(await this.#child.line(120_000)) as Finished
    this.#child.end()
    return finished
  }

  /** Has strace attached? */
  async traced(): Promise<void> {
    for (let turn = 0; turn < 100 && !isTraced(this.pid); turn++) await sleep(50)
  }
}
