import { GraphQLError } from 'graphql';

type Labels = Readonly<Record<string, string>>;
type Test = (labels: Labels) => boolean;

const REQUIREMENT =
  /^(?:(?<absent>!)?(?<key>[\w./-]+)|(?<left>[\w./-]+)\s*(?:(?<op>==?|!=)\s*(?<value>[\w.-]*)|\s(?<set>in|notin)\s*\((?<values>[^)]*)\)))$/;

/** Kubernetes' label selector as a predicate. Nothing given matches everything. */
export function labelSelector(text: string | undefined): Test {
  const tests = splitOutsideBrackets(text ?? '').map(requirement);
  return (labels) => tests.every((test) => test(labels));
}

function splitOutsideBrackets(text: string): string[] {
  return text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function requirement(text: string): Test {
  const found = REQUIREMENT.exec(text)?.groups;
  if (!found) throw new GraphQLError(`cannot read the label selector "${text}"`, { extensions: { code: 400, reason: 'BadRequest' } });
  const key = found['key'] ?? found['left'] ?? '';
  if (found['key']) return found['absent'] ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined;
  if (found['op']) {
    const value = found['value'] ?? '';
    return found['op'] === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const values = new Set((found['values'] ?? '').split(',').map((value) => value.trim()));
  if (found['set'] === 'notin') return (labels) => !values.has(labels[key] ?? '');
  return (labels) => labels[key] !== undefined && values.has(labels[key]);
}
