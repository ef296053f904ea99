import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import GithubSlugger from 'github-slugger'
import type { Root } from 'mdast'
import { toString as textOf } from 'mdast-util-to-string'
import { visit } from 'unist-util-visit'
import type { VFile } from 'vfile'

export type Page = { readonly file: VFile; readonly tree: Root }

/** Checks that every link to a file, a heading or a line leads somewhere. Links to the web are not followed. */
export async function checkLinks(pages: ReadonlyMap<string, Page>, root: string): Promise<void> {
  const anchors = new Map([...pages].map(([path, { tree }]) => [path, anchorsOf(tree)]))
  for (const [path, { file, tree }] of pages) {
    const links: { url: string; position?: Root['position'] }[] = []
    visit(tree, ['link', 'image', 'definition'], (node) => {
      if ('url' in node) links.push(node)
    })
    for (const { url, position } of links) {
      const reason = await faultOf(url, path, root, anchors)
      if (reason) file.message(reason, { place: position, ruleId: 'link' })
    }
  }
}

async function faultOf(
  url: string,
  from: string,
  root: string,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<string | undefined> {
  if (/^([a-z][a-z\d+.-]*:|\/\/)/i.test(url)) return undefined
  const [path = '', hash] = decodeURI(url).split('#', 2)
  const target =
    path === '' ? from : path.startsWith('/') ? resolve(root, `.${path}`) : resolve(dirname(from), path)
  if (relative(root, target).startsWith('..')) return `${url}: outside the repository`
  if (!existsSync(target)) return `${url}: no such file`
  if (hash === undefined) return undefined
  const known = anchors.get(target)
  if (known) return known.has(hash) ? undefined : `${url}: no such heading`
  const line = /^L(\d+)(-L\d+)?$/.exec(hash)?.[1]
  const lines = line === undefined ? 0 : (await readFile(target, 'utf8')).split('\n').length
  return line !== undefined && Number(line) <= lines ? undefined : `${url}: no such line`
}

function anchorsOf(tree: Root): Set<string> {
  const slugger = new GithubSlugger()
  const anchors = new Set<string>()
  visit(tree, (node) => {
    if (node.type === 'heading') anchors.add(slugger.slug(textOf(node)))
    if (node.type !== 'html') return
    for (const [, name] of node.value.matchAll(/\b(?:id|name)="([^"]+)"/g)) if (name) anchors.add(name)
  })
  return anchors
}
