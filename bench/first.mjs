/** How long a live capture takes to begin: the import, the opening, and from there to the first event. */
const times = { }
let before = performance.now()
const lap = (name) => {
  const now = performance.now()
  times[name] = now - before
  before = now
}
const { open } = await import(process.argv[2])
lap('importMs')
const capture = await open('sysdig', JSON.parse(process.argv[3] ?? '{}'))
lap('openMs')
for await (const burst of capture) {
  for (const ev of burst) times.type = ev.type
  break
}
lap('firstEventMs')
await capture.close()
lap('closeMs')
console.log(JSON.stringify(times))
