import { spawn } from 'node:child_process'

/** Runs a program to its end; resolves to what it printed. An exit code other than 0 is an error. */
export function run(program, ...args) {
  return started(program, args).ended
}

/** Starts a program that prints "pid N" and waits for SIGUSR1, such as routine. `ended` resolves to what it printed. */
export async function start(program, ...args) {
  const { child, ended, first } = started(program, args)
  await Promise.race([first, ended])
  return { pid: child.pid, ended, go: () => void child.kill('SIGUSR1') }
}

function started(program, args) {
  const child = spawn(program, args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', chunk => { output += chunk })
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve(output)
      else reject(new Error(`${program} ended with ${signal ?? code}`))
    })
  })
  return { child, ended, first: new Promise(resolve => child.stdout.once('data', resolve)) }
}
