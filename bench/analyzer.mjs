/**
 * The analyzer of the live benchmarks, a process of its own: runs one that ships over the machine, with a report a second, until standard
 * input ends. Plain JavaScript on the bundle.
 *
 * Usage: node analyzer.mjs DIST NAME; writes "ready", and at the end what it counted and used as JSON.
 */
const [dist, name] = process.argv.slice(2)
const { open } = await import(`${dist}/index.js`)
const { run, shipped } = await import(`${dist}/analyze.js`)

const stop = new AbortController()
process.stdin.on('end', () => stop.abort()).resume()
let events = 0
let last
let began
let before
for await (const report of run(await shipped(name), {
  on: async options => {
    const capture = await open('sysdig', { ...options, ringBytes: 16 << 20 })
    // Opening is measured elsewhere.
    began = performance.now()
    before = process.cpuUsage()
    process.stdout.write('ready\n')
    return capture
  },
  everyMs: 1000,
  signal: stop.signal,
})) {
  events += report.events
  last = report
}
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({
  events, wallMs: performance.now() - began, cpuMs: (user + system) / 1000,
  seen: last.stats.seen, dropped: last.stats.dropped.total, rssMb: process.resourceUsage().maxRSS / 1024,
}))
