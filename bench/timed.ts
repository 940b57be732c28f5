import { openSync } from 'node:fs'
import { compile } from './build.js'
import { Child } from './child.js'
import type { Sample } from './rounds.js'

/** Runs a command to its end with its output thrown away; wall and CPU time and peak memory of the whole process. */
export async function timed(command: readonly string[], folder: string): Promise<Sample & { wallMs: number }> {
  const child = new Child([compile('timed', folder), ...command], { stdout: (nothing ??= openSync('/dev/null', 'w')), report: true })
  child.end()
  await child.exit
  const { status, ...sample } = JSON.parse(child.report) as { wallMs: number; cpuMs: number; rssMb: number; status: number }
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${child.stderr.trim()}`)
  return sample
}

let nothing: number | undefined
