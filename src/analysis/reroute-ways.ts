/** How traffic can be moved: by who has the id, by who is asked first, or by who is left out. */
export const REROUTE_WAYS = ['alias', 'priority', 'exclusion'] as const

export type RerouteWay = (typeof REROUTE_WAYS)[number]
