/** One boot of the guest, from its kernel and file system to what it leaves on its disk. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../helpers/run.js'

export const QEMU = 'qemu-system-x86_64'
const MEMORY_MB = 2048
const DISK_BYTES = 2 ** 30
const CONSOLE_LINES = 40

export interface MachineOptions {
  kernel: string
  initramfs: string
  cpus: number
  /** Seconds until it must have powered itself off. */
  limit: number
}

/** Boots, waits for the end and returns the folder with what the guest left in /out. Works in `folder`. */
export async function machine(folder: string, options: MachineOptions): Promise<string> {
  const disk = join(folder, 'disk')
  const console = join(folder, 'console')
  writeFileSync(disk, '')
  truncateSync(disk, DISK_BYTES) // a hole: it takes the space of what is written
  // Emulated, since that works everywhere. The clock is told to be reliable: threads of QEMU that are scheduled late make
  // the kernel think otherwise, and its second choice is slow to read.
  const child = spawn(QEMU, [
    '-accel', 'tcg,thread=multi', '-cpu', 'max', '-machine', 'q35', '-smp', `${options.cpus}`, '-m', `${MEMORY_MB}`,
    '-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', `file:${console}`,
    '-drive', `if=none,id=disk,file=${disk},format=raw,cache=unsafe`, '-device', 'nvme,drive=disk,serial=out',
    '-kernel', options.kernel, '-initrd', options.initramfs,
    '-append', 'console=ttyS0 quiet panic=-1 rdinit=/init tsc=reliable',
  ], { stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  let trouble = ''
  child.stderr.on('data', chunk => { trouble += chunk })
  const timer = setTimeout(() => {
    trouble += `the guest was not done within ${options.limit} s\n`
    kill()
  }, options.limit * 1000)
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  clearTimeout(timer)
  process.off('exit', kill)

  const said = existsSync(console) ? readFileSync(console, 'latin1').replaceAll('\r', '') : ''
  if (code !== 0 || !/^guest: \S+ done$/m.test(said)) {
    throw new Error(`the guest did not come to its end. ${trouble}Its console:\n${said.trimEnd().split('\n').slice(-CONSOLE_LINES).join('\n')}`)
  }
  const out = join(folder, 'out')
  mkdirSync(out)
  const unpacked = await run('tar', ['-x', '-f', disk, '-C', out])
  if (unpacked.code !== 0) throw new Error(`what the guest left cannot be read: ${unpacked.stderr}`)
  return out
}
