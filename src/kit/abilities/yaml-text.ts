/** Plain data as YAML in block style, two spaces a level; what could be read as something else is quoted. */
export function yamlText(value: unknown): string {
  return `${lines(value).join('\n')}\n`;
}

function lines(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((each) => {
      const [first = '', ...rest] = lines(each);
      return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
    });
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, each]) => {
      const isNested = typeof each === 'object' && each !== null && Object.keys(each).length > 0;
      if (!isNested) return [`${scalar(key)}: ${scalar(each)}`];
      return [`${scalar(key)}:`, ...lines(each).map((line) => `  ${line}`)];
    });
  }
  return [scalar(value)];
}

/** Words that YAML 1.1 reads as true, false or nothing, and whatever starts like a number, are quoted as JSON is. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? null);
  const isPlain = /^[A-Za-z_/][\w ./@%+=,;()-]*$/.test(value) && !/ $/.test(value);
  const isWord = /^(y|n|yes|no|on|off|true|false|null)$/i.test(value);
  return isPlain && !isWord ? value : JSON.stringify(value);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
