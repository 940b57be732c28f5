// timeout: 240
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { openFile } from '../../lib/index.js'
import { busy } from '../helpers/busy.js'
import { folder } from '../helpers/folder.js'
import { joined } from '../helpers/network.js'
import { compile } from '../helpers/program.js'
import { run, SYSRING } from '../helpers/run.js'
import { suite } from '../helpers/suite.js'
import { BETWEEN, end, MESSAGES, prepare, speak, type Spoken } from '../helpers/talk.js'

const test = suite('pipes', { needs: ['root', 'bpf', 'btf', 'tshark', 'ip'], timeoutMs: 60_000 })
const { path: home, file } = folder()
const talk = compile('talk')
busy(test)

/** A TCP and a UDP conversation, neither begun before the capture. */
const TALKS = [BETWEEN[0], BETWEEN[3]]

interface Pipeline {
  readonly child: ChildProcess
  /** What was printed until now. */
  output(): string
  errors(): string
  /** Signals all of its programs, as Ctrl-C does. */
  interrupt(): void
  /** Exit codes of its programs. */
  readonly ended: Promise<number[]>
}

/** A line of bash, in a group of processes of its own; `$SYSRING` is the command. */
function pipeline(line: string, inside: readonly string[] = []): Pipeline {
  const [command, ...args] = [...inside, 'bash', '-c', `trap : INT; ${line}; echo "codes \${PIPESTATUS[*]}" >&2`]
  const child = spawn(command, args, { detached: true, cwd: home, env: { ...process.env, SYSRING: SYSRING.join(' ') }, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = ['', '']
  child.stdout.on('data', (chunk: Buffer) => { said[0] += chunk })
  child.stderr.on('data', (chunk: Buffer) => { said[1] += chunk })
  return {
    child,
    output: () => said[0],
    errors: () => said[1],
    interrupt: () => { process.kill(-child.pid!, 'SIGINT') },
    ended: once(child, 'close').then(() => (/^codes (.*)$/m.exec(said[1])?.[1] ?? '').split(' ').map(Number)),
  }
}

/** Waits until that is so; what is said of the pipeline if it never is. */
async function until(what: string, condition: () => boolean, { errors }: Pipeline): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (condition()) return
    await sleep(50)
  }
  throw new Error(`${what}: not within 15 s\n${errors()}`)
}

const started = (path: string) => existsSync(path) && statSync(path).size > 0

/** Says who owns each packet of the talks with data in it, by tshark's fields: port, port, comment. */
function checkComments(lines: readonly string[], spoken: readonly Spoken[]): void {
  for (const { serverPort, serverPid, clientPort, clientPid, name } of spoken) {
    const pid = new Map([[serverPort, serverPid], [clientPort, clientPid]])
    const packets = lines.map(line => line.split('\t')).filter(([from, to]) => pid.has(Number(from)) && pid.has(Number(to)))
    assert.ok(packets.length >= 2 * MESSAGES, `${name}: ${packets.length} packets`)
    for (const [from, to, comment] of packets) {
      assert.match(comment, new RegExp(`^pid=${pid.get(Number(from))} comm=talk( fd=\\d+)? dir=out peer\\.pid=${pid.get(Number(to))} peer\\.comm=talk$`))
    }
  }
}

/** Talks between two namespaces, captured with `sysring dump -i sysdig -i veth0 -w - OPTIONS`, read by tshark; what that printed. */
async function talked(options: string, name: string): Promise<{ lines: string[]; counted: number; spoken: Spoken[]; path: string }> {
  const net = joined()
  try {
    const running = await prepare(talk, TALKS, net.inside[1], net.inside[0])
    try {
      const path = file(name)
      const fields = ['tcp.port', 'udp.port'].map(field => `-e ${field}`).join(' ')
      const pipe = pipeline(
        `$SYSRING dump -i sysdig -i veth0 --ring 64 -w - ${options} 'proc.name = talk' | tee ${path} | tshark -n -l -i - -T fields ${fields} -e frame.comment -E occurrence=a -E aggregator=/s`,
        net.inside[0])
      await until('a header', () => started(path), pipe)
      const spoken = await speak(running)
      await sleep(500)
      // The capture alone: its readers come to their end by themselves.
      const [sysring] = readFileSync(`/proc/${pipe.child.pid}/task/${pipe.child.pid}/children`, 'utf8').trim().split(' ')
      process.kill(Number(sysring), 'SIGINT')
      assert.equal(await pipe.ended, [0, 0, 0], pipe.errors())
      const lines = pipe.output().split('\n').slice(0, -1).map(line => {
        const [tcp, udp, comment = ''] = line.split('\t')
        return `${(tcp !== '' ? tcp : udp).replace(' ', '\t')}\t${comment}`
      })
      return { lines, counted: Number(/^(\d+) events in/m.exec(pipe.errors())?.[1]), spoken, path }
    } finally {
      await end(running)
    }
  } finally {
    net.remove()
  }
}

