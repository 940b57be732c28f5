/** Files that follow one another: their names and what is in them, as sysdig makes them. */
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { folder } from '../helpers/folder.js'
import { ROOT, run, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

// timeout: 300
const test = suite('rotation', { timeoutMs: 60_000 })
const { file } = folder()
const TRACES = ['medium.scap.gz', 'both.scap.gz'].map(name => join(ROOT, 'test/fixtures', name))
const lines = (text: string) => text.split('\n').slice(0, -1)

let made = 0
function emptyFolder(): string {
  const path = file(`d${made++}`)
  mkdirSync(path)
  return path
}

const OPTIONS: string[][] = [
  ['-w', 'x.scap', '-C', '1'],
  ['-w', 'x.scap', '-C', '1', '-W', '2'],
  ['-w', 'x.scap', '-C', '1', '-W', '12'],
  ['-w', 'x.scap', '-e', '5000'],
  ['-w', 'x.scap', '-e', '5000', '-W', '2'],
  ['-w', 'x.scap', '-e', '3000', '-z'],
  ['-w', 'x.scap', '-G', '1'],
  ['-w', 'x.scap', '-G', '2', '-W', '2'],
  ['-w', 'x%H%M%S.scap', '-G', '1'],
  ['-w', 'x%H%M%S.scap', '-G', '1', '-W', '2'],
  ['-w', 'x%Y-%j_%%.scap', '-G', '1'],
  ['-w', 'x%d-%M%S.scap', '-G', '1', '-C', '1'],
  ['-w', 'x.scap', '-G', '1', '-C', '1'],
  ['-w', 'x.scap', '-G', '1', '-C', '1', '-W', '3'],
  ['-w', 'x%S.scap', '-G', '1', '-e', '3000'],
  ['-w', 'x.scap', '-C', '1', '-e', '3000'],
  ['-w', 'x%S.scap', '-C', '1'],
  ['-w', 'x.scap', '-e', '60', '-n', '100'],
]

for (const args of OPTIONS) {
  test(args.join(' '), async () => {
    let files = 0
    for (const trace of TRACES) {
      const [ours, theirs] = [emptyFolder(), emptyFolder()]
      const outcome = await sysring(['dump', '-q', '-r', trace, ...args], { cwd: ours })
      assert.is(outcome.code, 0, outcome.stderr)
      await run('sysdig', ['-r', trace, ...args], { cwd: theirs })
      const names = readdirSync(theirs)
      assert.equal(readdirSync(ours), names)
      files += names.length
      for (const name of names) {
        const [mine, judge] = await Promise.all([ours, theirs].map(folder => run('sysdig', ['-r', join(folder, name)])))
        assert.is(mine.code, 0, mine.stderr)
        assert.is(lines(mine.stdout).length, lines(judge.stdout).length, name)
        assert.ok(mine.stdout === judge.stdout, name)
        if (!args.includes('-z')) assert.is(statSync(join(ours, name)).size, statSync(join(theirs, name)).size, name)
        assert.is(statSync(join(ours, name)).mode & 0o777, 0o600)
      }
    }
    assert.ok(files >= 2 * TRACES.length)
  }, { needs: ['sysdig'] })
}

test('the parts of a pcapng file are whole files', async () => {
  const folder = emptyFolder()
  assert.is((await sysring(['dump', '-q', '-r', TRACES[0], '-w', join(folder, 'x.pcapng'), '-e', '5000'])).code, 0)
  const counts = await Promise.all(readdirSync(folder).map(async name =>
    lines((await run('tshark', ['-r', join(folder, name), '-T', 'fields', '-e', 'frame.number'])).stdout).length))
  assert.equal(counts, [4999, 5000, 5000, 16375 - 14999])
}, { needs: ['tshark'] })

test('files are in the format that the name asks for, before its number', async () => {
  const folder = emptyFolder()
  await sysring(['dump', '-q', '-r', TRACES[0], '-w', join(folder, 'x.pcap'), '-e', '10000'])
  const { stdout } = await run('tcpdump', ['-r', join(folder, 'x.pcap0'), '--count'])
  assert.match(stdout, '9999 packets')
}, { needs: ['tcpdump'] })

test('a folder that is not there is an error, with what was to be done about it', async () => {
  const { code, stderr } = await sysring(['dump', '-q', '-r', TRACES[0], '-w', file('none/x.scap'), '-C', '1'])
  assert.is(code, 1)
  assert.match(stderr, /^sysring: ERR_CAPTURE_IO: cannot write .*x\.scap0: ENOENT\nhint: .+\n$/)
})

test('live: files by time, each readable, one after the other', async () => {
  const folder = emptyFolder()
  const { code, stderr } = await sysring(['dump', '-d', '3', '-G', '1', '-w', join(folder, '%s.scap')])
  assert.is(code, 0, stderr)
  const names = readdirSync(folder).sort()
  assert.ok(names.length >= 2 && names.length <= 5, names.join(' '))
  let before = 0
  for (const name of names) {
    const { code, stdout, stderr } = await sysring(['dump', '-q', '-r', join(folder, name), '-p', '%evt.rawtime.s'])
    assert.is(code, 0, stderr)
    const seconds = lines(stdout).map(Number)
    const begin = Number.parseInt(name, 10)
    assert.ok(begin >= before)
    for (const second of seconds) assert.ok(second >= begin - 1 && second <= begin + 1, `${second} in ${name}`)
    before = begin
  }
}, { needs: ['bpf', 'btf'] })
