export * from './functions.ts';
export {
  dead,
  disabled,
  enabled,
  masked,
  running,
  unmasked,
} from './states.ts';
