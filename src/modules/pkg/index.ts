export * from './functions.ts';
export * from './installed.ts';
export * from './latest.ts';
export * from './removed.ts';
