import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline'
import { Writable } from 'node:stream'
import { columnsOf } from './printable.ts'

/** A prompt at the bottom of a terminal, and everything else above it. */
export type Screen = {
  /** Prints above the prompt; what is being typed stays as it is. */
  readonly print: (text: string) => void
  readonly close: () => void
}

type Options = {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly prompt: string
  /** A line that was entered. It is taken off the screen: print what should be seen of it. */
  readonly onLine: (line: string) => void
  /** Ctrl-C, Ctrl-D, or the terminal is gone. */
  readonly onEnd: () => void
}

export const openScreen = ({ input, output, prompt, onLine, onEnd }: Options): Screen => {
  const gate = makeGate(output)
  const prompter = createInterface({ input, output: gate.stream, prompt, terminal: true })
  let isOpen = true

  const print = (text: string) => {
    if (!isOpen) {
      output.write(`${text}\n`)
      return
    }
    // readline draws what is typed that many rows above the cursor as it last counted, and it does not count
    // what was pasted: behind the closed gate it counts again.
    gate.close()
    prompter.prompt(true)
    gate.open()
    const { rows } = prompter.getCursorPos()
    moveCursor(output, 0, -rows)
    cursorTo(output, 0)
    clearScreenDown(output)
    output.write(`${text}\n${'\n'.repeat(rows)}`)
    prompter.prompt(true)
  }
  prompter.on('line', (line) => {
    const rows = Math.floor((columnsOf(prompt) + columnsOf(line)) / Math.max(1, output.columns)) + 1
    moveCursor(output, 0, -rows)
    cursorTo(output, 0)
    clearScreenDown(output)
    onLine(line)
    if (isOpen) prompter.prompt()
  })
  prompter.on('close', () => {
    isOpen = false
    output.write('\n')
    onEnd()
  })
  prompter.prompt()
  return { print, close: () => prompter.close() }
}

/** A stream to a terminal that swallows what is written while it is closed. */
const makeGate = (output: NodeJS.WriteStream) => {
  let isOpen = true
  const writable = new Writable({
    write: (chunk, _encoding, done) => {
      if (isOpen) output.write(chunk)
      done()
    },
  })
  const stream = Object.assign(writable, { columns: output.columns })
  output.on('resize', () => {
    stream.columns = output.columns
    stream.emit('resize')
  })
  return {
    stream,
    open: () => {
      isOpen = true
    },
    close: () => {
      isOpen = false
    },
  }
}
