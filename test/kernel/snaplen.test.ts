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

/** What is said over the ports of each protocol, from 1000 bytes that look like it, or not; and how much of that is kept. */
const PROTOCOLS = [
  { name: 'DNS', port: 53, udp: true, first: '', kept: 512 },
  { name: 'statsd', port: 8125, udp: true, first: '', kept: 1000 },
  { name: 'another port', port: 8126, udp: true, first: '', kept: 80 },
  { name: 'a query to MySQL', port: 3306, udp: false, first: '\\x09\\x00\\x00\\x00\\x03SELECT 1', kept: 1000 },
  { name: 'no query to MySQL', port: 3306, udp: false, first: 'abcdefgh', kept: 80 },
  { name: 'a query to PostgreSQL', port: 5432, udp: false, first: 'Q\\x00\\x00\\x00\\x0dSELECT 1', kept: 1000 },
  { name: 'no query to PostgreSQL', port: 5432, udp: false, first: 'abcdefgh', kept: 80 },
] as const

/** When a line comes, says it, in a network namespace of its own where all ports are free. */
const SAY = `
  const net = require('node:net'), dgram = require('node:dgram')
  const [port, udp, first] = process.argv.slice(1)
  const bytes = Buffer.from(first.replace(/\\\\x(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))).padEnd(1000, '.'), 'latin1')
  const ready = () => process.stdout.write('ready')
  let say
  if (udp === 'true') {
    const socket = dgram.createSocket('udp4')
    say = () => socket.send(bytes, port, '127.0.0.1', () => process.exit())
    ready()
  } else {
    const server = net.createServer(socket => socket.on('data', () => process.exit())).listen(port, '127.0.0.1', ready)
    say = () => net.connect(port, '127.0.0.1', function () { this.write(bytes) })
  }
  process.stdin.once('data', () => say())`

for (const { name, port, udp, first, kept } of PROTOCOLS) {
  test(`${name}: ${kept} bytes of 1000`, async () => {
    const script = 'ip link set lo up && exec "$@"'
    const child = spawn('unshare', ['-n', 'sh', '-c', script, 'sh', process.execPath, '-e', SAY, String(port), String(udp), first], { stdio: ['pipe', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    const capture = await open('sysdig:bpf', {
      tracepoints: [], pids: { allow: [child.pid!] }, syscalls: ['write', 'writev', 'sendto', 'sendmsg', 'sendmmsg'], dynamicSnaplen: true,
    })
    child.stdin.write('go\n')
    const stopped = ended.finally(() => capture.stop())
    const sizes: number[] = []
    for await (const burst of capture) {
      for (const ev of burst) {
        const size = ev.args.res === undefined ? undefined : Number(ev.args.res)
        if (ev.dir === 'exit' && (size === 1000 || ev.name === 'sendmmsg')) sizes.push((ev.args.data as Uint8Array).length)
      }
    }
    await stopped
    assert.equal(sizes, [kept])
  }, { needs: ['ip', 'unshare'] })
}

test('ports in the wrong order are refused', async () => {
  await open('sysdig:bpf', { dynamicSnaplen: { fullPorts: [90, 80] } }).then(() => assert.unreachable(), (error: { code: string }) => assert.is(error.code, 'ERR_CAPTURE_OPTION'))
})
