// A reader of its own process: node merge.mjs BUNDLE merged|unmerged FILE …
// Looks at the time and type of every event, several times over; prints what the fastest pass took.
const [bundle, mode, ...paths] = process.argv.slice(2)
const { merge, openFile } = await import(bundle)

const PASSES = 7

async function read(capture) {
  let events = 0
  let sum = 0
  for await (const burst of capture) {
    for (const ev of burst) {
      events++
      sum = (sum + ev.tsLo + ev.type) | 0
    }
  }
  return { events, sum }
}

async function pass() {
  const captures = []
  for (const path of paths) captures.push(await openFile(path))
  const started = process.cpuUsage()
  let events = 0
  let sum = 0
  for (const capture of mode === 'merged' ? [merge(captures)] : captures) {
    const seen = await read(capture)
    events += seen.events
    sum = (sum + seen.sum) | 0
  }
  const { user, system } = process.cpuUsage(started)
  return { events, sum, ns: 1000 * (user + system) / events }
}

const passes = []
for (let i = 0; i < PASSES; i++) passes.push(await pass())
const ns = passes.map(pass => pass.ns).sort((a, b) => a - b)
console.log(JSON.stringify({ events: passes[0].events, sum: passes[0].sum, ns: ns[PASSES >> 1], fastestNs: ns[0] }))
