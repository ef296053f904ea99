import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline'
import { Writable } from 'node:stream'
import { columnsOf } from './printable.ts'

/** A prompt at the bottom of a terminal, and everything else above it. */
export type Screen = {
  /** Prints above the prompt; typed text stays. */
  readonly print: (text: string) => void
  readonly close: () => void
}

type Options = {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
  readonly prompt: string
  /** A line was entered. It is removed from the screen: print what should stay visible. */
  readonly onLine: (line: string) => void
  /** The user pressed Ctrl-C or Ctrl-D, or the terminal has gone. */
  readonly onEnd: () => void
}

/** Opens a screen on a terminal. */
export const openScreen = ({ input, output, prompt, onLine, onEnd }: Options): Screen => {
  const gate = makeGate(output)
  const prompter = createInterface({ input, output: gate.stream, prompt, terminal: true })
  let isOpen = true

  const print = (text: string) => {
    if (!isOpen) {
      output.write(`${text}\n`)
      return
    }
    // readline draws typed text above the cursor by the rows that it counted last, without pasted text. Behind the closed
    // gate, it counts again.
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

/** A stream to a terminal that discards output while it is closed. */
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
