import type { Route } from '../../lambdas/routes.ts'
import { parseJson } from '../../protocol/parse-json.ts'

/** Routes by route key, as in lambdas/routes.ts. */
export type RouteTable = Readonly<Record<string, Route>>

/** A route that a frame can select: any but $connect and $disconnect. */
export type MessageRoute = Route & { readonly function: Exclude<Route['function'], 'connect' | 'disconnect'> }

/** The route of a frame with its key. */
export type SelectedRoute = { readonly routeKey: string; readonly route: MessageRoute }

/**
 * Selects the route of a frame by `$request.body.action`: an exact match, or else `$default`. Returns undefined if
 * the table has no `$default` either. No action selects `$connect` or `$disconnect`.
 */
export const selectRoute = (table: RouteTable, body: string): SelectedRoute | undefined => {
  const action = actionOf(body)
  for (const routeKey of [action, '$default']) {
    if (routeKey === undefined || !Object.hasOwn(table, routeKey)) continue
    const route = table[routeKey]
    if (route && isMessageRoute(route)) return { routeKey, route }
  }
  return undefined
}

const actionOf = (body: string): string | undefined => {
  const frame = parseJson(body)
  if (typeof frame !== 'object' || frame === null || !Object.hasOwn(frame, 'action')) return undefined
  return 'action' in frame && typeof frame.action === 'string' ? frame.action : undefined
}

const isMessageRoute = (route: Route): route is MessageRoute =>
  route.function !== 'connect' && route.function !== 'disconnect'
