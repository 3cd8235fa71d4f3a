/** The text a JSON string token means; the token has been checked to be one. */
export function unquoteJson(token: string): string {
  const inner = token.slice(1, -1);
  return inner.includes('\\') ? String(JSON.parse(token)) : inner;
}
