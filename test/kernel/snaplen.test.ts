import { once } from 'node:events'
import { spawn } from 'node:child_process'
import * as assert from 'uvu/assert'
import { type LiveOptions, open } from '../../lib/index.js'
import { suite } from '../helpers/suite.js'

const test = suite('snaplen', { needs: ['bpf', 'btf', 'root'], timeoutMs: 30_000 })

/** Says its port; when a line comes, sends three messages of 5000 bytes over loopback and ends when they have arrived. */
const TALK = `
  const net = require('node:net'), fs = require('node:fs')
  const first = ['GET /', 'plain', '\\x10\\x27\\x00\\x00' + '\\x01\\x00\\x00\\x00'.repeat(3)]
  let left = first.length
  const server = net.createServer(socket => {
    let got = 0
    socket.on('data', data => { if ((got += data.length) === 5000 && --left === 0) process.exit() })
  }).listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)))
  process.stdin.once('data', () => {
    for (const text of first) net.connect(server.address().port, '127.0.0.1', function () { this.write(text.padEnd(5000, '.'), 'latin1') })
  })`

/** The most bytes that were kept of the write of each message. */
async function kept(options: (port: number) => LiveOptions): Promise<{ http: number; plain: number; mongo: number }> {
  const child = spawn(process.execPath, ['-e', TALK], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const port = Number(String((await once(child.stdout, 'data'))[0]))
  const capture = await open('sysdig:bpf', { tracepoints: [], pids: { allow: [child.pid!] }, syscalls: ['write', 'writev'], ...options(port) })
  child.stdin.write('go\n')
  const stopped = ended.finally(() => capture.stop())
  const most = { http: 0, plain: 0, mongo: 0 }
  for await (const burst of capture) {
    for (const ev of burst) {
      if (ev.dir !== 'exit' || Number(ev.args.res) !== 5000) continue
      const data = Buffer.from(ev.args.data as Uint8Array)
      const kind = data.subarray(0, 4).equals(Buffer.from('GET ')) ? 'http' : data.subarray(0, 5).equals(Buffer.from('plain')) ? 'plain' : 'mongo'
      most[kind] = Math.max(most[kind], data.length)
    }
  }
  await stopped
  return most
}

test('a fixed one keeps as much of everything', async () => {
  assert.equal(await kept(() => ({ snaplen: 100 })), { http: 100, plain: 100, mongo: 100 })
})

test('a dynamic one keeps more of protocols that it recognises, never less than the fixed one', async () => {
  assert.equal(await kept(() => ({ dynamicSnaplen: true })), { http: 2000, plain: 80, mongo: 2000 })
  assert.equal(await kept(() => ({ snaplen: 3000, dynamicSnaplen: true })), { http: 3000, plain: 3000, mongo: 3000 })
})

test('and all of the ports that are named', async () => {
  assert.equal(await kept(port => ({ events: 'exit', dynamicSnaplen: { fullPorts: [port, port] } })), { http: 5000, plain: 5000, mongo: 5000 })
  assert.equal(await kept(port => ({ dynamicSnaplen: { fullPorts: [port + 1, port + 1] } })), { http: 2000, plain: 80, mongo: 2000 })
})

test('ports in the wrong order are refused', async () => {
  await open('sysdig:bpf', { dynamicSnaplen: { fullPorts: [90, 80] } }).then(() => assert.unreachable(), (error: { code: string }) => assert.is(error.code, 'ERR_CAPTURE_OPTION'))
})