test('a merged capture into tshark: every event, and the process of each packet as its comment', async () => {
  const { lines, counted, spoken, path } = await talked('', 'merged.pcapng')
  assert.is(lines.length, counted)
  checkComments(lines, spoken)
  let [calls, packets] = [0, 0]
  for await (const burst of await openFile(path)) for (const { packet } of burst) packet === undefined ? calls++ : packets++
  assert.is(calls + packets, counted)
  assert.ok(calls > 1000 && packets >= 4 * MESSAGES, `${calls} calls, ${packets} packets`)
})

test('--no-comments: the same without', async () => {
  const { lines, counted } = await talked('--no-comments', 'bare.pcapng')
  assert.is(lines.length, counted)
  assert.ok(lines.length >= 4 * MESSAGES)
  assert.ok(lines.every(line => line.endsWith('\t')))
})

test('what happens is shown while it goes on, though nothing comes behind it', async () => {
  const pipe = pipeline(`$SYSRING dump -i sysdig -i lo -w - 'proc.name = uname' | tee live.pcapng | tshark -n -l -i - -T fields -e frame.number -e frame.len`)
  await until('a header', () => started(file('live.pcapng')), pipe)
  for (let round = 1; round <= 3; round++) {
    const before = pipe.output().length
    const isShown = () => pipe.output().length > before
    // On a busy machine its events may be among those that are lost.
    for (let tries = 0; tries < 5 && !isShown(); tries++) {
      assert.is((await run('uname')).code, 0)
      for (let waited = 0; waited < 40 && !isShown(); waited++) await sleep(50)
    }
    assert.ok(isShown(), `round ${round}: ${pipe.errors()}`)
    await sleep(1000) // all of them
  }
  pipe.interrupt()
  await pipe.ended
})

test('Ctrl-C for the whole pipeline: everything ends, and what was written is whole', async () => {
  // The reader has a group of its own, or would be the first to go.
  const pipe = pipeline(`$SYSRING dump -i sysdig -i lo -w - 'proc.name = cat' | setsid -w tshark -n -l -r -`)
  await until('events', () => pipe.output().length > 10_000, pipe)
  pipe.interrupt()
  assert.equal(await pipe.ended, [0, 0], pipe.errors())
  assert.is(pipe.output().split('\n').length - 1, Number(/^(\d+) events in/m.exec(pipe.errors())?.[1]))
})

test('Ctrl-C, and the reader is the first to go: no word about it', async () => {
  const pipe = pipeline(`$SYSRING dump -i sysdig -i lo -w - | dd bs=1k status=none`)
  await until('events', () => pipe.output().length > 10_000, pipe)
  pipe.interrupt()
  assert.is((await pipe.ended)[0], 0, pipe.errors())
  assert.not.match(pipe.errors(), /EPIPE|Error/)
})

test('the reader has seen enough: the capture ends as well, with success', async () => {
  const pipe = pipeline(`$SYSRING dump -i sysdig -i lo -w - | tshark -n -i - -c 20 -T fields -e frame.number`)
  const codes = await pipe.ended
  assert.equal(codes, [0, 0], pipe.errors())
  assert.is(pipe.output().trim().split('\n').length, 20)
  assert.not.match(pipe.errors(), /EPIPE|Error/)
})

// Over ssh, to a server of the test's own: keys, port and settings are in its folder. /run and the list of users are those of a mount
// namespace, for the server wants a folder there and a user "sshd".

