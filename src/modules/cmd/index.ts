export * from './functions.ts';
export { run as runState, script as scriptState, wait, waitScript, watch } from './states.ts';
