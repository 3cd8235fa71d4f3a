import type { Place } from '#base/errors.ts';
import type { Bytes, Float } from '../jinja/values.ts';

/** A loaded document: every key and value knows its place in the file somebody wrote. */
export type Node = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: 'map';
  readonly at: Place;
  /** In file order; keys are unique. */
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly key: ScalarNode;
  readonly value: Node;
}

export interface ListNode {
  readonly kind: 'list';
  readonly at: Place;
  readonly items: readonly Node[];
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly at: Place;
  readonly value: Scalar;
}

/** Integers are numbers, or bigints beyond 2^53; a number written as a float is a Float, and `!!binary` is Bytes. */
export type Scalar = null | boolean | number | bigint | string | Float | Bytes;
