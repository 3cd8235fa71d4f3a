export * from './functions.ts';
export * from './states.ts';
