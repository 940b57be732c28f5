// timeout: 400
/** The interface `sysdig` in Debian's tshark: the list, the options, captures, errors; judged by tshark, capinfos and sysdig. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { FLAG_STATE_ONLY } from '../../lib/event/event.js'
import { openFile } from '../../lib/iface/file/open.js'
import { busy } from '../helpers/busy.js'
import { folder } from '../helpers/folder.js'
import { type Outcome, run, type RunOptions, sysring } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'

const test = suite('extcap', { needs: ['linux'], timeoutMs: 60_000 })
const { path: home, file } = folder()

/** A home of our own: the machine's is not touched. */
const ENV = { HOME: home, XDG_CONFIG_HOME: undefined, WIRESHARK_EXTCAP_DIR: undefined }
const LIVE = ['tshark', 'root', 'bpf', 'btf'] as const

busy(test)

const ours = (...args: string[]): Promise<Outcome> => sysring(['extcap', ...args], { env: ENV })
const tshark = (args: string[], options: RunOptions = {}): Promise<Outcome> => run('tshark', args, { env: ENV, cwd: home, ...options })
const capturing = (...args: string[]): Promise<Outcome> => tshark(['-i', 'sysdig', ...args])
const lines = (text: string): string[] => text.split('\n').filter(line => line !== '')

let place: Promise<string> | undefined

/** Where it is installed for all tests of captures. */
function installed(): Promise<string> {
  return (place ??= ours('install', '--json').then(({ stdout }) => (JSON.parse(stdout) as { installed: string }).installed))
}

test('install puts it into tshark\'s list, uninstall takes it away', async () => {
  const listed = async () => lines((await tshark(['-D'])).stdout).filter(line => line.endsWith('. sysdig (System calls)')).length
  assert.is(await listed(), 0)
  const { code, stdout, stderr } = await ours('install', '--user')
  assert.is(code, 0, stderr)
  const path = /^installed: (.*)$/m.exec(stdout)![1]
  assert.ok(path.startsWith(home), path)
  assert.is(lstatSync(path).mode & 0o777, 0o755)
  assert.equal(readdirSync(join(path, '..')), ['sysring'])
  assert.is(await listed(), 1)
  assert.match((await ours('install')).stdout, `installed: ${path}`, 'a second time it is the same file')
  assert.match((await ours('uninstall')).stdout, `removed: ${path}`)
  assert.is(existsSync(path), false)
  assert.is(await listed(), 0)
  const again = await ours('uninstall')
  assert.is(again.code, 0)
  assert.match(again.stdout, 'nothing to remove')
}, { needs: ['tshark'] })

test('without a tshark to ask it goes where Wireshark looks by default', async () => {
  const env = { ...ENV, HOME: file('another home'), PATH: '/nowhere' }
  const { code, stdout, stderr } = await sysring(['extcap', 'install'], { env })
  assert.is(code, 0, stderr)
  assert.match(stdout, `installed: ${env.HOME}/.local/lib/wireshark/extcap/sysring`)
  assert.match(stdout, 'There is no tshark')
  assert.match((await sysring(['extcap', 'uninstall'], { env })).stdout, `removed: ${env.HOME}/.local/lib`)
})

test('a file of others is neither written over nor removed', async () => {
  for (const [name, make] of [
    ['file', (path: string) => writeFileSync(path, '#!/bin/sh\necho mine\n')],
    ['link', (path: string) => symlinkSync('/etc/hostname', path)],
    ['folder', (path: string) => mkdirSync(path)],
  ] as const) {
    const dir = file(`foreign-${name}`)
    mkdirSync(dir)
    make(join(dir, 'sysring'))
    for (const what of ['install', 'uninstall']) {
      const { code, stderr } = await ours(what, '--dir', dir)
      assert.is(code, 1)
      assert.match(stderr, 'was not made by sysring')
    }
    assert.equal(readdirSync(dir), ['sysring'])
  }
  assert.is(readFileSync(file('foreign-file/sysring'), 'utf8'), '#!/bin/sh\necho mine\n')
})

test('the folder may be called anything', async () => {
  const dir = file('it\'s $HOME "quoted" `id`')
  assert.is((await ours('install', '--dir', dir)).code, 0)
  assert.match((await run(join(dir, 'sysring'), ['--extcap-interfaces'])).stdout, '{value=sysdig}')
})

