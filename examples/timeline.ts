// One HTTP request over loopback on one time line: the system calls of client and server, and the packets between them.
// Run as root: npx tsx examples/timeline.ts
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { argsText, merge, open } from 'sysring'

const [part, given] = process.argv.slice(2)
if (part === 'server') {
  const server = createServer((_, response) => response.end('hello\n')).listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
} else if (part === 'client') {
  get(`http://127.0.0.1:${given}/`, { agent: false }, response => response.resume())
} else {
  await watch()
}

async function watch(): Promise<void> {
  const child = (...args: string[]) => fork(fileURLToPath(import.meta.url), args)
  const server = child('server')
  const [port] = await once(server, 'message') as [number]
  const sources = [await open('sysdig', { state: true }), await open('lo', { bpf: `tcp port ${port}` })]
  await using both = merge(sources, { filter: `fd.port = ${port} and evt.type != close`, maxDurationMs: 15_000 })
  const client = child('client', String(port))
  client.on('exit', () => setTimeout(() => both.stop(), 200))
  const name = (pid?: number) => (pid === server.pid ? 'server' : pid === client.pid ? 'client' : '?')
  let start: bigint | undefined
  for await (const burst of both) {
    for (const ev of burst) {
      const time = `${(Number(ev.ts - (start ??= ev.ts)) / 1000).toFixed(1).padStart(9)} µs`
      const text = /^(GET|HTTP).*?(?=\r)/m.exec(ev.packet?.bytes.toString('latin1').slice(66) ?? '')?.[0] ?? ''
      if (ev.packet !== undefined) console.log(`${time}  ------ ${name(ev.process?.pid)} → ${name(ev.peer?.pid)}  ${ev.len} bytes  ${text}`)
      else console.log(`${time}  ${name(ev.pid)} ${ev.dir === 'enter' ? '>' : '<'} ${ev.name} ${argsText(ev).split(' data=')[0].slice(0, 70)}`)
    }
  }
  server.kill()
}
