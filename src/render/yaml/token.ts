/** One token of YAML's presentation; `at` is its offset. */
export type Token =
  | { readonly kind: Mark; readonly at: number }
  | { readonly kind: 'anchor' | 'alias'; readonly at: number; readonly name: string }
  | { readonly kind: 'tag'; readonly at: number; readonly handle: string | undefined; readonly suffix: string }
  | { readonly kind: 'scalar'; readonly at: number; readonly text: string; readonly plain: boolean }
  | { readonly kind: 'directive'; readonly at: number; readonly name: string; readonly values: readonly string[] };

export type Mark =
  | 'end'
  | 'document-start'
  | 'document-end'
  | 'block-sequence'
  | 'block-mapping'
  | 'block-end'
  | 'block-entry'
  | 'flow-sequence'
  | 'flow-sequence-end'
  | 'flow-mapping'
  | 'flow-mapping-end'
  | 'flow-entry'
  | 'key'
  | 'value';
