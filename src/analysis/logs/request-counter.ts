import { FIRST_STATUS, STATUSES } from './assembly/shared.ts'
import type { RequestCounts, RouteCounts, StatusCounts } from './log-scan.ts'
import type { RouteClass } from './routes.ts'
import { CLASS_OF_ROUTE, LOG_ROUTES, ROUTE_CLASSES, routeClass } from './routes.ts'

/** Counts answers by route and status; statuses run from 100 to 599, as the access line's expression has them. */
export class RequestCounter {
  #counts = new Uint32Array(LOG_ROUTES.length * STATUSES)
  #ofClass = new Uint32Array(ROUTE_CLASSES.length)

  /** Goes on counting in these cells, by route and status, and by class. */
  countIn(counts: Uint32Array<ArrayBuffer>, ofClass: Uint32Array<ArrayBuffer>): void {
    counts.set(this.#counts)
    ofClass.set(this.#ofClass)
    this.#counts = counts
    this.#ofClass = ofClass
  }

  add(route: number, status: number): void {
    const cell = route * STATUSES + status - FIRST_STATUS
    this.#counts[cell] = (this.#counts[cell] ?? 0) + 1
    const group = CLASS_OF_ROUTE[route] ?? 0
    this.#ofClass[group] = (this.#ofClass[group] ?? 0) + 1
  }

  /** How many answers there were on routes of a class, by its number. */
  ofClass(group: number): number {
    return this.#ofClass[group] ?? 0
  }

  result(): RequestCounts {
    const routes = LOG_ROUTES.map((route, index): RouteCounts => {
      const statuses = this.#statusesOf(index)
      return { route, routeClass: routeClass(route), total: sum(statuses), statuses }
    })
    const ofClass = (group: RouteClass) => {
      const statuses = merged(routes.filter((route) => route.routeClass === group))
      return { total: sum(statuses), statuses }
    }
    const byClass = Object.fromEntries(ROUTE_CLASSES.map((group) => [group, ofClass(group)]))
    return {
      total: routes.reduce((total, route) => total + route.total, 0),
      byClass: byClass as RequestCounts['byClass'],
      routes: routes.filter(({ total }) => total > 0).sort((a, b) => b.total - a.total),
    }
  }

  #statusesOf(route: number): StatusCounts {
    const statuses = new Map<number, number>()
    for (let offset = 0; offset < STATUSES; offset++) {
      const count = this.#counts[route * STATUSES + offset] ?? 0
      if (count > 0) statuses.set(FIRST_STATUS + offset, count)
    }
    return statuses
  }
}

function merged(routes: readonly RouteCounts[]): StatusCounts {
  const all = new Map<number, number>()
  for (const { statuses } of routes) {
    for (const [status, count] of statuses) all.set(status, (all.get(status) ?? 0) + count)
  }
  return all
}

function sum(statuses: StatusCounts): number {
  let total = 0
  for (const count of statuses.values()) total += count
  return total
}
