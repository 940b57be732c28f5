import { stdio } from '../stdio.js'

export default stdio('stdout', 'What processes write to their standard output', 1)
