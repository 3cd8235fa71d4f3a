export * from './absent.ts';
export * from './functions.ts';
export * from './present.ts';
