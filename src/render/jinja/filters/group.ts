import { Tuple, type Value } from '../values.ts';

/** One group of `groupby`: a pair that also answers to `.grouper` and `.list`. */
export class Group extends Tuple {
  readonly grouper: Value;
  readonly list: Value[];

  constructor(grouper: Value, list: Value[]) {
    super([grouper, list]);
    this.grouper = grouper;
    this.list = list;
  }
}
