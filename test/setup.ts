import fc from 'fast-check'

/** Property tests draw the same cases in every run, so that a red run can be repeated; PROVOPS_SEED explores others. */
const DEFAULT_SEED = 20_261_123

fc.configureGlobal({ seed: Number(process.env.PROVOPS_SEED ?? DEFAULT_SEED) })
