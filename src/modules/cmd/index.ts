export * from './functions.ts';
export { run as runState, script as scriptState, wait } from './states.ts';
