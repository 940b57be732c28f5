import { top } from '../top.js'

export default top({
  name: 'topcontainers_error',
  about: 'Containers by calls that failed',
  category: 'Errors',
  filter: 'evt.failed = true and container.name != host',
  value: 'evt.count', title: '#Errors', unit: 'count',
  by: [['container.name', 'container.name']],
  top: 100,
})
