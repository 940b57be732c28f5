// timeout: 120
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { shell, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { TRACE } from '../helpers/trace.js'

const test = suite('run › the machine’s tables', { timeoutMs: 60_000 })
const { file } = folder()
const LIVE = { needs: ['bpf', 'btf'] }

async function rows(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await sysring(['run', ...args, '--json'])
  assert.is(code, 0, stderr)
  return stdout.trimEnd().split('\n').filter(line => line !== '').map(line => JSON.parse(line) as Record<string, unknown>)
}

test('live, they end by themselves and know this process', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const mine = `proc.vpid = ${process.pid}`
    const ps = await rows('ps', mine)
    assert.ok(ps.length > 1 && ps.every(row => Number(row.vmsize) > Number(row.vmrss) && Number(row.vmrss) > 1e6), JSON.stringify(ps))
    const files = await rows('lsof', mine)
    assert.ok(files.length > 3 && files.some(row => row['fd.type'] === 'eventpoll'), JSON.stringify(files))
    const sockets = await rows('netstat', mine, `and fd.port = ${port}`, '--workers', '2')
    assert.ok(sockets.length > 0)
    for (const socket of sockets) assert.equal([socket['fd.l4proto'], socket.server, socket.state], ['tcp', `127.0.0.1:${port}`, 'LISTEN'])
    await rows('lscontainers')
  } finally {
    server.close()
  }
}, LIVE)

test('live: a process that has a CPU to itself is in the table of CPU time', async () => {
  const child = spawn('sh', ['-c', 'while :; do :; done'])
  try {
    const found = await rows('topprocs_cpu', '-d', '3', 'proc.vpid', '=', String(child.pid))
    assert.ok(found.length > 0 && found.every(row => row['proc.name'] === 'sh' && Number(row.cpu) > 0), JSON.stringify(found))
  } finally {
    child.kill('SIGKILL')
  }
}, LIVE)

test('spectrogram: a table as text, lines on a terminal, a picture in a file', async () => {
  const svg = file('picture.svg')
  const { code, stdout, stderr } = await sysring(['run', 'spectrogram', '50', '110', '-r', TRACE, '-q', '--svg', svg, 'evt.type', '=', 'read'])
  assert.is(code, 0, stderr)
  const calls = stdout.split('\n').flatMap(line => /^ *\d+ .* (\d+)$/.exec(line)?.[1] ?? []).reduce((sum, count) => sum + Number(count), 0)
  assert.ok(calls > 100, stdout)
  const refused = await sysring(['run', 'spectrogram', '-r', TRACE, '--svg', file('nowhere/picture.svg')])
  assert.is(refused.stdout, '')
  assert.match(refused.stderr, /ERR_CAPTURE_IO: the picture cannot be written/)
  const picture = readFileSync(svg, 'utf8')
  assert.match(picture, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*>\n[^]*<\/svg>\n$/)
  assert.is([...picture.matchAll(/<title>(\d+)<\/title>/g)].reduce((sum, [, count]) => sum + Number(count), 0), calls)
  const terminal = await shell(`script -qec 'stty cols 66; $SYSRING run spectrogram -q -r ${TRACE}' /dev/null`)
  const [axis] = terminal.stdout.split('\r\n').filter(line => line.startsWith('|1ns '))
  assert.is(axis, '|1ns  |10ns |100ns|1.00us     |100us|1.00ms     |100ms|1.00s|10.00')
  assert.match(terminal.stdout, /\x1b\[48;5;\d+m/)
}, { needs: ['script'] })

test('what cannot be asked is said', async () => {
  const cases: [string[], RegExp][] = [
    [['ps', '-r', TRACE, 'evt.num = 1'], /evt.num is a field of events/], [['ps', '-r', TRACE, '--every', '1'], /about one moment/],
    [['lsof', '-r', TRACE, 'fd.nme = x'], /fd.nme/],
    [['ps', '-r', TRACE, '--svg', file('x')], /has no picture/], [['spectrogram', '0', '-r', TRACE], /at least 1/], [['spectrogram', '500', '5', '-r', TRACE], /from 11 to 1000/],
    [['spectrogram', '-q', '-r', TRACE, '--svg', file('none/x')], /cannot be written/],
  ]
  for (const [args, text] of cases) {
    const { code, stderr } = await sysring(['run', ...args])
    assert.ok(code === 1 || code === 2, `${args.join(' ')}: ${code}`)
    assert.match(stderr, text)
  }
})
