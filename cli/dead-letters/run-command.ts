import type { DeadLetterSummary } from '../../adapters/rabbitmq/dead-letter.ts'
import type { DeadLetters, Selection } from '../../adapters/rabbitmq/maintenance/dead-letters.ts'
import { listAsJson, nameOf, recordText, tableOf } from './lines.ts'
import type { Command } from './options.ts'
import type { Output } from './run-arguments.ts'

type Deps = Output & { readonly deadLetters: DeadLetters }

/** Runs a parsed command; resolves with the exit code. @throws the errors of DeadLetters; printed records are done */
export const runCommand = async (command: Command, deps: Deps): Promise<number> => {
  switch (command.kind) {
    case 'list':
      return list(command.selection, command.asJson, deps)
    case 'show':
      return show(command.id, deps)
    case 'replay':
      return replay(command.selection, deps)
    case 'drop':
      return command.isSure ? drop(command.selection, deps) : previewDrop(command.selection, deps)
  }
}

const list = async (selection: Selection, asJson: boolean, { deadLetters, tell }: Deps): Promise<number> => {
  const letters = await deadLetters.list(selection)
  if (asJson) tell(listAsJson(letters))
  else tell(letters.length === 0 ? nothing(selection) : tableOf(letters))
  return 0
}

const show = async (id: string, { deadLetters, tell, complain }: Deps): Promise<number> => {
  const letters = await deadLetters.show(id)
  for (const letter of letters) tell(recordText(letter))
  if (letters.length === 0) complain(absent(id))
  return letters.length > 0 ? 0 : 1
}

const replay = async (selection: Selection, { deadLetters, tell, complain }: Deps): Promise<number> => {
  const seen = new Set<string>()
  let replayed = 0
  let stayed = 0
  try {
    const unread = await deadLetters.replay(selection, (letter, outcome) => {
      seen.add(letter.id)
      if (outcome === 'replayed') {
        replayed++
        tell(`Replayed ${nameOf(letter)}`)
      } else {
        stayed++
        complain(`${nameOf(letter)} stays: this version does not know it as a job.`)
      }
    })
    if (unread.length > 0) {
      complain(
        `No process reads ${unread.join(', ')} now. The records wait there for a gateway with these LANES.`,
      )
    }
  } finally {
    // Printed also after a failure: the records that were printed are done.
    if (seen.size > 0) tell(`Replayed ${replayed} of ${replayed + stayed}.`)
  }
  if (seen.size === 0) tell(nothing(selection))
  return complainOfAbsent(selection, seen, complain) || stayed > 0 ? 1 : 0
}

const drop = async (selection: Selection, { deadLetters, tell, complain }: Deps): Promise<number> => {
  const seen = new Set<string>()
  let dropped = 0
  try {
    await deadLetters.drop(selection, (letter) => {
      seen.add(letter.id)
      dropped++
      tell(`Dropped ${nameOf(letter)}`)
    })
  } finally {
    if (dropped > 0) tell(`Dropped ${dropped}.`)
  }
  if (dropped === 0) tell(nothing(selection))
  return complainOfAbsent(selection, seen, complain) ? 1 : 0
}

const previewDrop = async (selection: Selection, deps: Deps): Promise<number> => {
  const { deadLetters, tell, complain } = deps
  const letters = await deadLetters.list(selection)
  tell(letters.length === 0 ? nothing(selection) : tableOf(letters))
  const isAbsent = complainOfAbsent(selection, idsOf(letters), complain)
  if (letters.length === 0) return isAbsent ? 1 : 0
  complain(`Nothing was dropped. Add --yes to remove these ${letters.length} permanently.`)
  return 1
}

const idsOf = (letters: readonly DeadLetterSummary[]): ReadonlySet<string> =>
  new Set(letters.map(({ id }) => id))

/** Complains about ids that do not exist. @returns true if there are any */
const complainOfAbsent = (
  { ids = [] }: Selection,
  seen: ReadonlySet<string>,
  complain: (text: string) => void,
): boolean => {
  const missing = ids.filter((id) => !seen.has(id))
  for (const id of missing) complain(absent(id))
  return missing.length > 0
}

const absent = (id: string): string => `There is no dead letter ${id}.`

const nothing = ({ ids, roomId, reason }: Selection): string =>
  ids === undefined && roomId === undefined && reason === undefined
    ? 'There are no dead letters.'
    : 'No dead letter matches.'
