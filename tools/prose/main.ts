import { checkProse } from './check-prose.ts'

const part = process.argv[2]
if (part !== 'documents' && part !== 'comments') throw new Error('usage: main.ts documents|comments')
const { files, findings } = await checkProse(part, '.')
for (const finding of findings) console.log(finding)
console.log(`${files} files, ${findings.length} findings`)
process.exitCode = findings.length === 0 ? 0 : 1
