// timeout: 120
// What this kernel's verifier says of our programs, in both models, as the kernel lists them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { release } from 'node:os'
import { open } from 'sysring'
import { leave } from './tools/result.mjs'

/** Programs that are loaded while `work` is done, in their order. */
async function loadedBy(work) {
  const watcher = spawn('loaded', { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  watcher.stdout.on('data', chunk => { output += chunk })
  await once(watcher.stdout, 'data')
  await work()
  watcher.stdin.end()
  await once(watcher, 'close')
  return output.trim().split('\n').slice(1).map(line => {
    const [name, type, instructions, verified] = line.split(' ')
    return { name, type: Number(type), instructions: Number(instructions), verified: Number(verified) }
  })
}

const load = events => async () => {
  const capture = await open('sysdig:bpf', { events, state: true, tracepoints: ['procexit', 'signaldeliver', 'switch', 'page_fault'] })
  await capture.close()
}
leave({ release: release(), both: await loadedBy(load('both')), exit: await loadedBy(load('exit')) })