test('a launcher whose program has gone says so', async () => {
  const dir = file('gone')
  await ours('install', '--dir', dir)
  const path = join(dir, 'sysring')
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(process.execPath, '/nowhere/node'))
  const { code, stdout, stderr } = await run(path, ['--extcap-interfaces'])
  assert.is(code, 1)
  assert.is(stdout, '')
  assert.match(stderr, 'install it again: sysring extcap install')
})

test('questions and their answers', async () => {
  const dir = file('questions')
  await ours('install', '--dir', dir)
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(join(dir, 'sysring'), args)
    assert.is(code, 0, stderr)
    assert.is(stderr, '')
    return lines(stdout)
  }
  assert.equal((await ask('--extcap-interfaces', '--extcap-version=4.0')).map(line => line.split(' ')[0]), ['extcap', 'interface'])
  assert.match((await ask('--extcap-dlts', '--extcap-interface', 'sysdig'))[0], 'dlt {number=147}')

  const config = await ask('--extcap-config', '--extcap-interface', 'sysdig')
  // As Wireshark takes a sentence apart: what its expression does not find is lost.
  const parsed = config.map(line => Object.fromEntries([...line.matchAll(/\{([a-zA-Z_-]*?)=(.*?)\}(?=\{|$|\s)/g)].map(([, name, value]) => [name, value])))
  config.forEach((line, index) => assert.is(`${line.split(' ')[0]} ${Object.entries(parsed[index]).map(([name, value]) => `{${name}=${value}}`).join('')}`, line))
  const calls = parsed.filter(({ call }) => call !== undefined)
  assert.equal(calls.map(({ number }) => number), calls.map((_, index) => String(index)))
  for (const { tooltip } of calls) assert.ok(tooltip.length > 10)
  assert.ok(parsed.some(({ arg, value }) => arg === '2' && value === 'lo'))
  assert.ok((await ask('--extcap-config', '--extcap-interface', 'sysdig', '--extcap-reload-option', 'merge')).every(line => line.startsWith('value {arg=2}')))

  assert.equal(await ask('--extcap-capture-filter', 'proc.name = cat and evt.type in (open, openat)', '--extcap-interface', 'sysdig'), [])
  assert.equal(await ask('--extcap-capture-filter', '', '--extcap-interface', 'sysdig'), [])
  assert.equal(await ask('--extcap-capture-filter', 'proc.nme = cat', '--extcap-interface', 'sysdig'), ['there is no field proc.nme; did you mean proc.name?'])
  assert.is((await ask('--extcap-capture-filter', 'tcp port 80', '--extcap-interface', 'sysdig')).length, 1)
})

