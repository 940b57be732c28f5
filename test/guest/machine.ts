/** One boot of the guest, from its kernel and file system to what it leaves on its disk. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../helpers/run.js'
import { note } from './table.js'

export const QEMU = 'qemu-system-x86_64'
const MEMORY_MB = 2048
const DISK_BYTES = 2 ** 30
const CONSOLE_LINES = 40
/** Seconds until the scenarios must begin; 4 to 10 are usual. */
const BOOT_LIMIT = 45
const ATTEMPTS = 3
/** Seconds beyond a scenario's limit, at which the guest kills it, and for handing over what is left. */
const PATIENCE = 15
/** The kernel's watchdog. */
const LOCKED_UP = /watchdog: BUG: soft lockup/

export interface MachineOptions {
  kernel: string
  initramfs: string
  cpus: number
  /** Seconds that each of the scenarios may take, in their order: before and after each, init.sh says a line. */
  limits: readonly number[]
  /** Memories that it has as PCI devices, in this order: files here, which QEMU makes. */
  memories: readonly SharedMemory[]
  /** Called before each boot. */
  begin?: () => void
}

export interface SharedMemory {
  path: string
  /** A power of two. */
  bytes: number
}

/**
 * Boots, waits for the end and returns the folder with what the guest left in /out. Works in `folder`.
 *
 * An emulated machine comes to a standstill now and then, once in ten to twenty boots: nothing comes any more, or the kernel
 * says that its CPUs are locked up. That is tried again, and said. The kernel switches a tracepoint by putting a breakpoint
 * over the instruction for a moment; QEMU 7.2 sometimes goes on executing that breakpoint on both CPUs when the kernel has
 * long replaced it (seen in the registers: int3 and its handler in turn, at one address in syscall_trace_enter). A scenario
 * that hangs is another thing: the guest kills it at its limit and goes on.
 */
export async function machine(folder: string, options: MachineOptions): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { done, standstill, report } = await boot(folder, options)
    if (done) break
    if (!standstill || attempt === ATTEMPTS) throw new Error(report)
    note(`boot ${attempt} of ${ATTEMPTS} was given up. ${report.split('\n')[0]}`)
  }
  const out = join(folder, 'out')
  mkdirSync(out)
  const unpacked = await run('tar', ['-x', '-f', join(folder, 'disk'), '-C', out])
  if (unpacked.code !== 0) throw new Error(`what the guest left cannot be read: ${unpacked.stderr}`)
  return out
}

interface Boot {
  /** It had to be killed. */
  standstill: boolean
  /** They ended, and the results are on the disk. */
  done: boolean
  /** What went wrong, and the end of the console. */
  report: string
}

async function boot(folder: string, options: MachineOptions): Promise<Boot> {
  const disk = join(folder, 'disk')
  const console = join(folder, 'console')
  options.begin?.()
  writeFileSync(disk, '')
  truncateSync(disk, DISK_BYTES) // a hole: it takes the space of what is written
  writeFileSync(console, '')
  const said = () => readFileSync(console, 'latin1').replaceAll('\r', '')
  // Emulated, since that works everywhere. The clock is told to be reliable: threads of QEMU that are scheduled late make
  // the kernel think otherwise, and its second choice is slow to read.
  const child = spawn(QEMU, [
    '-accel', 'tcg,thread=multi', '-cpu', 'max', '-machine', 'q35', '-smp', `${options.cpus}`, '-m', `${MEMORY_MB}`,
    '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', `file:${console}`,
    '-drive', `if=none,id=disk,file=${disk},format=raw,cache=unsafe`, '-device', 'nvme,drive=disk,serial=out',
    ...options.memories.flatMap(({ path, bytes }, i) => [
      '-object', `memory-backend-file,id=memory${i},share=on,mem-path=${path},size=${bytes}`, '-device', `ivshmem-plain,memdev=memory${i}`,
    ]),
    '-kernel', options.kernel, '-initrd', options.initramfs,
    '-append', 'console=ttyS0 quiet panic=-1 rdinit=/init tsc=reliable watchdog_thresh=5',
  ], { stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  let trouble = ''
  child.stderr.on('data', chunk => { trouble += chunk })
  let standstill = false
  let lines = 0
  let heard = performance.now()
  const isDone = () => /^guest: \S+ done$/m.test(said())
  const watch = setInterval(() => {
    // All is on the disk, whether it can switch itself off or not.
    if (isDone()) return kill()
    const count = said().match(/^guest: /gm)?.length ?? 0
    if (count > lines) [lines, heard] = [count, performance.now()]
    // It says that it is up, and then of each scenario that it begins and that it has ended.
    const limit = count > 0 ? (options.limits[count / 2 - 1] ?? 0) + PATIENCE : BOOT_LIMIT
    const lockedUp = LOCKED_UP.test(said())
    if (!lockedUp && performance.now() - heard < limit * 1000) return
    standstill = true
    trouble += lockedUp ? 'Its CPUs are locked up. ' : `It said nothing for ${limit} s. `
    clearInterval(watch)
    kill()
  }, 500)
  await new Promise<void>((resolve, reject) => child.once('error', reject).once('close', () => resolve()))
  clearInterval(watch)
  process.off('exit', kill)

  const end = said().trimEnd().split('\n').slice(-CONSOLE_LINES).join('\n')
  return {
    standstill,
    done: isDone(),
    report: `the guest did not come to its end. ${trouble}Its console:\n${end}`,
  }
}
