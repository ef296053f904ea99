type Attributes = Readonly<Record<string, string | undefined>>

/** Creates an element. Strings become text nodes and are never parsed as HTML. */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] => {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

type ElementClass<Found> = abstract new (...args: never) => Found

/** Finds an element by id and type. @throws Error if page and script do not match */
export const byId = <Found extends HTMLElement>(id: string, kind: ElementClass<Found>): Found =>
  expectKind(document.getElementById(id), kind, `#${id}`)

/** Finds the element inside `root` with this `data-part`. @throws Error if page and script do not match */
export const part = <Found extends HTMLElement>(
  root: ParentNode,
  name: string,
  kind: ElementClass<Found>,
): Found => expectKind(root.querySelector(`[data-part="${name}"]`), kind, name)

/** Shows a text, or hides the element without one. */
export const showText = (target: HTMLElement, text: string | undefined): void => {
  target.textContent = text ?? ''
  target.hidden = text === undefined
}

const expectKind = <Found extends HTMLElement>(
  found: Element | null,
  kind: ElementClass<Found>,
  what: string,
): Found => {
  if (found instanceof kind) return found
  throw new Error(`The page has no ${what} of the kind that its script expects`)
}