test('tshark knows its options', async () => {
  await installed()
  const preferences = [...(await tshark(['-G', 'defaultprefs'])).stdout.matchAll(/^#extcap\.sysdig\.(\w+):/gm)].map(([, name]) => name)
  assert.equal(preferences.sort(), ['dropfailed', 'dynamicsnaplen', 'events', 'filter', 'framing', 'merge', 'pids', 'readers', 'snaplen'])
}, { needs: ['tshark'] })

test('a capture with both filters, ended by count: tshark, sysdig and we read the same events', async () => {
  await installed()
  const path = file('both.pcapng')
  const { code, stderr } = await capturing('-f', 'proc.name = cat', '-o', 'extcap.sysdig.filter:evt.type = openat or evt.type = close', '-c', '60', '-w', path)
  assert.is(code, 0, stderr)
  assert.match(stderr, /^60 packets captured/m)
  assert.not.match(stderr, 'ERR_')

  const ofUs: { type: number; name: string; ts: bigint }[] = []
  for await (const burst of await openFile(path)) {
    for (const { type, name, ts, flags } of burst) if ((flags & FLAG_STATE_ONLY) === 0) ofUs.push({ type, name, ts })
  }
  assert.is(ofUs.length, 60)
  const ofTshark = lines((await tshark(['-r', path, '-T', 'fields', '-e', 'sysdig.event_type', '-e', 'frame.time_epoch'])).stdout)
  assert.equal(ofTshark, ofUs.map(({ type, ts }) => `${type}\t${ts / 1_000_000_000n}.${String(ts % 1_000_000_000n).padStart(9, '0')}`))
  const ofSysdig = lines((await run('sysdig', ['-r', path, '-p', '%evt.type %evt.rawtime %proc.name'])).stdout).map(line => line.split(' '))
  assert.equal(ofSysdig.map(([name, time]) => `${name} ${time}`), ofUs.map(({ name, ts }) => `${name} ${ts}`))
  assert.ok(ofSysdig.every(([, , name]) => name === 'cat'), 'what the filter refuses and names come from is in the file')
  assert.ok(ofUs.some(({ name }) => name === 'openat') && ofUs.some(({ name }) => name === 'close'))
}, { needs: [...LIVE, 'sysdig'] })

test('a capture ended by time, and what Wireshark does itself', async () => {
  await installed()
  /** Events of cat, and of the tshark that captures and its children. */
  const counts = async (...options: string[]) => {
    const path = file('time.pcapng')
    const { code, stdout: pid, stderr } = await run('bash', ['-c', 'echo $$; exec tshark -i sysdig "$@"', 'bash', '-a', 'duration:4', '-w', path, ...options], { env: ENV })
    assert.is(code, 0, stderr)
    const { stdout } = await sysring(['dump', '-q', '-r', path, '-p', '%proc.name %proc.pid %proc.ppid'])
    const events = lines(stdout).map(line => line.split(' '))
    assert.is(Number(/^(\d+) packets? captured/m.exec(stderr)?.[1]), events.length)
    return { cat: events.filter(([name]) => name === 'cat').length, own: events.filter(event => event.includes(pid.trim())).length }
  }
  const without = await counts()
  assert.ok(without.cat > 0)
  assert.is(without.own, 0)
  assert.ok((await counts('-o', 'extcap.sysdig.readers:true')).own > 0)
}, { needs: LIVE })

test('options: exit events, failed calls, framing, snaplen', async () => {
  await installed()
  const path = file('options.pcapng')
  const { code, stderr } = await capturing('-c', '40', '-w', path, '-f', 'proc.name = cat and evt.type in (openat, read)',
    '-o', 'extcap.sysdig.events:exit', '-o', 'extcap.sysdig.dropfailed:true', '-o', 'extcap.sysdig.framing:ethernet', '-o', 'extcap.sysdig.snaplen:5')
  assert.is(code, 0, stderr)
  assert.match((await run('capinfos', ['-E', path])).stdout, /encapsulation: +Ethernet/)
  let events = 0
  for await (const burst of await openFile(path)) {
    for (const ev of burst) {
      events++
      assert.is(ev.dir, 'exit')
      const { fd, res, data } = ev.args as { fd?: number; res?: number; data?: Uint8Array }
      assert.ok(Number(fd ?? res) >= 0)
      if (ev.name === 'read') assert.ok(data!.length <= 5)
    }
  }
  assert.is(events, 40)
  // The filter of the capture, as the file says.
  assert.match((await run('capinfos', ['-I', path])).stdout, 'Filter string = proc.name = cat and evt.type in (openat, read)')
}, { needs: [...LIVE, 'capinfos'] })

test('packets of a network interface stand beside the events, with their process', async () => {
  await installed()
  const path = file('merged.pcapng')
  const talk = 'ip link set lo up; while :; do bash -c "exec 3<>/dev/tcp/127.0.0.1/9"; sleep 0.1; done 2> /dev/null & talking=$!'
  const { code, stderr } = await run('unshare', ['-n', 'bash', '-c', `${talk}; tshark -i sysdig -f 'proc.name = bash' -o extcap.sysdig.merge:lo -a duration:4 -w ${path}; status=$?; kill $talking; exit $status`], { env: ENV })
  assert.is(code, 0, stderr)
  const frames = lines((await tshark(['-r', path, '-T', 'fields', '-e', 'frame.interface_name', '-e', 'eth.type', '-e', 'frame.comment'])).stdout).map(line => line.split('\t'))
  const packets = frames.filter(([name]) => name === 'lo')
  assert.ok(packets.length > 0 && packets.length < frames.length, `${packets.length} of ${frames.length}: ${stderr}`)
  assert.ok(frames.every(([name, type]) => (name === 'sysdig') === (type === '0x88b5')))
  assert.ok(packets.every(([, , comment]) => /^pid=\d+ comm=bash /.test(comment)))
}, { needs: LIVE })

/** Options → what tshark shows of the reason. */
const REFUSED: [string[], RegExp][] = [
  [['-f', 'proc.nme = cat'], /Error by extcap pipe: sysring: ERR_CAPTURE_FILTER: there is no field proc\.nme\n[^]*did you mean proc\.name/],
  [['-o', 'extcap.sysdig.filter:evt.type ='], /ERR_CAPTURE_FILTER: a value is missing/],
  [['-o', 'extcap.sysdig.merge:lo', '-o', 'extcap.sysdig.framing:scap'], /packets of lo cannot stand beside events in framing scap\nhint: choose the framing ethernet/],
  [['-o', 'extcap.sysdig.merge:nonesuch'], /ERR_CAPTURE_NO_DEVICE: there is no interface named nonesuch/],
  [['-o', 'extcap.sysdig.framing:fancy'], /--framing is one of auto, scap, ethernet, user0, not 'fancy'/],
  [['-o', 'extcap.sysdig.snaplen:x'], /--snaplen takes a number of at least 0, not 'x'/],
  [['-o', 'extcap.sysdig.pids:1,x'], /--pids takes a number of at least 0, not 'x'/],
]
for (const [options, reason] of REFUSED) {
  test(`refused, and tshark says why: ${options.join(' ')}`, async () => {
    await installed()
    const { code, stderr } = await capturing('-c', '1', ...options)
    assert.is.not(code, 0)
    assert.match(stderr, reason)
    assert.match(stderr, /^0 packets captured/m)
  }, { needs: LIVE })
}

test('without the rights for it, tshark says what is missing', async () => {
  await installed()
  const { code, stderr } = await run('setpriv', ['--bounding-set=-bpf,-perfmon,-sys_admin', 'tshark', '-i', 'sysdig', '-c', '1'], { env: ENV, cwd: home })
  assert.is.not(code, 0)
  assert.match(stderr, /Error by extcap pipe: sysring: ERR_CAPTURE_PERM: [^]*CAP_BPF and CAP_PERFMON/)
}, { needs: LIVE })

/** What Wireshark does, without it: a FIFO, somebody who reads it, and the program. */
async function byHand(name: string, reader: string, ...options: string[]) {
  const dir = file(name)
  await ours('install', '--dir', dir)
  const fifo = join(dir, 'fifo')
  assert.is((await run('mkfifo', [fifo])).code, 0)
  chmodSync(fifo, 0o600)
  const reading = spawn('sh', ['-c', reader.replace('FIFO', `'${fifo}'`)], { stdio: 'inherit' })
  const child = spawn(join(dir, 'sysring'), ['--capture', '--extcap-interface', 'sysdig', '--fifo', fifo, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => { said += chunk })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }))
  return { child, ended, read: once(reading, 'exit') }
}

