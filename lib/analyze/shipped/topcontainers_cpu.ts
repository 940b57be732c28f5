import { cpu } from '../cpu.js'

export default cpu({
  name: 'topcontainers_cpu',
  about: 'Containers by CPU time, the host among them',
  by: [['container.name', 'container.name']],
})
