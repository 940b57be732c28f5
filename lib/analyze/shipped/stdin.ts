import { stdio } from '../stdio.js'

export default stdio('stdin', 'What processes read from their standard input', 0)