/** On a machine that is busy with other things events may be lost, and then that is said. */
function endedWell({ code, said }: { code: number | null; said: string }): void {
  assert.is(code, 0, said)
  assert.match(said, /^(sysring: \d+ dropped .*\n)?$/)
}

test('SIGINT and SIGTERM, as a Ctrl-C in a terminal brings them, end it with a file that is complete', async () => {
  const path = file('terminated.pcapng')
  const { child, ended, read } = await byHand('signals', `cat FIFO > '${path}'`, '--framing', 'ethernet', '--filter', 'proc.name = cat')
  while (!existsSync(path) || lstatSync(path).size < 100_000) await new Promise(resolve => setTimeout(resolve, 50))
  child.kill('SIGINT')
  child.kill('SIGTERM')
  endedWell(await ended)
  await read
  const { stdout, stderr } = await run('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.number'], { env: ENV })
  assert.not.match(stderr, 'cut short')
  // The last block has the counts, from which tshark and capinfos have them.
  assert.match((await run('capinfos', ['-I', path])).stdout, /Number of stat entries = 1/)
  let events = 0
  for await (const burst of await openFile(path)) for (const _ of burst) events++
  assert.is(lines(stdout).length, events)
}, { needs: [...LIVE, 'capinfos'] })

for (const [what, options] of [['there is something to write', ['--filter', 'proc.name = cat']], ['there is nothing to write', ['--filter', 'proc.name = nobody-is-called-so']]] as const) {
  test(`it ends when its reader has gone and ${what}`, async () => {
    const { ended, read } = await byHand(`gone ${what}`, 'head -c 2000 FIFO > /dev/null', ...options)
    await read
    endedWell(await ended)
  }, { needs: LIVE })
}

test('what is no capture for it is refused', async () => {
  const dir = file('refused')
  await ours('install', '--dir', dir)
  for (const [args, reason] of [
    [[], 'for Wireshark and tshark to start'],
    [['--capture'], 'goes with --fifo'],
    [['--extcap-config', '--extcap-interface', 'eth0'], 'there is no interface eth0'],
    [['--capture', '--fifo', join(dir, 'nothing')], 'cannot write to'],
  ] as const) {
    const { code, stdout, stderr } = await run(join(dir, 'sysring'), args)
    assert.ok(code === 1 || code === 2)
    assert.is(stdout, '')
    assert.match(stderr, reason)
  }
})