interface Server { readonly ssh: string; stop(): void }

async function sshServer(): Promise<Server> {
  const port = await freePort()
  for (const name of ['host', 'user']) if (!existsSync(file(name))) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)])
  const users = readFileSync('/etc/passwd', 'utf8')
  writeFileSync(file('passwd'), /^sshd:/m.test(users) ? users : `${users}sshd:x:122:65534::/run/sshd:/usr/sbin/nologin\n`)
  const settings = {
    ListenAddress: '127.0.0.1', Port: port, HostKey: file('host'), AuthorizedKeysFile: file('user.pub'), StrictModes: 'no', UsePAM: 'no',
    PermitRootLogin: 'prohibit-password', PasswordAuthentication: 'no', PidFile: 'none',
  }
  writeFileSync(file('sshd_config'), Object.entries(settings).map(([name, value]) => `${name} ${value}\n`).join(''))
  // sshd starts itself again for each connection, and wants its own path for that.
  const script = `mount --bind ${file('passwd')} /etc/passwd && mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec "$(command -v sshd)" -D -e -f ${file('sshd_config')}`
  const server = spawn('unshare', ['-m', 'sh', '-c', script], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk: Buffer) => {
      said += chunk
      if (said.includes('Server listening')) resolve()
    })
    server.once('close', () => reject(new Error(`sshd: ${said}`)))
  })
  const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${file('known_hosts')}`, 'IdentitiesOnly=yes', 'LogLevel=ERROR', 'BatchMode=yes']
  return { ssh: `ssh -F none -i ${file('user')} -p ${port} ${options.map(option => `-o ${option}`).join(' ')} root@127.0.0.1`, stop: () => { server.kill() } }
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number }
    server.close(() => resolve(port))
  }))
}

const SSH = { needs: ['sshd', 'ssh', 'ssh-keygen', 'mount_namespace'] }

test('over ssh: every event that was captured is read, and the end goes through', async () => {
  const server = await sshServer()
  try {
    const pipe = pipeline(`${server.ssh} "$SYSRING dump -i sysdig -i lo -d 3 -w - 'proc.name = cat or proc.name = talk'" | tshark -n -r - -T fields -e frame.number -e frame.comment`)
    assert.equal(await pipe.ended, [0, 0], pipe.errors())
    const counted = Number(/^(\d+) events in/m.exec(pipe.errors())?.[1])
    assert.ok(counted > 100)
    assert.is(pipe.output().trim().split('\n').length, counted)
  } finally {
    server.stop()
  }
}, SSH)

test('over ssh: the viewer is closed, the capture over there ends', async () => {
  const server = await sshServer()
  try {
    const pipe = pipeline(`${server.ssh} "echo \\$\\$ > far.pid; exec $SYSRING dump -i sysdig -w -" | tshark -n -i - -c 50 -T fields -e frame.number`.replace('far.pid', file('far.pid')))
    const [, tshark] = await pipe.ended
    assert.is(tshark, 0, pipe.errors())
    assert.is(pipe.output().trim().split('\n').length, 50)
    const pid = readFileSync(file('far.pid'), 'utf8').trim()
    await until('the capture at the other end to be gone', () => !existsSync(`/proc/${pid}`), pipe)
  } finally {
    server.stop()
  }
}, SSH)

test('over ssh: the capture does not see the server that carries it, unless asked', async () => {
  const server = await sshServer()
  try {
    for (const readers of [false, true]) {
      const pipe = pipeline(`${server.ssh} "echo \\$PPID > ${file('sshd.pid')}; exec $SYSRING dump -i sysdig -d 2 -w - ${readers ? '--readers' : ''}" > ${file('carried.pcapng')}`)
      assert.equal(await pipe.ended, [0], pipe.errors())
      const carrier = Number(readFileSync(file('sshd.pid'), 'utf8'))
      let [count, carried] = [0, 0]
      for await (const burst of await openFile(file('carried.pcapng'))) for (const { tid } of burst) {
        count++
        if (tid === carrier) carried++
      }
      assert.ok(count > 100)
      assert.is(carried > 0, readers, `${carried} of ${count} are of sshd`)
    }
  } finally {
    server.stop()
  }
}, SSH)
