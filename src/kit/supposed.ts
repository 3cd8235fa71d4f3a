/** For the engine, which plans on a machine as it will be. */
export { type SupposedMachine, supposedMachine, Unforeseen } from '#machine/supposed.ts';
